import type { WorkItem } from '../domain/work-item.js';
import type { ResultImage } from '../providers/provider.js';
import type { PollerParts, ServedAccount } from './parts.js';
import type { BadEnd, Fetched } from './save-task.js';
import { taskOf } from './task.js';

function over(end: BadEnd): Fetched<BadEnd> {
  return { kind: 'over', over: end };
}

/**
 * Fetches from where the picture is said to be. Without that, and when it is gone, the provider is asked for a fresh one: addresses are
 * not kept in the ledger, and a picture that was paid for is worth one more look.
 */
export async function fetchResult(
  parts: PollerParts,
  served: ServedAccount,
  item: WorkItem,
  image: ResultImage | null,
  signal: AbortSignal,
): Promise<Fetched<BadEnd>> {
  if (image !== null) {
    const first = await fetchImage(parts, served, image, signal);
    if (first.kind !== 'over' || first.over.to !== 'EXPIRED') return first;
  }
  const task = taskOf(parts, item);
  if (task === null) return { kind: 'again' };
  const look = await served.provider.look(served.access, task, signal);
  switch (look.kind) {
    case 'ready':
      return await fetchImage(parts, served, look.image, signal);
    case 'moderated':
      return over({ to: 'MODERATED', code: null, message: look.reasons.join(', ') || null, stage: look.stage });
    case 'failed':
      return over({ to: 'FAILED', code: 'PROVIDER_FAILED', message: look.message });
    case 'notFound':
    case 'removed':
    case 'canceled': {
      const message = 'The provider no longer had the result when it was to be saved.';
      return over({ to: 'EXPIRED', code: 'RESULT_EXPIRED', message });
    }
    case 'running':
    case 'unavailable':
      return { kind: 'again' };
  }
}

async function fetchImage(
  parts: PollerParts,
  served: ServedAccount,
  image: ResultImage,
  signal: AbortSignal,
): Promise<Fetched<BadEnd>> {
  const outcome = image.kind === 'bytes' ? image : await served.provider.download(served.access, image.url, signal);
  switch (outcome.kind) {
    case 'bytes': {
      const inspection = await parts.inspectResult(outcome.bytes);
      if (inspection.ok) return { kind: 'picture', picture: { image: inspection.image, bytes: outcome.bytes } };
      return over({ to: 'FAILED', code: 'RESULT_NOT_AN_IMAGE', message: inspection.message });
    }
    case 'gone':
      return over({ to: 'EXPIRED', code: 'RESULT_EXPIRED', message: outcome.message });
    case 'foreign':
      return over({ to: 'FAILED', code: 'RESULT_FOREIGN', message: outcome.message });
    case 'tooLarge':
      return over({ to: 'FAILED', code: 'RESULT_NOT_AN_IMAGE', message: outcome.message });
    case 'unavailable':
      return { kind: 'again' };
  }
}
