import { keyHeader } from '../access.js';
import { describeBody, tidy } from '../answer.js';
import { endpointUrl } from '../hosts.js';
import { readPauseMs } from '../pause.js';
import type { ProviderAccount } from '../provider.js';
import type { Exchange } from '../exchange.js';
import { headerOf, type Transport } from '../transport.js';

/** A queue holds every waiting graph, so its listing may be long. */
const maxAnswerBytes = 16 * 1024 * 1024;

/** What came of a question that may be repeated. */
export type Asked =
  | { kind: 'json'; status: number; value: unknown; retryAfterMs: number | null }
  /** An answer that is no JSON, such as a web server's own 404. */
  | { kind: 'other'; status: number; message: string; retryAfterMs: number | null }
  | { kind: 'none'; message: string };

/** Asks one server. */
export type Asker = {
  get(path: string): Promise<Asked>;
  post(path: string, body: unknown): Promise<Asked>;
  /** Whether there are bytes at `path`; null when that cannot be told. */
  exists(path: string): Promise<boolean | null>;
};

/** Opens the account's server, where something stands before it that wants a key: ComfyUI itself knows none. */
export function authHeaders(account: ProviderAccount): Record<string, string> {
  return account.apiKey === '' ? {} : keyHeader(account, { header: 'authorization', scheme: 'Bearer' });
}

export function createAsker(transport: Transport, account: ProviderAccount, signal: AbortSignal): Asker {
  const say = (message: string) => tidy(message, account.apiKey);

  async function exchange(method: 'GET' | 'POST', path: string, body: unknown, maxBytes: number): Promise<Exchange> {
    const url = endpointUrl(account, path);
    if (url === null) return { kind: 'lost', message: "the account's base URL is no http address" };
    // No Origin: a server without the CORS flag takes that for a browser's request and may refuse it.
    const headers = { ...authHeaders(account), accept: 'application/json' };
    if (method === 'GET') return transport.read({ method, url, headers, maxBytes, signal });
    const typed = { ...headers, 'content-type': 'application/json' };
    return transport.read({ method, url, headers: typed, body: JSON.stringify(body), maxBytes, signal });
  }

  async function ask(method: 'GET' | 'POST', path: string, body?: unknown): Promise<Asked> {
    const answer = await exchange(method, path, body, maxAnswerBytes);
    if (answer.kind !== 'answered') return { kind: 'none', message: say(`no answer: ${answer.message}`) };
    const { status } = answer;
    const retryAfterMs = readPauseMs(headerOf(answer, 'retry-after'), Date.now());
    if (answer.body.kind !== 'whole')
      return { kind: 'other', status, message: describeBody(answer.body), retryAfterMs };
    try {
      return { kind: 'json', status, value: JSON.parse(answer.body.bytes.toString('utf8')), retryAfterMs };
    } catch {
      return { kind: 'other', status, message: 'the answer is no JSON', retryAfterMs };
    }
  }

  return {
    get: (path) => ask('GET', path),
    post: (path, body) => ask('POST', path, body),
    async exists(path) {
      // The length alone answers it: whatever has one is "too long" and is not read.
      const answer = await exchange('GET', path, undefined, 0);
      if (answer.kind !== 'answered') return null;
      if (answer.status === 404) return false;
      return answer.status === 200 && answer.body.kind === 'oversized' ? true : null;
    },
  };
}
