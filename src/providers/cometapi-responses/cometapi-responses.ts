import { accessFault, keyHeader, unusableAccount } from '../access.js';
import { probePath, readProbe } from '../cometapi/probe.js';
import { downloadImage, maxImageBytes } from '../download.js';
import { endpointUrl } from '../hosts.js';
import type { Provider, ProviderAccount, SubmitOutcome, SubmitRequest } from '../provider.js';
import { createTransport, defaultTimeouts, type Timeouts } from '../transport.js';
import { readSubmit } from './submit.js';

/** The answer comes when the picture is made; a task of this family has been seen to take 100 s (a caller, 2026). */
const answerMs = 240_000;
/** A picture's address is BFL's own, valid for 10 minutes (CometAPI documentation, 2026). */
const resultLifetimeMs = 10 * 60_000;
const usualAuth = { header: 'authorization', scheme: 'Bearer' };

/**
 * CometAPI's OpenAI-compatible `POST /v1/responses`, as its model pages show it: a model's name and a text go in, the
 * picture comes with the answer. Nothing can be asked about it afterwards.
 */
export function createCometApiResponsesProvider(
  options: { timeouts?: Partial<Timeouts>; maxImageBytes?: number; lifetimeScale?: number } = {},
): Provider {
  const timeouts = { ...defaultTimeouts, answerMs, idleMs: answerMs, totalMs: answerMs, ...options.timeouts };
  const transport = createTransport(timeouts);
  const maxBytes = options.maxImageBytes ?? maxImageBytes;
  // Four characters of base64 for three bytes, and the answer around them.
  const maxAnswerBytes = Math.ceil((maxBytes * 4) / 3) + 1024 * 1024;

  const headersFor = (account: ProviderAccount): Record<string, string> => ({
    ...keyHeader(account, usualAuth),
    accept: 'application/json',
  });

  return {
    name: 'cometapi-responses',
    baseUrl: 'https://api.cometapi.com',
    resultLifetimeMs: resultLifetimeMs / (options.lifetimeScale ?? 1),
    answersAtOnce: { withinMs: answerMs },
    describe: createBody,
    async submit(account, request, signal) {
      const url = endpointUrl(account, '/v1/responses');
      const fault = accessFault(account, url);
      if (url === null || fault !== null) return unusableAccount(url, fault ?? '');
      const unfit = findUnfit(request);
      if (unfit.length > 0) return refuseUnsent(unfit);
      const exchange = await transport.sendOnce({
        method: 'POST',
        url,
        headers: { ...headersFor(account), 'content-type': 'application/json' },
        body: JSON.stringify(createBody(request)),
        maxBytes: maxAnswerBytes,
        signal,
      });
      return readSubmit(exchange, { apiKey: account.apiKey, now: Date.now(), key: request.key });
    },
    // CometAPI documents no way to ask for a response again.
    look: () => Promise.resolve({ kind: 'notFound' }),
    download: (account, url, signal) => downloadImage({ transport, account, url, maxBytes, signal }),
    readWebhook: null,
    async probe(account, signal) {
      // The same key at the same gateway as for /flux/v1, whose call is free.
      const url = endpointUrl(account, probePath);
      const fault = accessFault(account, url);
      if (url === null || fault !== null) return { kind: 'refused', message: fault ?? '' };
      const headers = headersFor(account);
      const exchange = await transport.read({ method: 'GET', url, headers, maxBytes: maxAnswerBytes, signal });
      return readProbe(exchange, account.apiKey);
    },
    cancel: null,
    find: null,
    listen: null,
    listFinetunes: null,
    checkBinding: null,
    close: () => transport.close(),
  };
}

function createBody({ endpoint, prompt }: SubmitRequest): Record<string, string> {
  return { model: endpoint, input: prompt };
}

/** What of a request this route cannot carry. The catalogue refuses it before; this is the last guard before money. */
function findUnfit({ finetuneId, loraUrl, parameters, images }: SubmitRequest): string[] {
  return [
    ...(finetuneId === null && loraUrl === null ? [] : ['a finetune']),
    ...Object.keys(images),
    ...Object.keys(parameters),
  ];
}

function refuseUnsent(unfit: readonly string[]): SubmitOutcome {
  return {
    kind: 'refused',
    code: 'PROVIDER_REFUSED',
    message: `nothing was sent: /v1/responses carries a prompt alone, not ${unfit.join(', ')}; the provider cometapi takes them`,
    httpStatus: null,
    retry: 'never',
    retryAfterMs: null,
  };
}
