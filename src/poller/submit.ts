import { attemptMove, generationMove, type AttemptMove, type LedgerChange } from '../domain/change.js';
import type { AttemptRef } from '../domain/ports.js';
import type { OrderedItem, WorkItem } from '../domain/work-item.js';
import { priceAt } from '../domain/price.js';
import type { SubmitOutcome, SubmitRequest } from '../providers/provider.js';
import { newWebhookKey } from '../domain/webhook.js';
import { createDeadline } from '../deadline.js';
import { asError } from '../errors.js';
import { backoffMs } from './backoff.js';
import { conclusion } from './conclusion.js';
import { tellPrice } from './price-watch.js';
import type { Driver, PollerParts, ServedAccount } from './parts.js';
import { refuse, welcomeBack } from './refuse.js';
import { requestOf } from './request.js';
import { resultAgeMs, type FinishedResult } from './save.js';

/** A process that was paused for longer than this before it could send does not send any more: it may be too late. */
const sendWithinMs = 10_000;

/** A result that came with the answer to the submit, and the attempt that now knows its task. */
export type FinishedAtOnce = { item: WorkItem; result: FinishedResult };

/**
 * Submits one admitted attempt, at most once: the attempt is committed as SENT before the request leaves, and only a
 * certain refusal ever sends the generation back to the queue. `again` asks for a look at where the ledger now stands.
 */
export async function submitAttempt(
  parts: PollerParts,
  driver: Driver,
  served: ServedAccount,
  item: OrderedItem,
): Promise<'again' | 'over' | FinishedAtOnce> {
  const ref = { generationId: item.generation.id, n: item.attempt.n };
  const instanceId = driver.instanceId();
  const webhookKey = served.webhookUrl === null ? null : newWebhookKey();
  let request: SubmitRequest | null;
  try {
    request = await requestOf(parts, served, item, webhookKey);
  } catch (error) {
    parts.logger.error({ err: asError(error), generation: ref.generationId }, 'An input image could not be read');
    await giveBack(parts, ref, instanceId);
    return 'over';
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
    return 'over';
  }
  const askedAt = Date.now();
  const listMicros = listPrice(parts, item);
  if (
    !(await markSent(parts, ref, instanceId, {
      request: served.provider.describe(request),
      webhookKey,
      listMicros,
    }))
  ) {
    return 'again';
  }
  if (Date.now() - askedAt > Math.min(sendWithinMs, parts.settings.unconfirmedMs / 2)) {
    // Only this process can know that nothing left, so it is taken whoever owns the attempt by now.
    await giveBack(parts, ref, null);
    return 'over';
  }
  const submitTimeoutMs = Math.max(parts.settings.submitTimeoutMs, served.provider.answersAtOnce?.withinMs ?? 0);
  const deadline = createDeadline(driver.forced, submitTimeoutMs);
  const outcome = await served.provider.submit(served.access, request, deadline.signal).finally(() => deadline.clear());
  parts.metrics.submitted({ account: served.account.id, outcome: outcome.kind });
  const sent = { ...item, attempt: { ...item.attempt, costListMicros: listMicros } };
  const recorded = await record(parts, driver, served, sent, outcome);
  await driver.breaker.submitted(served.account.id, outcome);
  return recorded;
}

/** By the price table as it holds now. */
function listPrice({ models }: PollerParts, { order, attempt }: OrderedItem): number | null {
  return priceAt(models.get(attempt.model)?.prices ?? [], new Date(), order.generation.parameters);
}

/** INTENDED → SENT, unless the generation has ended meanwhile: then nothing must be sent, and false is given. */
async function markSent(
  parts: PollerParts,
  ref: AttemptRef,
  instanceId: string,
  sent: { request: unknown; webhookKey: Buffer | null; listMicros: number | null },
): Promise<boolean> {
  const { attemptChanged } = await parts.change({
    generationId: ref.generationId,
    attempt: attemptMove(ref.n, instanceId, 'SENT', { from: ['INTENDED'], whileStatus: ['SUBMITTING'], ...sent }),
    generation: null,
  });
  if (attemptChanged) return true;
  // The change may have been written although its answer was lost. Nobody else writes our name, and this attempt is
  // submitted by nobody else, so SENT under our name means that it is still for us to send.
  const item = await parts.worklist.load(ref);
  return (
    item?.attempt.state === 'SENT' && item.attempt.instanceId === instanceId && item.generation.status === 'SUBMITTING'
  );
}

