import { randomUUID } from 'node:crypto';
import { isHeaderValue, unusableAccount } from '../access.js';
import { downloadImage, maxImageBytes } from '../download.js';
import { endpointUrl, followableUrl } from '../hosts.js';
import type { ListedFinetune } from '../../domain/provider-call.js';
import type { Provider, ProviderAccount } from '../provider.js';
import { createTransport, defaultTimeouts, type Timeouts } from '../transport.js';
import { authHeaders, createAsker } from './ask.js';
import { cancelTask } from './cancel.js';
import { findTask } from './find.js';
import { createKnownServers } from './known.js';
import { listLoras, loraNameFault, readBindingCheck } from './loras.js';
import { lookAtTask } from './look.js';
import { readProbe } from './probe.js';
import { createPrompt, submitTask } from './submit.js';
import { createWatcher, watcherTimes, type Watcher, type WatcherTimes } from './watcher.js';
import { ownLoras } from './workflow.js';
import { readWorkflows } from './workflows.js';

/**
 * Pictures stay on the server's disk until somebody removes them. A week: longer than any outage that a queue outlives, and
 * an end all the same to trying for a picture that nobody has any more.
 */
const resultLifetimeMs = 7 * 24 * 60 * 60_000;

export type ComfyOptions = {
  timeouts?: Partial<Timeouts>;
  watcherTimes?: Partial<WatcherTimes>;
  maxImageBytes?: number;
  lifetimeScale?: number;
  /** Folder of the operator's own workflows; null: only those that come with Darkroom. */
  workflows?: string | null;
};

/** A ComfyUI server of one's own. Throws when a workflow in the operator's folder cannot be used. */
export function createComfyProvider(options: ComfyOptions = {}): Provider {
  const transport = createTransport({ ...defaultTimeouts, ...options.timeouts });
  const times = { ...watcherTimes, ...options.watcherTimes };
  const maxBytes = options.maxImageBytes ?? maxImageBytes;
  const workflows = readWorkflows(options.workflows ?? null);
  const controlLoras = new Set([...workflows.byModel.values()].flatMap(ownLoras));
  const serverOf = createKnownServers();
  // One socket per process and server: a second one with the same name would take the first one's place.
  const clientId = randomUUID();
  const watchers = new Map<string, Watcher>();

  function watcherOf(account: ProviderAccount): Watcher {
    const name = `${account.id} ${account.baseUrl}`;
    const watcher = watchers.get(name) ?? createWatcher(account, clientId, times);
    watchers.set(name, watcher);
    return watcher;
  }

  function partsFor(account: ProviderAccount, signal: AbortSignal) {
    return { asker: createAsker(transport, account, signal), known: serverOf(account) };
  }

  return {
    name: 'comfyui',
    baseUrl: null,
    resultLifetimeMs: resultLifetimeMs / (options.lifetimeScale ?? 1),
    describe(request) {
      const workflow = workflows.byModel.get(request.endpoint);
      const { finetuneId, images } = request;
      const lora = workflows.loras.get(finetuneId ?? '') ?? finetuneId ?? '';
      const files = { lora, controlImage: images.controlImage?.id ?? null };
      return workflow === undefined ? {} : createPrompt(workflow, request, files);
    },
    async submit(account, request, signal) {
      const fault = faultOf(account);
      if (fault !== null) return unusableAccount(endpointUrl(account, '/prompt'), fault);
      return await submitTask(
        { ...partsFor(account, signal), transport, workflows, clientId },
        account,
        request,
        signal,
      );
    },
    async look(account, task, signal) {
      const fault = faultOf(account);
      if (fault !== null) return { kind: 'unavailable', message: fault, httpStatus: null, retryAfterMs: null };
      const watcher = watcherOf(account);
      const progressOf = (taskId: string) => watcher.progressOf(taskId);
      return await lookAtTask({ ...partsFor(account, signal), progressOf }, account, task);
    },
    download(account, url, signal) {
      return downloadImage({ transport, account, url, maxBytes, signal, headersFor: ownHeaders(account) });
    },
    readWebhook: null,
    async probe(account, signal) {
      const fault = faultOf(account);
      if (fault !== null) return { kind: 'refused', message: fault };
      return readProbe(await partsFor(account, signal).asker.get('/system_stats'), account.apiKey);
    },
    async cancel(account, task, signal) {
      const fault = faultOf(account);
      if (fault !== null) return { kind: 'unavailable', message: fault };
      return await cancelTask(partsFor(account, signal), account, task.taskId);
    },
    async find(account, key, signal) {
      const fault = faultOf(account);
      if (fault !== null) return { kind: 'unavailable', message: fault };
      return await findTask(partsFor(account, signal), account, key);
    },
    listen(account, taskId, wake) {
      return faultOf(account) === null ? watcherOf(account).listen(taskId, wake) : () => undefined;
    },
    async listFinetunes(account, signal) {
      const fault = faultOf(account);
      if (fault !== null) return { kind: 'refused', message: fault };
      const list = await listLoras(partsFor(account, signal).asker);
      if (list.kind !== 'listed') return list;
      return { kind: 'listed', finetunes: list.names.filter((name) => !controlLoras.has(name)).map(finetuneOf) };
    },
    async checkBinding(account, { finetuneId }, signal) {
      if (finetuneId === null) {
        return { kind: 'invalid', message: 'ComfyUI knows a LoRA by its file name: give it as finetuneId' };
      }
      const name = workflows.loras.get(finetuneId) ?? finetuneId;
      const nameFault = loraNameFault(name);
      if (nameFault !== null) return { kind: 'invalid', message: `the LoRA's name ${nameFault}` };
      const fault = faultOf(account);
      if (fault !== null) return { kind: 'unknown', message: fault };
      return readBindingCheck(name, await listLoras(partsFor(account, signal).asker), account.apiKey);
    },
    async close() {
      for (const watcher of watchers.values()) watcher.close();
      await transport.close();
    },
  };
}

/** Why an account cannot be asked at all. It needs no key: ComfyUI knows none, only what may stand before it does. */
function faultOf(account: ProviderAccount): string | null {
  if (endpointUrl(account, '/') === null) return "the account's base URL is no http address";
  return account.apiKey === '' || isHeaderValue(account.apiKey) ? null : "the account's key is no usable key";
}

/** The server's own pictures lie behind the same proxy as all else; no other host sees the key. */
function ownHeaders(account: ProviderAccount): (url: URL) => Record<string, string> {
  const own = { ...account, hosts: [] };
  return (url) => (followableUrl(own, url.href) === null ? {} : authHeaders(account));
}

function finetuneOf(name: string): ListedFinetune {
  const plain = name.replace(/^.*[\\/]/, '').replace(/\.[^.]*$/, '');
  return { finetuneId: name, loraUrl: null, name: plain, triggerWord: null };
}
