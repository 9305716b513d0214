import { generationMove } from '../domain/change.js';
import type { GenerationErrorCode } from '../domain/generation.js';
import { savingGraceMs, type GenerationStatus, type ModerationStage } from '../domain/lifecycle.js';
import type { WorkItem } from '../domain/ports.js';
import { asError } from '../errors.js';
import { keepImage, type InspectedImage } from '../service/images.js';
import { sleep } from '../time.js';
import { backoffMs } from './backoff.js';
import type { PollerParts, ServedAccount } from './parts.js';

type Over = {
  kind: 'over';
  to: GenerationStatus;
  code: GenerationErrorCode | null;
  message: string | null;
  stage?: ModerationStage;
};
type Fetched = { kind: 'image'; image: InspectedImage; bytes: Buffer } | Over | { kind: 'again' };

/**
 * Fetches the picture of a finished task and keeps it: bytes in the store first, SUCCEEDED after. Tries again while the
 * provider or the store does not answer; the sweep of deadlines ends it in the end.
 */
export async function saveResult(
  parts: PollerParts,
  served: ServedAccount,
  item: WorkItem,
  imageUrl: string | null,
  signal: AbortSignal,
): Promise<void> {
  const { id, projectId } = item.generation;
  const log = parts.logger.child({ generation: id });
  const giveUpInMs = item.generation.deadline.getTime() - item.readAt.getTime() + savingGraceMs;
  const startedAt = performance.now();
  let url = imageUrl;
  let fetched: Extract<Fetched, { kind: 'image' }> | null = null;

  for (let failures = 1; !signal.aborted && performance.now() - startedAt < giveUpInMs; failures += 1) {
    if (fetched === null) {
      const outcome: Fetched = await fetchResult(parts, served, item, url, signal);
      url = null;
      if (outcome.kind === 'over') {
        const { to, code: errorCode, message: errorMessage, stage: moderationStage = null } = outcome;
        await parts.change({
          generationId: id,
          attempt: null,
          generation: generationMove(to, { from: ['SAVING'], errorCode, errorMessage, moderationStage }),
        });
        log.warn({ to, code: errorCode }, 'A finished image could not be saved');
        return;
      }
      if (outcome.kind === 'image') fetched = outcome;
    }
    if (fetched !== null) {
      try {
        const image = await keepImage(parts, projectId, fetched.image, fetched.bytes);
        await parts.change({
          generationId: id,
          attempt: null,
          generation: generationMove('SUCCEEDED'),
          resultImageIds: [image.id],
        });
        return;
      } catch (error) {
        log.error({ err: asError(error) }, 'An image could not be stored; trying again');
      }
    }
    await sleep(backoffMs({ failures, baseMs: 500, capMs: 10_000 }), signal);
  }
}

/**
 * Fetches from the address given. Without one, and when it is gone, the provider is asked for a fresh one: addresses are
 * not kept in the ledger, and a picture that was paid for is worth one more look.
 */
async function fetchResult(
  parts: PollerParts,
  served: ServedAccount,
  item: WorkItem,
  url: string | null,
  signal: AbortSignal,
): Promise<Fetched> {
  if (url !== null) {
    const first = await fetchImage(parts, served, url, signal);
    if (first.kind !== 'over' || first.to !== 'EXPIRED') return first;
  }
  const { taskId, pollingUrl } = item.attempt;
  if (taskId === null) return { kind: 'again' };
  const look = await served.provider.look(served.access, { taskId, pollingUrl }, signal);
  switch (look.kind) {
    case 'ready':
      return await fetchImage(parts, served, look.imageUrl, signal);
    case 'moderated':
      return { kind: 'over', to: 'MODERATED', code: null, message: look.reasons.join(', ') || null, stage: look.stage };
    case 'failed':
      return { kind: 'over', to: 'FAILED', code: 'PROVIDER_FAILED', message: look.message };
    case 'notFound': {
      const message = 'The provider no longer had the result when it was to be saved.';
      return { kind: 'over', to: 'EXPIRED', code: 'RESULT_EXPIRED', message };
    }
    case 'running':
    case 'unavailable':
      return { kind: 'again' };
  }
}

async function fetchImage(
  parts: PollerParts,
  served: ServedAccount,
  url: string,
  signal: AbortSignal,
): Promise<Fetched> {
  const outcome = await served.provider.download(served.access, url, signal);
  switch (outcome.kind) {
    case 'bytes': {
      const inspection = await parts.inspectResult(outcome.bytes);
      if (inspection.ok) return { kind: 'image', image: inspection.image, bytes: outcome.bytes };
      return { kind: 'over', to: 'FAILED', code: 'RESULT_NOT_AN_IMAGE', message: inspection.message };
    }
    case 'gone':
      return { kind: 'over', to: 'EXPIRED', code: 'RESULT_EXPIRED', message: outcome.message };
    case 'foreign':
      return { kind: 'over', to: 'FAILED', code: 'RESULT_FOREIGN', message: outcome.message };
    case 'tooLarge':
      return { kind: 'over', to: 'FAILED', code: 'RESULT_NOT_AN_IMAGE', message: outcome.message };
    case 'unavailable':
      return { kind: 'again' };
  }
}
