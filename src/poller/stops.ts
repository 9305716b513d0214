import { attemptKey } from '../domain/ids.js';
import { asError } from '../errors.js';
import { backoffMs } from './backoff.js';
import type { HintDesk, PollerParts } from './parts.js';
import { taskOf } from './task.js';

/** So many at once; the rest waits for the next round. */
const stoppedAtOnce = 100;
const timeoutMs = 20_000;

/** Asks providers to stop what nobody waits for any more, where they can. */
export type Stops = { run(instanceId: string, signal: AbortSignal): Promise<void> };

/**
 * A task whose generation has ended, or was sent again since, is asked to stop until its provider has taken note. Whatever
 * comes of it, the task is watched to its end: the last look tells how it ended, and what it cost.
 */
export function createStops(
  parts: Pick<PollerParts, 'accounts' | 'models' | 'worklist' | 'logger'>,
  desk: Pick<HintDesk, 'noteStopAsked'>,
): Stops {
  const { worklist, logger } = parts;
  const able = new Map(
    parts.accounts.flatMap((served) => (served.provider.cancel === null ? [] : [[served.account.id, served]])),
  );
  /** Attempts whose provider did not answer, and when to ask again, by `performance.now()`. */
  const later = new Map<string, { failures: number; at: number }>();

  async function stop(ref: { generationId: string; n: number }, signal: AbortSignal): Promise<void> {
    const key = attemptKey(ref);
    if ((later.get(key)?.at ?? 0) > performance.now()) return;
    const item = await worklist.load(ref);
    const task = item === null ? null : taskOf(parts, item);
    const served = item === null ? undefined : able.get(item.attempt.account);
    const cancel = served?.provider.cancel;
    if (task === null || served === undefined || cancel == null) return;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    const outcome = await cancel(served.access, task, limit);
    if (outcome.kind === 'unavailable') {
      const failures = (later.get(key)?.failures ?? 0) + 1;
      later.set(key, { failures, at: performance.now() + backoffMs({ failures, baseMs: 1_000, capMs: 30_000 }) });
      logger.warn({ generation: ref.generationId, reason: outcome.message }, 'A task could not be stopped yet; again');
      return;
    }
    await worklist.noteStopAsked(ref);
    desk.noteStopAsked(ref);
  }

  return {
    async run(instanceId, signal) {
      if (able.size === 0) return;
      const refs = await worklist.unwanted(instanceId, [...able.keys()], stoppedAtOnce);
      const keys = new Set(refs.map(attemptKey));
      for (const key of later.keys()) if (!keys.has(key)) later.delete(key);
      const tries = await Promise.allSettled(refs.map(async (ref) => await stop(ref, signal)));
      for (const each of tries) {
        if (each.status === 'rejected') logger.error({ err: asError(each.reason) }, 'Stopping a task failed; again');
      }
    },
  };
}
