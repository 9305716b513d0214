import { accessFault, keyHeader, unusableAccount } from '../access.js';
import { downloadImage, maxImageBytes } from '../download.js';
import { endpointUrl, followableUrl } from '../hosts.js';
import type { BindingCheck, ListOutcome, Provider, ProviderAccount, SubmitRequest, TaskHandle } from '../provider.js';
import type { Exchange } from '../exchange.js';
import { createTransport, defaultTimeouts, type Timeouts } from '../transport.js';
import { createBody } from './body.js';
import { readLook } from './look.js';
import type { FluxReading } from './reading.js';
import { readSubmit, type FluxRefusals } from './submit.js';

const maxAnswerBytes = 1024 * 1024;
/** A result's URL is valid for 10 minutes after the generation (BFL documentation, 2026). */
const resultLifetimeMs = 10 * 60_000;

export type FluxOptions = { timeouts?: Partial<Timeouts>; maxImageBytes?: number; lifetimeScale?: number };

/** In what the upstreams differ that speak Black Forest Labs' field names. */
export type FluxDialect = Pick<Provider, 'name' | 'baseUrl' | 'readWebhook'> & {
  /** What stands before `/{model}` and `/get_result`. */
  prefix: string;
  /** How the key is sent, unless an account says otherwise. */
  auth: { header: string; scheme: string | null };
  /** Which polling addresses are asked, with the key: those at the account's listed hosts, or at the base URL's own alone. */
  polls: 'listed' | 'own';
  cost: FluxReading['cost'];
  refusalFor?: FluxRefusals;
  /** Path of a GET that costs nothing, and what it says of the account. */
  probe: { path: string; read(exchange: Exchange, apiKey: string): Awaited<ReturnType<Provider['probe']>> };
  /** Where the account's finetunes are listed and told of; null: nowhere. */
  finetunes: {
    path: string;
    read(exchange: Exchange, apiKey: string): ListOutcome;
    detailsPath(finetuneId: string): string;
    readDetails(exchange: Exchange, apiKey: string, finetuneId: string): BindingCheck;
  } | null;
};

export function createFluxProvider(dialect: FluxDialect, options: FluxOptions): Provider {
  const transport = createTransport({ ...defaultTimeouts, ...options.timeouts });
  const maxBytes = options.maxImageBytes ?? maxImageBytes;
  const { name, baseUrl, prefix, readWebhook, refusalFor, cost, finetunes } = dialect;

  const headersFor = (account: ProviderAccount): Record<string, string> => ({
    ...keyHeader(account, dialect.auth),
    accept: 'application/json',
  });
  const readingFor = ({ apiKey }: ProviderAccount): FluxReading => ({ apiKey, now: Date.now(), cost });

  /**
   * A polling URL must be used where BFL gives one: a task may live on another cluster than the one submitted to (BFL
   * documentation, 2026). One that leads elsewhere is not followed, since the key goes with it; the account's own address
   * is asked instead. The URL normally has its `id`; a client of BFL's adds it when missing.
   */
  function findPollingUrl(account: ProviderAccount, task: TaskHandle): URL | null {
    const reach = dialect.polls === 'listed' ? account : { baseUrl: account.baseUrl, hosts: [] };
    const given = task.pollingUrl === null ? null : followableUrl(reach, task.pollingUrl);
    const url = given ?? endpointUrl(account, `${prefix}/get_result`);
    if (url !== null && !url.searchParams.get('id')) url.searchParams.set('id', task.taskId);
    return url;
  }

  /** Asks what costs nothing; why it cannot be asked otherwise. */
  async function ask(account: ProviderAccount, path: string, signal: AbortSignal): Promise<Exchange | string> {
    const url = endpointUrl(account, path);
    const fault = accessFault(account, url);
    if (url === null || fault !== null) return fault ?? '';
    return await transport.read({ method: 'GET', url, headers: headersFor(account), maxBytes: maxAnswerBytes, signal });
  }

  return {
    name,
    baseUrl,
    resultLifetimeMs: resultLifetimeMs / (options.lifetimeScale ?? 1),
    describe: (request) => createBody(request, (image) => image.id),
    async submit(account, request, signal) {
      const url = endpointUrl(account, `${prefix}/${encodeURIComponent(request.endpoint)}`);
      const fault = accessFault(account, url);
      if (url === null || fault !== null) return unusableAccount(url, fault ?? '');
      const exchange = await transport.sendOnce({
        method: 'POST',
        url,
        headers: { ...headersFor(account), 'content-type': 'application/json' },
        body: JSON.stringify({
          ...createBody(request, (image) => image.bytes.toString('base64')),
          ...webhookFields(request),
        }),
        maxBytes: maxAnswerBytes,
        signal,
      });
      return readSubmit(exchange, readingFor(account), refusalFor);
    },
    async look(account, task, signal) {
      const url = findPollingUrl(account, task);
      const fault = accessFault(account, url);
      if (url === null || fault !== null) {
        return { kind: 'unavailable', message: fault ?? '', httpStatus: null, retryAfterMs: null };
      }
      const headers = headersFor(account);
      const exchange = await transport.read({ method: 'GET', url, headers, maxBytes: maxAnswerBytes, signal });
      return readLook(exchange, readingFor(account));
    },
    download: (account, url, signal) => downloadImage({ transport, account, url, maxBytes, signal }),
    readWebhook,
    async probe(account, signal) {
      const answer = await ask(account, dialect.probe.path, signal);
      if (typeof answer === 'string') return { kind: 'refused', message: answer };
      return dialect.probe.read(answer, account.apiKey);
    },
    // None of these upstreams can stop a task, or find one whose id was never told.
    cancel: null,
    find: null,
    listen: null,
    listFinetunes:
      finetunes === null
        ? null
        : async (account, signal) => {
            const answer = await ask(account, finetunes.path, signal);
            if (typeof answer === 'string') return { kind: 'refused', message: answer };
            return finetunes.read(answer, account.apiKey);
          },
    checkBinding:
      finetunes === null
        ? null
        : async (account, { finetuneId }, signal) => {
            if (finetuneId === null) return { kind: 'invalid', message: `${name} goes by finetune ids` };
            const answer = await ask(account, finetunes.detailsPath(finetuneId), signal);
            if (typeof answer === 'string') return { kind: 'unknown', message: answer };
            return finetunes.readDetails(answer, account.apiKey, finetuneId);
          },
    close: () => transport.close(),
  };
}

/** `webhook_url` takes 1 to 2,083 characters (BFL OpenAPI, April 2026). */
function webhookFields({ webhook }: SubmitRequest): Record<string, string> {
  return webhook === null ? {} : { webhook_url: webhook.url, webhook_secret: webhook.secret };
}
