import { z } from 'zod';
import { findExplanation } from '../answer.js';
import type { Asked, Asker } from './ask.js';
import { historyEntry, jobShape, readFinishedJob, readHistoryEntry, type FinishedTask } from './finished.js';
import type { KnownServer } from './known.js';
import { readMarker } from './marker.js';

/** Where a task is. */
export type Sighting =
  | { kind: 'under way'; word: string; known: boolean }
  | { kind: 'over'; task: FinishedTask }
  /** Neither waiting nor running nor remembered. */
  | { kind: 'nowhere' }
  | { kind: 'unavailable'; message: string; httpStatus: number | null; retryAfterMs: number | null };

type Unavailable = Extract<Sighting, { kind: 'unavailable' }>;

/** An item of the queue: `[number, id, graph, extra data, outputs]`. */
const item = z.tuple([z.unknown(), z.string()], z.unknown());
const queueShape = z.object({ queue_running: z.array(z.unknown()), queue_pending: z.array(z.unknown()) });
const historyShape = z.record(z.string(), historyEntry);

const pendingWord = 'pending';
const runningWord = 'in_progress';
const overWords: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled', 'canceled']);

/** Newest tasks that are searched for one whose id we do not know. */
const newest = 100;

/**
 * Looks for a task by its id. That it is nowhere is said only by the server's own listings, so that a proxy's 404 is not
 * taken for it.
 */
export async function sightTask(asker: Asker, known: KnownServer, id: string): Promise<Sighting> {
  if (known.mayHaveJobs()) {
    const job = await sightJob(asker, known, id);
    if (job !== null) return job;
  }
  const before = await sightHistory(asker, id);
  if (before.kind !== 'nowhere') return before;
  const queue = await askQueue(asker);
  if (queue.kind === 'unavailable') return queue;
  if (queue.running.has(id)) return { kind: 'under way', word: runningWord, known: true };
  if (queue.pending.has(id)) return { kind: 'under way', word: pendingWord, known: true };
  // It may have ended between the two questions.
  return await sightHistory(asker, id);
}

/** Null when the other way has to be gone. */
async function sightJob(asker: Asker, known: KnownServer, id: string): Promise<Sighting | null> {
  const asked = await asker.get(`/api/jobs/${encodeURIComponent(id)}`);
  if (asked.kind === 'none') return unavailable(asked);
  if (asked.status === 200 && asked.kind === 'json') {
    const job = jobShape.safeParse(asked.value).data;
    if (job !== undefined) {
      known.noteJobs(true);
      const word = job.status.toLowerCase();
      if (overWords.has(word)) return { kind: 'over', task: readFinishedJob(job) };
      return { kind: 'under way', word, known: word === pendingWord || word === runningWord };
    }
  }
  if (asked.status === 404 || asked.status === 405) {
    // In these words by the route itself; anything else means that there is no such route.
    known.noteJobs(asked.kind === 'json' && /^job not found$/i.test(findExplanation(asked.value) ?? ''));
    return null;
  }
  // An answer in another form may come from something that is no ComfyUI at all: its listings decide.
  return asked.status === 200 ? null : unavailable(asked);
}

async function sightHistory(asker: Asker, id: string): Promise<Sighting> {
  const asked = await asker.get(`/history/${encodeURIComponent(id)}`);
  const history = asked.kind === 'json' && asked.status === 200 ? historyShape.safeParse(asked.value).data : undefined;
  if (history === undefined) return unavailable(asked);
  const entry = history[id];
  return entry === undefined ? { kind: 'nowhere' } : { kind: 'over', task: readHistoryEntry(entry) };
}

export type Queue = {
  kind: 'queue';
  running: ReadonlyMap<string, unknown[]>;
  pending: ReadonlyMap<string, unknown[]>;
};

/** What waits and what runs, by id. */
export async function askQueue(asker: Asker): Promise<Queue | Unavailable> {
  const asked = await asker.get('/queue');
  const queue = asked.kind === 'json' && asked.status === 200 ? queueShape.safeParse(asked.value).data : undefined;
  if (queue === undefined) return unavailable(asked);
  return { kind: 'queue', running: byId(queue.queue_running), pending: byId(queue.queue_pending) };
}

function byId(items: readonly unknown[]): ReadonlyMap<string, unknown[]> {
  const found = new Map<string, unknown[]>();
  for (const each of items) {
    const { data } = item.safeParse(each);
    if (data !== undefined) found.set(data[1], data);
  }
  return found;
}

/**
 * The id under which a server that mints its own has the task with this key, by what was sent along with it; null when it is
 * not among those that wait, run, or ended last.
 */
export async function searchByKey(
  asker: Asker,
  key: string,
): Promise<{ kind: 'searched'; id: string | null } | Unavailable> {
  const ours = (entry: readonly unknown[]) => readMarker(entry[3])?.key === key;
  const queue = await askQueue(asker);
  if (queue.kind === 'unavailable') return queue;
  for (const [id, entry] of [...queue.running, ...queue.pending]) if (ours(entry)) return { kind: 'searched', id };
  const asked = await asker.get(`/history?max_items=${newest}`);
  const history = asked.kind === 'json' && asked.status === 200 ? historyShape.safeParse(asked.value).data : undefined;
  if (history === undefined) return unavailable(asked);
  const found = Object.entries(history).find(([, { prompt }]) => ours(prompt));
  return { kind: 'searched', id: found?.[0] ?? null };
}

function unavailable(asked: Asked): Unavailable {
  if (asked.kind === 'none') {
    return { kind: 'unavailable', message: asked.message, httpStatus: null, retryAfterMs: null };
  }
  const { status, retryAfterMs } = asked;
  const said = asked.kind === 'other' ? asked.message : (findExplanation(asked.value) ?? 'not what ComfyUI answers');
  return { kind: 'unavailable', message: `HTTP ${status}: ${said}`, httpStatus: status, retryAfterMs };
}
