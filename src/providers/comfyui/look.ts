import { tidy } from '../answer.js';
import { endpointUrl, parseUrl } from '../hosts.js';
import type { LookOutcome, ProviderAccount, TaskHandle } from '../provider.js';
import type { Asker } from './ask.js';
import type { FinishedTask } from './finished.js';
import { viewQuery } from './graph.js';
import type { KnownServer } from './known.js';
import { sightTask } from './sight.js';

export async function lookAtTask(
  parts: { asker: Asker; known: KnownServer; progressOf: (taskId: string) => number | null },
  account: ProviderAccount,
  task: TaskHandle,
): Promise<LookOutcome> {
  const { asker, known, progressOf } = parts;
  const sighting = await sightTask(asker, known, task.taskId);
  switch (sighting.kind) {
    case 'under way': {
      const { word } = sighting;
      const progress = word === 'pending' ? null : progressOf(task.taskId);
      return { kind: 'running', word: tidy(word, account.apiKey, 60), known: sighting.known, progress };
    }
    case 'over':
      return readEnd(sighting.task, account);
    case 'nowhere':
      return await lookElsewhere(asker, known, account, task);
    case 'unavailable':
      return { ...sighting, message: tidy(sighting.message, account.apiKey) };
  }
}

/**
 * A server forgets what it took off its queue, and everything when it restarts; but pictures stay on its disk, and ours has a
 * name that is known beforehand.
 */
async function lookElsewhere(
  asker: Asker,
  known: KnownServer,
  account: ProviderAccount,
  task: TaskHandle,
): Promise<LookOutcome> {
  if (known.dequeued.has(task.taskId)) return { kind: 'canceled', message: 'It was taken off the queue.' };
  // Its path is ours to know, and its host may have changed since.
  const query = task.resultUrl === null ? null : (parseUrl(task.resultUrl)?.search ?? null);
  if (query === null || (await asker.exists(`/view${query}`)) !== true) return { kind: 'notFound' };
  return ready(account, query, { seed: null, startedAt: null, finishedAt: null });
}

function readEnd(task: FinishedTask, account: ProviderAccount): LookOutcome {
  const say = (message: string) => tidy(message, account.apiKey);
  if (task.end === 'interrupted') return { kind: 'canceled', message: 'It was interrupted on the server.' };
  if (task.end === 'error') return { kind: 'failed', message: say(explainError(task.error)) };
  const wanted = task.marker?.output;
  const image = wanted === undefined ? [...task.images.values()].flat()[0] : task.images.get(wanted)?.[0];
  if (image === undefined) {
    const node = wanted === undefined ? 'any node' : `node ${wanted}`;
    return { kind: 'failed', message: say(`the workflow ended without a saved image of ${node}`) };
  }
  const { startedAt, finishedAt } = task;
  return ready(account, viewQuery(image), { seed: task.marker?.seed ?? null, startedAt, finishedAt });
}

function ready(
  account: ProviderAccount,
  query: string,
  facts: { seed: number | null; startedAt: Date | null; finishedAt: Date | null },
): LookOutcome {
  const url = endpointUrl(account, `/view${query}`);
  if (url === null) return { kind: 'failed', message: "the account's base URL is no http address" };
  // One's own server bills nothing.
  return { kind: 'ready', image: { kind: 'url', url: url.href }, costMicros: 0, ...facts };
}

/** `torch.OutOfMemoryError` or `torch.cuda.OutOfMemoryError` on NVIDIA; other backends say it in words only. */
const outOfMemory = /OutOfMemory|out of memory|Allocation on device/i;

function explainError(error: FinishedTask['error']): string {
  if (error === null) return 'the server reports an error and gives no reason';
  const { type, message, node } = error;
  const said = [type, message].filter((part) => part.trim() !== '').join(': ');
  const where = node === '' ? '' : ` in node ${node}`;
  if (outOfMemory.test(said)) return `the server's GPU ran out of memory${where} (${said})`;
  return `the workflow failed${where}: ${said === '' ? 'no reason given' : said}`;
}
