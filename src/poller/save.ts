import { generationMove } from '../domain/change.js';
import type { GenerationErrorCode } from '../domain/generation.js';
import type { GenerationStatus } from '../domain/lifecycle.js';
import type { WorkItem } from '../domain/ports.js';
import { asError } from '../errors.js';
import { keepImage, type InspectedImage } from '../service/images.js';
import { sleep } from '../time.js';
import { backoffMs } from './backoff.js';
import type { PollerParts, ServedAccount } from './parts.js';

type Fetched =
  | { kind: 'image'; image: InspectedImage; bytes: Buffer }
  | { kind: 'over'; to: GenerationStatus; code: GenerationErrorCode; message: string }
  | { kind: 'again' };

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
  const giveUpAt = item.generation.deadline.getTime() + 15 * 60_000;
  let url = imageUrl;
  let fetched: Extract<Fetched, { kind: 'image' }> | null = null;

  for (let failures = 1; !signal.aborted && Date.now() < giveUpAt; failures += 1) {
    if (fetched === null) {
      url ??= await findUrl(served, item, signal);
      const outcome = url === null ? ({ kind: 'again' } as const) : await fetchImage(parts, served, url, signal);
      if (outcome.kind === 'over') {
        await parts.change({
          generationId: id,
          attempt: null,
          generation: generationMove(outcome.to, {
            from: ['SAVING'],
            errorCode: outcome.code,
            errorMessage: outcome.message,
          }),
        });
        log.warn({ code: outcome.code }, 'A finished image could not be saved');
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

/** After a takeover the picture's address is asked for again: it is not kept in the ledger. */
async function findUrl(served: ServedAccount, item: WorkItem, signal: AbortSignal): Promise<string | null> {
  const { taskId, pollingUrl } = item.attempt;
  if (taskId === null) return null;
  const outcome = await served.provider.look(served.access, { taskId, pollingUrl }, signal);
  return outcome.kind === 'ready' ? outcome.imageUrl : null;
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
