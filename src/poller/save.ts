import { attemptMove, generationMove } from '../domain/change.js';
import { savingGraceMs } from '../domain/lifecycle.js';
import type { WorkItem } from '../domain/work-item.js';
import type { ResultImage } from '../providers/provider.js';
import { keepImage } from '../service/images.js';
import type { Driver, PollerParts, ServedAccount } from './parts.js';
import { fetchResult } from './result.js';
import type { BadEnd } from './save-task.js';

/** A result that a provider has ready. */
export type FinishedResult = {
  /** Null: the provider has to be asked. Addresses of pictures are not kept in the ledger. */
  image: ResultImage | null;
  /** Milliseconds since the provider finished it. */
  ageMs: number;
  /** The present by the database's clock. */
  now: Date;
};

const gaveUp: BadEnd = {
  to: 'EXPIRED',
  code: 'RESULT_EXPIRED',
  message: 'The image could not be saved while the provider had it.',
};

/**
 * Saves the picture of a finished task: bytes in the store first, SUCCEEDED after. It is tried for as long as the picture is
 * held here or the provider should still have it, and in any case until some time after the deadline.
 */
export async function saveResult(
  parts: PollerParts,
  driver: Driver,
  served: ServedAccount,
  item: WorkItem,
  result: FinishedResult,
): Promise<void> {
  const { id: generationId, projectId, deadline } = item.generation;
  let { image: known } = result;
  let imageId: string | null = null;
  const end = await driver.saver.save({
    expiresInMs: served.provider.resultLifetimeMs - result.ageMs,
    giveUpInMs: deadline.getTime() - result.now.getTime() + savingGraceMs,
    async fetch(signal) {
      const fetched = await fetchResult(parts, served, item, known, signal);
      // The address may be what is wrong, where another can be asked for.
      if (fetched.kind === 'again' && served.provider.answersAtOnce === undefined) known = null;
      return fetched;
    },
    async store({ image, bytes }) {
      imageId = (await keepImage(parts, projectId, image, bytes)).id;
    },
  });
  if (end.kind === 'stopped') return;
  if (end.kind === 'stored') {
    const resultImageIds = imageId === null ? [] : [imageId];
    const generation = generationMove('SUCCEEDED');
    const saved = await parts.change({ generationId, attempt: null, generation, resultImageIds });
    // Canceled meanwhile: nothing refers to the picture, and nobody would ever find it.
    if (!saved.generationChanged) await parts.images.release(resultImageIds);
    return;
  }
  const { to, code: errorCode, message: errorMessage, stage = null } = end.kind === 'over' ? end.over : gaveUp;
  const { attemptChanged } = await parts.change({
    generationId,
    // A picture may be given up by its owner only: another process, which took it over meanwhile, may hold the bytes.
    attempt: attemptMove(item.attempt.n, item.attempt.instanceId, 'DONE', { from: ['DONE'] }),
    generation: generationMove(to, { from: ['SAVING'], errorCode, errorMessage, moderationStage: stage }),
  });
  if (!attemptChanged) return;
  parts.logger.warn({ generation: generationId, to, code: errorCode }, 'A finished image could not be saved');
}

/**
 * Milliseconds since the provider finished a task. Its own time is believed as far as it is possible: its clock may be off,
 * but it finished neither before it accepted the task nor after that was seen.
 */
export function resultAgeMs(times: {
  acceptedAt: Date | null;
  /** By the provider's clock. */
  finishedAt: Date | null;
  /** When it was seen to be finished. */
  seenAt: Date;
  now: Date;
}): number {
  const { acceptedAt, finishedAt, seenAt, now } = times;
  const since = (then: Date): number => now.getTime() - then.getTime();
  const most = since(acceptedAt ?? seenAt);
  return Math.max(since(seenAt), Math.min(since(finishedAt ?? seenAt), most));
}
