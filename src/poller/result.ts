import type { WorkItem } from '../domain/ports.js';
import type { PollerParts, ServedAccount } from './parts.js';
import type { BadEnd, Fetched } from './save-task.js';

function over(end: BadEnd): Fetched<BadEnd> {
  return { kind: 'over', over: end };
}

/**
 * Fetches from the address given. Without one, and when it is gone, the provider is asked for a fresh one: addresses are
 * not kept in the ledger, and a picture that was paid for is worth one more look.
 */
export async function fetchResult(
  parts: PollerParts,
  served: ServedAccount,
  item: WorkItem,
  url: string | null,
  signal: AbortSignal,
): Promise<Fetched<BadEnd>> {
  if (url !== null) {
    const first = await fetchImage(parts, served, url, signal);
    if (first.kind !== 'over' || first.over.to !== 'EXPIRED') return first;
  }
  const { taskId, pollingUrl } = item.attempt;
  if (taskId === null) return { kind: 'again' };
  const look = await served.provider.look(served.access, { taskId, pollingUrl }, signal);
  switch (look.kind) {
    case 'ready':
      return await fetchImage(parts, served, look.imageUrl, signal);
    case 'moderated':
      return over({ to: 'MODERATED', code: null, message: look.reasons.join(', ') || null, stage: look.stage });
    case 'failed':
      return over({ to: 'FAILED', code: 'PROVIDER_FAILED', message: look.message });
    case 'notFound': {
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
  url: string,
  signal: AbortSignal,
): Promise<Fetched<BadEnd>> {
  const outcome = await served.provider.download(served.access, url, signal);
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
