import { z } from 'zod';
import { accessFault, unusableAccount } from '../access.js';
import { readCancelAnswer, readProbeAnswer } from '../ask-answer.js';
import { dataUri } from '../data-uri.js';
import { downloadImage, maxImageBytes } from '../download.js';
import { endpointUrl } from '../hosts.js';
import type { Provider, ProviderAccount } from '../provider.js';
import type { Exchange } from '../exchange.js';
import { createTransport, defaultTimeouts, type Timeouts } from '../transport.js';
import { addressOf, queueUrl, submitUrl, taskUrl } from './address.js';
import { createBody } from './body.js';
import { createKeyRing } from './keys.js';
import { readResult } from './result.js';
import { readStatus } from './status.js';
import { readSubmit } from './submit.js';
import { readWebhook } from './webhook.js';

const maxAnswerBytes = 1024 * 1024;
/**
 * fal promises no lifetime: without a word its files stay, as public URLs, for as long as the account is set to keep them. So
 * each request says how long, a day: enough to outlive an outage of ours, and afterwards only Darkroom has the picture.
 */
const resultLifetimeMs = 24 * 60 * 60_000;
/** A request that nobody ever made: asking for it is free, and only an account with a good key is told that it is unknown. */
const probe = { endpoint: 'fal-ai/flux-lora', taskId: '00000000-0000-0000-0000-000000000000' } as const;

const noAddress = 'none of the addresses of the request may be asked with the key';
const cancelWord = z.object({ status: z.enum(['ALREADY_COMPLETED', 'NOT_FOUND']) });

/** The queue of fal.ai. */
export function createFalProvider(
  options: { timeouts?: Partial<Timeouts>; maxImageBytes?: number; lifetimeScale?: number } = {},
): Provider {
  const transport = createTransport({ ...defaultTimeouts, ...options.timeouts });
  const ring = createKeyRing(transport);
  const maxBytes = options.maxImageBytes ?? maxImageBytes;

  /** For what may be asked again and costs nothing. */
  async function ask(
    account: ProviderAccount,
    method: 'GET' | 'PUT',
    url: URL,
    signal: AbortSignal,
  ): Promise<Exchange> {
    return await transport.read({ method, url, headers: headersOf(account), maxBytes: maxAnswerBytes, signal });
  }

  return {
    name: 'fal',
    baseUrl: queueUrl,
    resultLifetimeMs: resultLifetimeMs / (options.lifetimeScale ?? 1),
    describe: (request) => createBody(request, (image) => image.id),
    async submit(account, request, signal) {
      const url = submitUrl(account, request.endpoint, request.webhook?.url ?? null);
      const fault = accessFault(account, url);
      if (url === null || fault !== null) return unusableAccount(url, fault ?? '');
      const exchange = await transport.sendOnce({
        method: 'POST',
        url,
        headers: {
          ...headersOf(account),
          'content-type': 'application/json',
          'x-fal-object-lifecycle-preference': JSON.stringify({ expiration_duration_seconds: resultLifetimeMs / 1000 }),
        },
        body: JSON.stringify(createBody(request, (image) => dataUri(image.bytes))),
        maxBytes: maxAnswerBytes,
        signal,
      });
      return readSubmit(exchange, { account, endpoint: request.endpoint, now: Date.now() });
    },
    async look(account, task, signal) {
      const { apiKey } = account;
      const [statusUrl, resultUrl] = [addressOf(account, task, 'status'), addressOf(account, task, 'result')];
      const fault = accessFault(account, endpointUrl(account, ''));
      if (statusUrl === null || resultUrl === null || fault !== null) {
        return { kind: 'unavailable', message: fault ?? noAddress, httpStatus: null, retryAfterMs: null };
      }
      const status = readStatus(await ask(account, 'GET', statusUrl, signal), apiKey, Date.now());
      if (status !== 'over') return status;
      return readResult(await ask(account, 'GET', resultUrl, signal), apiKey, Date.now());
    },
    download: (account, url, signal) => downloadImage({ transport, account, url, maxBytes, signal }),
    readWebhook: (account, delivery) => readWebhook(ring, account, delivery),
    async probe(account, signal) {
      const url = taskUrl(account, probe.endpoint, probe.taskId, 'status');
      const fault = accessFault(account, url);
      if (url === null || fault !== null) return { kind: 'refused', message: fault ?? '' };
      const isWell = (status: number): boolean => status === 404 || (status >= 200 && status < 300);
      return readProbeAnswer(await ask(account, 'GET', url, signal), account.apiKey, isWell);
    },
    async cancel(account, task, signal) {
      const url = addressOf(account, task, 'cancel');
      const fault = accessFault(account, endpointUrl(account, ''));
      if (url === null || fault !== null) return { kind: 'unavailable', message: fault ?? noAddress };
      const over = (answer: unknown): string | null => cancelWord.safeParse(answer).data?.status ?? null;
      return readCancelAnswer(await ask(account, 'PUT', url, signal), account.apiKey, over);
    },
    // No list of requests by their content, no socket that tells of all of them, no list of LoRAs (fal documentation, 2026).
    find: null,
    listen: null,
    listFinetunes: null,
    // A LoRA's address is its owner's choice: only fal is to fetch from there, never this server.
    checkBinding: null,
    close: () => transport.close(),
  };
}

function headersOf({ apiKey }: ProviderAccount): Record<string, string> {
  return { authorization: `Key ${apiKey}`, accept: 'application/json' };
}
