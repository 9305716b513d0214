import { accessFault, unusableAccount } from '../access.js';
import { readObject } from '../answer.js';
import { readCancelAnswer, readProbeAnswer, unavailableLook } from '../ask-answer.js';
import { downloadImage, maxImageBytes } from '../download.js';
import type { LookOutcome, Provider, ProviderAccount, SubmitRequest } from '../provider.js';
import type { Exchange } from '../exchange.js';
import { createTransport, defaultTimeouts, type Timeouts } from '../transport.js';
import { apiUrl, predictionUrl } from './address.js';
import { createBody } from './body.js';
import { checkBinding, listFinetunes } from './finetunes.js';
import { pauseInWords } from './pause-words.js';
import { overAs, readPrediction } from './prediction.js';
import { readSubmit } from './submit.js';
import { targetOf } from './target.js';
import { writeImages } from './upload.js';
import { readWebhook } from './webhook.js';

/** An answer repeats the input, data addresses of images included. */
const maxAnswerBytes = 64 * 1024 * 1024;
/** Everything that was made through the API is deleted an hour after (Replicate documentation, 2026). */
const resultLifetimeMs = 60 * 60_000;

/** Replicate's HTTP API. */
export function createReplicateProvider(
  options: { timeouts?: Partial<Timeouts>; maxImageBytes?: number; lifetimeScale?: number } = {},
): Provider {
  const transport = createTransport({ ...defaultTimeouts, ...options.timeouts });
  const maxBytes = options.maxImageBytes ?? maxImageBytes;

  /** For what may be asked again and costs nothing. */
  async function ask(
    account: ProviderAccount,
    method: 'GET' | 'POST',
    url: URL,
    signal: AbortSignal,
  ): Promise<Exchange> {
    return await transport.read({ method, url, headers: headersOf(account), maxBytes: maxAnswerBytes, signal });
  }

  return {
    name: 'replicate',
    baseUrl: 'https://api.replicate.com',
    resultLifetimeMs: resultLifetimeMs / (options.lifetimeScale ?? 1),
    describe: (request) => createBody(request, (image) => image.id),
    async submit(account, request, signal) {
      const target = targetOf(request);
      const url = apiUrl(account, target?.path ?? '/predictions');
      const fault = accessFault(account, url);
      if (url === null || fault !== null) return unusableAccount(url, fault ?? '');
      if (target === null) {
        const message = 'the finetune id is no trained version; it must be owner/name:version or 64 hexadecimal digits';
        return {
          kind: 'refused',
          code: 'PROVIDER_REFUSED',
          message,
          httpStatus: null,
          retry: 'never',
          retryAfterMs: null,
        };
      }
      const files = apiUrl(account, '/files') ?? url;
      const writeImage = await writeImages(request.images, (type, body) => {
        const headers = { ...headersOf(account), 'content-type': type };
        return transport.read({ method: 'POST', url: files, headers, body, maxBytes: maxAnswerBytes, signal });
      });
      const exchange = await transport.sendOnce({
        method: 'POST',
        url,
        headers: { ...headersOf(account), 'content-type': 'application/json' },
        body: JSON.stringify({ ...createBody(request, writeImage), ...webhookFields(request) }),
        maxBytes: maxAnswerBytes,
        signal,
      });
      return readSubmit(exchange, account.apiKey, Date.now());
    },
    async look(account, task, signal) {
      const url = predictionUrl(account, task, 'get');
      const fault = accessFault(account, url);
      if (url === null || fault !== null) {
        return { kind: 'unavailable', message: fault ?? '', httpStatus: null, retryAfterMs: null };
      }
      return readLook(await ask(account, 'GET', url, signal), account.apiKey, Date.now());
    },
    download: (account, url, signal) => downloadImage({ transport, account, url, maxBytes, signal }),
    readWebhook,
    async probe(account, signal) {
      const url = apiUrl(account, '/account');
      const fault = accessFault(account, url);
      if (url === null || fault !== null) return { kind: 'refused', message: fault ?? '' };
      return readProbeAnswer(await ask(account, 'GET', url, signal), account.apiKey, (status) => status === 200);
    },
    async cancel(account, task, signal) {
      const url = predictionUrl(account, task, 'cancel');
      const fault = accessFault(account, url);
      if (url === null || fault !== null) return { kind: 'unavailable', message: fault ?? '' };
      return readCancelAnswer(await ask(account, 'POST', url, signal), account.apiKey, overAs);
    },
    // Predictions carry no name of ours, and nothing tells of all of them at once (Replicate OpenAPI, 2026).
    find: null,
    listen: null,
    async listFinetunes(account, signal) {
      const fault = accessFault(account, apiUrl(account, ''));
      if (fault !== null) return { kind: 'refused', message: fault };
      return await listFinetunes(account, (url) => ask(account, 'GET', url, signal));
    },
    async checkBinding(account, binding, signal) {
      const fault = accessFault(account, apiUrl(account, ''));
      if (fault !== null) return { kind: 'unknown', message: fault };
      return await checkBinding(account, binding, (url) => ask(account, 'GET', url, signal));
    },
    close: () => transport.close(),
  };
}

function headersOf({ apiKey }: ProviderAccount): Record<string, string> {
  return { authorization: `Bearer ${apiKey}`, accept: 'application/json' };
}

/** Only the end is worth a call. What Replicate signs with is the account's, not ours to choose. */
function webhookFields({ webhook }: SubmitRequest): object {
  return webhook === null ? {} : { webhook: webhook.url, webhook_events_filter: ['completed'] };
}

function readLook(exchange: Exchange, apiKey: string, now: number): LookOutcome {
  const answer = exchange.kind === 'answered' ? readObject(exchange.body) : null;
  if (exchange.kind === 'answered' && answer !== null) {
    const { status } = exchange;
    if (status >= 200 && status < 300) {
      const look = readPrediction(answer, apiKey);
      if (look !== null) return look;
    }
    // The address holds the id, so an application that answers "not found" speaks of the prediction.
    if (status === 404) return { kind: 'notFound' };
  }
  const outcome = unavailableLook(exchange, apiKey, now);
  if (outcome.kind !== 'unavailable' || outcome.httpStatus !== 429) return outcome;
  return { ...outcome, retryAfterMs: outcome.retryAfterMs ?? pauseInWords(outcome.message) };
}
