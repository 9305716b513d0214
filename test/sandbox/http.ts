import { onTestFinished } from 'vitest';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.js';

export type Answer = { status: number; headers: Headers; body: unknown };

export type Http = {
  sandbox: Sandbox;
  url: string;
  /** Moves the sandbox's clock, ms. */
  advance: (ms: number) => void;
  /** One call; `body` is sent as JSON. A body that is no JSON comes back as text. */
  call: (method: string, path: string, more?: { body?: unknown; headers?: Record<string, string> }) => Promise<Answer>;
};

/** A sandbox on a free port with a clock of its own, spoken to with this `authorization`. */
export async function startHttp(authorization: string | null, options: SandboxOptions = {}): Promise<Http> {
  let at = 1_800_000_000_000;
  const sandbox = createSandbox({ image: 'small', now: () => at, ...options });
  const { url } = await sandbox.start();
  onTestFinished(() => sandbox.stop());
  return {
    sandbox,
    url,
    advance(ms) {
      at += ms;
    },
    async call(method, path, { body, headers = {} } = {}) {
      const answer = await fetch(path.startsWith('http') ? path : `${url}${path}`, {
        method,
        headers: {
          ...(authorization === null ? {} : { authorization }),
          'content-type': 'application/json',
          ...headers,
        },
        redirect: 'manual',
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await answer.text();
      return { status: answer.status, headers: answer.headers, body: parse(text) };
    },
  };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

export type Delivery = { headers: IncomingHttpHeaders; raw: string; body: unknown };

/** Something that takes webhooks of any dialect and answers 200. */
export async function startTaker(): Promise<{ url: string; taken: Delivery[] }> {
  const taken: Delivery[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const raw = Buffer.concat(chunks).toString();
      taken.push({ headers: request.headers, raw, body: parse(raw) });
      response.end('thank you');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  return { url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, taken };
}