/**
 * Nothing was sent: the slot is free again and the generation waits for its next turn. The owner gives back what is
 * INTENDED; with null, the one process that knows gives back what it had already marked SENT.
 */
export async function giveBack(parts: PollerParts, ref: AttemptRef, instanceId: string | null): Promise<void> {
  await parts.change({
    generationId: ref.generationId,
    attempt: attemptMove(ref.n, instanceId, 'REFUSED', {
      from: instanceId === null ? ['SENT'] : ['INTENDED'],
      errorCode: 'NEVER_SENT',
    }),
    generation: generationMove('QUEUED', {
      from: ['SUBMITTING', 'UNCONFIRMED'],
      errorCode: 'NEVER_SENT',
      retryAfterMs: backoffMs({ failures: ref.n, baseMs: 500, capMs: 30_000 }),
    }),
  });
}

/**
 * Writes down what the answer proves. Only this process can know it, so unlike other changes it holds whoever owns the
 * attempt by now: a process that was paused so long that its lease was taken away still brings its evidence.
 */
async function record(
  parts: PollerParts,
  driver: Driver,
  served: ServedAccount,
  item: OrderedItem,
  outcome: SubmitOutcome,
): Promise<'again' | 'over' | FinishedAtOnce> {
  const ref = { generationId: item.generation.id, n: item.attempt.n };
  const { generationId, n } = ref;
  const log = parts.logger.child({ generation: generationId, attempt: n, account: served.account.id });
  switch (outcome.kind) {
    case 'accepted': {
      const { task, look, costMicros } = outcome;
      const evidence = { ownerId: driver.instanceId(), ...task, quotedMicros: costMicros };
      const quoted = { ...item, attempt: { ...item.attempt, costQuotedMicros: costMicros } };
      const change =
        look === null
          ? {
              generationId,
              attempt: attemptMove(n, null, 'ACCEPTED', evidence),
              generation: generationMove('RUNNING'),
            }
          : concludeAtOnce(conclusion(quoted, look, 0), evidence);
      const result = await parts.change(change);
      if (result.attemptChanged) tellPrice(parts, item, change);
      await welcomeBack(parts, item);
      if (look?.kind === 'ready' && result.generationChanged) {
        const now = new Date();
        const ageMs = resultAgeMs({ acceptedAt: now, finishedAt: null, seenAt: now, now });
        // Not read again: the picture may be held here alone, and shall not depend on the database.
        const known = { ...item, attempt: { ...item.attempt, ...task } };
        return { item: known, result: { image: look.image, now, ageMs } };
      }
      if (!result.attemptChanged) {
        const { taskId } = outcome.task;
        log.error(
          { taskId, costMicros: outcome.costMicros },
          'A task was accepted for an attempt that had been given up',
        );
      }
      return 'again';
    }
    case 'refused':
      await refuse(parts, served, item, outcome);
      log.warn({ code: outcome.code, status: outcome.httpStatus }, 'The provider refused a submit');
      return 'over';
    case 'unknown':
      await parts.change({
        generationId,
        attempt: attemptMove(n, null, 'SENT', {
          from: ['SENT'],
          httpStatus: outcome.httpStatus,
          errorCode: 'SUBMIT_UNCONFIRMED',
          errorMessage: outcome.message,
        }),
        generation: generationMove('UNCONFIRMED', { errorCode: 'SUBMIT_UNCONFIRMED', errorMessage: outcome.message }),
      });
      log.warn({ status: outcome.httpStatus, reason: outcome.message }, 'A submit was not answered');
      return 'over';
  }
}

/** What the answer to a submit already ended: from SENT, whoever owns the attempt by now. */
function concludeAtOnce(change: LedgerChange, evidence: Partial<AttemptMove>): LedgerChange {
  if (change.attempt === null) throw new Error('A conclusion is about an attempt.');
  return { ...change, attempt: { ...change.attempt, ...evidence, instanceId: null, from: ['SENT'] } };
}
