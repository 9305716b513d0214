import { attemptMove, generationMove } from '../domain/change.js';
import type { AttemptRef, WorkItem } from '../domain/ports.js';
import type { SubmitImage, SubmitOutcome, SubmitRequest } from '../providers/provider.js';
import type { ImageRecord } from '../domain/generation.js';
import { asError, DarkroomError } from '../errors.js';
import { backoffMs } from './backoff.js';
import type { PollerParts, ServedAccount } from './parts.js';

/** How long an account rests after it was refused as a whole (no credits, key not allowed). */
const accountPauseMs = 60_000;

/** What the caller does next: `resume` reads the ledger again and goes on from what stands there. */
export type SubmitNext = 'watch' | 'nothing' | 'resume';

/**
 * Submits one admitted attempt, at most once: the attempt is committed as SENT before the request leaves, and only a
 * certain refusal ever sends the generation back to the queue.
 */
export async function submitAttempt(
  parts: PollerParts,
  served: ServedAccount,
  ref: AttemptRef,
  instanceId: string,
  signal: AbortSignal,
): Promise<SubmitNext> {
  const item = await parts.worklist.load(ref);
  if (item === null || item.attempt.instanceId !== instanceId || item.attempt.state !== 'INTENDED') return 'resume';
  let request: SubmitRequest | null;
  try {
    request = await requestOf(parts, item);
  } catch (error) {
    parts.logger.error({ err: asError(error), generation: ref.generationId }, 'An input image could not be read');
    await giveBack(parts, ref, instanceId);
    return 'nothing';
  }
  if (request === null) {
    await parts.change({
      generationId: ref.generationId,
      attempt: attemptMove(ref.n, instanceId, 'REFUSED', { from: ['INTENDED'], errorCode: 'INPUT_IMAGE_LOST' }),
      generation: generationMove('FAILED', {
        from: ['SUBMITTING'],
        errorCode: 'INPUT_IMAGE_LOST',
        errorMessage: 'An input image is missing or damaged in the image store.',
      }),
    });
    return 'nothing';
  }
  const sent = await parts.change({
    generationId: ref.generationId,
    attempt: attemptMove(ref.n, instanceId, 'SENT', {
      from: ['INTENDED'],
      request: served.provider.describe(request),
    }),
    generation: null,
  });
  if (!sent.attemptChanged) return 'resume';
  const outcome = await served.provider.submit(
    served.access,
    request,
    AbortSignal.any([signal, AbortSignal.timeout(parts.settings.submitTimeoutMs)]),
  );
  return await record(parts, served, ref, instanceId, outcome);
}

/** Nothing was sent: the slot is free again and the generation waits for its next turn. */
export async function giveBack(parts: PollerParts, ref: AttemptRef, instanceId: string): Promise<void> {
  await parts.change({
    generationId: ref.generationId,
    attempt: attemptMove(ref.n, instanceId, 'REFUSED', { from: ['INTENDED'], errorCode: 'NEVER_SENT' }),
    generation: generationMove('QUEUED', {
      from: ['SUBMITTING'],
      errorCode: 'NEVER_SENT',
      retryAfterMs: backoffMs({ failures: ref.n, baseMs: 500, capMs: 30_000 }),
    }),
  });
}

async function requestOf(parts: PollerParts, item: WorkItem): Promise<SubmitRequest | null> {
  const { generation } = item;
  const read = async (image: ImageRecord | null): Promise<SubmitImage | null | 'lost'> => {
    if (image === null) return null;
    try {
      const bytes = await parts.bytes.read({ projectId: image.projectId, sha256: image.sha256 });
      return bytes === null ? 'lost' : { id: image.id, bytes };
    } catch (error) {
      // INTERNAL is the store's word for damaged bytes; anything else may pass.
      if (error instanceof DarkroomError && error.code === 'INTERNAL') return 'lost';
      throw error;
    }
  };
  const [controlImage, imagePrompt] = await Promise.all([read(item.controlImage), read(item.imagePrompt)]);
  if (controlImage === 'lost' || imagePrompt === 'lost') return null;
  return {
    model: generation.model.slice(generation.provider.length + 1),
    prompt: generation.promptSent,
    finetuneId: generation.finetuneId,
    parameters: generation.parameters,
    images: {
      ...(controlImage === null ? {} : { controlImage }),
      ...(imagePrompt === null ? {} : { imagePrompt }),
    },
  };
}

/**
 * Writes down what the answer proves. Only this process can know it, so unlike other changes it holds whoever owns the
 * attempt by now: a process that was paused so long that its lease was taken away still brings its evidence.
 */
async function record(
  parts: PollerParts,
  served: ServedAccount,
  ref: AttemptRef,
  instanceId: string,
  outcome: SubmitOutcome,
): Promise<SubmitNext> {
  const { generationId, n } = ref;
  const log = parts.logger.child({ generation: generationId, attempt: n, account: served.account.id });
  switch (outcome.kind) {
    case 'accepted': {
      const result = await parts.change({
        generationId,
        attempt: attemptMove(n, null, 'ACCEPTED', {
          ownerId: instanceId,
          taskId: outcome.task.taskId,
          pollingUrl: outcome.task.pollingUrl,
          quotedMicros: outcome.costMicros,
        }),
        generation: generationMove('RUNNING'),
      });
      return result.attemptChanged ? 'watch' : 'resume';
    }
    case 'refused':
      await refuse(parts, served, ref, outcome);
      log.warn({ code: outcome.code, status: outcome.httpStatus }, 'The provider refused a submit');
      return 'nothing';
    case 'unknown':
      await parts.change({
        generationId,
        attempt: attemptMove(n, instanceId, 'SENT', {
          from: ['SENT'],
          httpStatus: outcome.httpStatus,
          errorCode: 'SUBMIT_UNCONFIRMED',
          errorMessage: outcome.message,
        }),
        generation: generationMove('UNCONFIRMED', { errorCode: 'SUBMIT_UNCONFIRMED', errorMessage: outcome.message }),
      });
      log.warn({ status: outcome.httpStatus, reason: outcome.message }, 'A submit was not answered');
      return 'nothing';
  }
}

async function refuse(
  parts: PollerParts,
  served: ServedAccount,
  ref: AttemptRef,
  outcome: Extract<SubmitOutcome, { kind: 'refused' }>,
): Promise<void> {
  const { code, message, httpStatus, retry, retryAfterMs } = outcome;
  if (retry === 'account') {
    await parts.worklist.pauseAccount({ account: served.account.id, code, message, pauseMs: accountPauseMs });
  }
  const pauseMs =
    retry === 'account' ? accountPauseMs : backoffMs({ failures: ref.n, baseMs: 1_000, capMs: 60_000, retryAfterMs });
  await parts.change({
    generationId: ref.generationId,
    attempt: attemptMove(ref.n, null, 'REFUSED', {
      from: ['SENT'],
      httpStatus,
      errorCode: code,
      errorMessage: message,
    }),
    generation:
      retry === 'never'
        ? generationMove('FAILED', { from: ['SUBMITTING', 'UNCONFIRMED'], errorCode: code, errorMessage: message })
        : generationMove('QUEUED', {
            from: ['SUBMITTING', 'UNCONFIRMED'],
            errorCode: code,
            errorMessage: message,
            retryAfterMs: pauseMs,
          }),
  });
}
