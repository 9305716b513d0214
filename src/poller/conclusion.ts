import { attemptMove, generationMove, type LedgerChange } from '../domain/change.js';
import type { WorkItem } from '../domain/work-item.js';
import type { LookOutcome } from '../providers/provider.js';

/** The change that the last look calls for. */
export function conclusion(item: WorkItem, outcome: LookOutcome, looks: number): LedgerChange {
  const { n, instanceId, costQuotedMicros } = item.attempt;
  const generationId = item.generation.id;
  switch (outcome.kind) {
    case 'ready':
      return {
        generationId,
        attempt: attemptMove(n, instanceId, 'DONE', {
          looks,
          word: 'ready',
          settledMicros: outcome.costMicros ?? costQuotedMicros,
          providerStartedAt: outcome.startedAt,
          providerFinishedAt: outcome.finishedAt,
        }),
        generation: generationMove('SAVING', { resultSeed: outcome.seed }),
      };
    case 'moderated': {
      const errorMessage = outcome.reasons.length > 0 ? outcome.reasons.join(', ') : null;
      return {
        generationId,
        attempt: attemptMove(n, instanceId, 'DONE', { looks, word: 'moderated', errorMessage }),
        generation: generationMove('MODERATED', { moderationStage: outcome.stage, errorMessage }),
      };
    }
    case 'failed':
      return {
        generationId,
        attempt: attemptMove(n, instanceId, 'DONE', {
          looks,
          errorCode: 'PROVIDER_FAILED',
          errorMessage: outcome.message,
        }),
        generation: generationMove('FAILED', { errorCode: 'PROVIDER_FAILED', errorMessage: outcome.message }),
      };
    case 'canceled': {
      const { message: errorMessage } = outcome;
      return {
        generationId,
        attempt: attemptMove(n, instanceId, 'DONE', { looks, word: 'canceled', errorMessage }),
        generation: generationMove('FAILED', { errorCode: 'PROVIDER_CANCELED', errorMessage }),
      };
    }
    case 'removed': {
      const { message: errorMessage } = outcome;
      return {
        generationId,
        attempt: attemptMove(n, instanceId, 'DONE', {
          looks,
          word: 'removed',
          settledMicros: costQuotedMicros,
          errorMessage,
        }),
        generation: generationMove('EXPIRED', { errorCode: 'RESULT_EXPIRED', errorMessage }),
      };
    }
    case 'notFound':
    case 'running':
    case 'unavailable': {
      const errorMessage =
        outcome.kind === 'notFound'
          ? 'The provider no longer knows the task.'
          : 'The provider never said that the task was over.';
      return {
        generationId,
        attempt: attemptMove(n, instanceId, 'LOST', { looks, errorCode: 'PROVIDER_LOST', errorMessage }),
        generation: generationMove('FAILED', { errorCode: 'PROVIDER_LOST', errorMessage }),
      };
    }
  }
}
