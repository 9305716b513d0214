import { accessFault, unusableAccount } from '../access.js';
import { downloadImage, maxImageBytes } from '../download.js';
import { endpointUrl, followableUrl } from '../hosts.js';
import type { Provider, ProviderAccount, SubmitRequest, TaskHandle } from '../provider.js';
import { createTransport, defaultTimeouts, type Exchange, type Timeouts } from '../transport.js';
import { createBody } from './body.js';
import { readFinetuneDetails, readFinetunes } from './finetunes.js';
import { readLook } from './look.js';
import { readProbe } from './probe.js';
import { readSubmit } from './submit.js';
import { readWebhook } from './webhook.js';

const maxAnswerBytes = 1024 * 1024;
/** A result's URL is valid for 10 minutes after the generation (BFL documentation, 2026). */
const resultLifetimeMs = 10 * 60_000;

/** The direct API of Black Forest Labs. */
export function createBflProvider(
  options: { timeouts?: Partial<Timeouts>; maxImageBytes?: number; lifetimeScale?: number } = {},
): Provider {
  const transport = createTransport({ ...defaultTimeouts, ...options.timeouts });
  const maxBytes = options.maxImageBytes ?? maxImageBytes;

  /** Asks what costs nothing; why it cannot be asked otherwise. */
  async function ask(account: ProviderAccount, path: string, signal: AbortSignal): Promise<Exchange | string> {
    const url = endpointUrl(account, path);
    const fault = accessFault(account, url);
    if (url === null || fault !== null) return fault ?? '';
    const headers = { 'x-key': account.apiKey, accept: 'application/json' };
    return await transport.read({ method: 'GET', url, headers, maxBytes: maxAnswerBytes, signal });
  }

  return {
    name: 'bfl',
    baseUrl: 'https://api.bfl.ai',
    resultLifetimeMs: resultLifetimeMs / (options.lifetimeScale ?? 1),
    describe: (request) => createBody(request, (image) => image.id),
    async submit(account, request, signal) {
      const url = endpointUrl(account, `/v1/${encodeURIComponent(request.endpoint)}`);
      const fault = accessFault(account, url);
      if (url === null || fault !== null) return unusableAccount(url, fault ?? '');
      const exchange = await transport.sendOnce({
        method: 'POST',
        url,
        headers: { 'x-key': account.apiKey, 'content-type': 'application/json', accept: 'application/json' },
        body: JSON.stringify({
          ...createBody(request, (image) => image.bytes.toString('base64')),
          ...webhookFields(request),
        }),
        maxBytes: maxAnswerBytes,
        signal,
      });
      return readSubmit(exchange, account.apiKey, Date.now());
    },
    async look(account, task, signal) {
      const url = findPollingUrl(account, task);
      const fault = accessFault(account, url);
      if (url === null || fault !== null) {
        return { kind: 'unavailable', message: fault ?? '', httpStatus: null, retryAfterMs: null };
      }
      const headers = { 'x-key': account.apiKey, accept: 'application/json' };
      const exchange = await transport.read({ method: 'GET', url, headers, maxBytes: maxAnswerBytes, signal });
      return readLook(exchange, account.apiKey, Date.now());
    },
    download: (account, url, signal) => downloadImage({ transport, account, url, maxBytes, signal }),
    readWebhook,
    async probe(account, signal) {
      const answer = await ask(account, '/v1/credits', signal);
      return typeof answer === 'string' ? { kind: 'refused', message: answer } : readProbe(answer, account.apiKey);
    },
    // BFL has no way to stop a task, nor to find one whose id was never told (BFL OpenAPI, April 2026).
    cancel: null,
    find: null,
    listen: null,
    async listFinetunes(account, signal) {
      const answer = await ask(account, '/v1/my_finetunes', signal);
      return typeof answer === 'string' ? { kind: 'refused', message: answer } : readFinetunes(answer, account.apiKey);
    },
    async checkBinding(account, { finetuneId }, signal) {
      if (finetuneId === null) return { kind: 'invalid', message: 'Black Forest Labs goes by finetune ids' };
      const path = `/v1/finetune_details?${new URLSearchParams({ finetune_id: finetuneId }).toString()}`;
      const answer = await ask(account, path, signal);
      if (typeof answer === 'string') return { kind: 'unknown', message: answer };
      return readFinetuneDetails(answer, account.apiKey, finetuneId);
    },
    close: () => transport.close(),
  };
}

/** `webhook_url` takes 1 to 2,083 characters (BFL OpenAPI, April 2026). */
function webhookFields({ webhook }: SubmitRequest): Record<string, string> {
  return webhook === null ? {} : { webhook_url: webhook.url, webhook_secret: webhook.secret };
}

/**
 * The polling URL must be used where there is one: a task may live on another cluster than the one submitted to (BFL
 * documentation, 2026). One that leads elsewhere is not followed, since the key goes with it; the account's own address is
 * asked instead. The URL normally has its `id`; a client of BFL's adds it when missing.
 */
function findPollingUrl(account: ProviderAccount, task: TaskHandle): URL | null {
  const given = task.pollingUrl === null ? null : followableUrl(account, task.pollingUrl);
  const url = given ?? endpointUrl(account, '/v1/get_result');
  if (url !== null && !url.searchParams.get('id')) url.searchParams.set('id', task.taskId);
  return url;
}
