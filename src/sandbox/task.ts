import { z } from 'zod';
import type { Wish } from './outcome.js';

/**
 * A task's whole life is settled when it is submitted: every later answer is a function of the task and the clock.
 * So nothing has to be kept running for it, a restart loses nothing, and a test moves it by moving the clock.
 *
 *     queued → running → done → (result expires) → forgotten
 *
 * Only a cancel settles it anew: the task is done at that moment, and `canceledAt` says so.
 */
export const taskSchema = z.object({
  /** Position among all submits that became tasks, from 1. */
  number: z.int(),
  id: z.string(),
  /** Which key submitted it: a hash, never the key. */
  owner: z.string(),
  /** Whose dialect it was submitted in. */
  dialect: z.string().default('bfl'),
  /** The upstream's name of the endpoint. */
  model: z.string(),
  /** The validated request with defaults filled in; images are replaced by the SHA-256 under which they are kept. */
  request: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
  /** SHA-256 of each image that came with the request, by field. */
  images: z.record(z.string(), z.string()),
  wish: z.record(z.string(), z.number()).transform((wish): Wish => wish),
  /** From this its looks draw their faults; null when the prompt asked for an outcome, for then chance keeps out. */
  luck: z.string().nullable().default(null),
  seed: z.number(),
  /** Size of the picture in pixels. */
  width: z.int(),
  height: z.int(),
  /** In the upstream's credits. */
  cost: z.number(),
  /** Milliseconds since the epoch; null when never. */
  submittedAt: z.number(),
  startedAt: z.number(),
  finishedAt: z.number().nullable(),
  expiresAt: z.number().nullable(),
  forgetAt: z.number(),
  /** When its submitter stopped it, by asking or by a deadline set at the submit; null when never. */
  canceledAt: z.number().nullable().default(null),
  /** The unguessable part of the result's address. */
  delivery: z.string(),
});

export type Task = z.infer<typeof taskSchema>;

type Phase = 'queued' | 'running' | 'done' | 'forgotten';

/** Where a task stands at the moment `at` (ms since the epoch). A vanished task is forgotten from the start. */
export function phaseOf(task: Task, at: number): Phase {
  if (at >= task.forgetAt || task.wish['not-found'] !== undefined) return 'forgotten';
  if (task.finishedAt !== null && at >= task.finishedAt) return 'done';
  return at < task.startedAt ? 'queued' : 'running';
}

/** What a cancel at the moment `at` (ms since the epoch; it may lie ahead) makes of a task that is not done by then. */
export function cancelAt(at: number): Pick<Task, 'canceledAt' | 'finishedAt' | 'expiresAt'> {
  return { canceledAt: at, finishedAt: at, expiresAt: at };
}

/** How a task was stopped: before it started, or while it ran. Null when it was not. */
export function stoppedAs(task: Task): 'queued' | 'running' | null {
  if (task.canceledAt === null) return null;
  return task.canceledAt < task.startedAt ? 'queued' : 'running';
}

/** Until when (ms since the epoch) a task counts against the limit of active tasks. A vanished one never does. */
export function activeUntil(task: Task): number {
  return task.wish['not-found'] === undefined ? (task.finishedAt ?? task.forgetAt) : task.submittedAt;
}

/** How much of the work is done, 0 to 1, in hundredths. A task that never ends creeps towards 0.99. */
export function progressOf(task: Task, at: number): number {
  const worked = Math.max(0, at - task.startedAt);
  const share =
    task.finishedAt === null ? worked / (worked + 60_000) : worked / (task.finishedAt - task.startedAt || 1);
  return Math.floor(Math.min(share, 1) * 100) / 100;
}
