import { generationMove } from '../domain/change.js';
import type { AttemptRef } from '../domain/ports.js';
import type { OrderedItem, WorkItem } from '../domain/work-item.js';
import { asError } from '../errors.js';
import { sleep } from '../time.js';
import type { Driver, PollerParts, ServedAccount } from './parts.js';
import { resultAgeMs, saveResult } from './save.js';
import { giveBack, submitAttempt } from './submit.js';
import { watchAttempt } from './watch.js';

/**
 * Carries one attempt from where the ledger says it stands to its end, or until it is no longer this instance's. Only the
 * admission that made the attempt may have it sent (`admitted`): for anybody else an INTENDED one was never sent, and a
 * SENT one is unconfirmed.
 */
export async function driveAttempt(
  parts: PollerParts,
  driver: Driver,
  ref: AttemptRef,
  admitted: boolean,
): Promise<void> {
  let sendable = admitted;
  while (!driver.forced.aborted) {
    try {
      const item = await parts.worklist.load(ref);
      if (item === null || item.attempt.instanceId !== driver.instanceId()) return;
      const served = servedOf(parts, item);
      if (served === null) return;
      const step = await takeStep(parts, driver, served, item, sendable);
      if (step === 'over') return;
    } catch (error) {
      parts.logger.error({ err: asError(error), generation: ref.generationId }, 'A step failed; going on');
      await sleep(1_000, driver.forced);
    }
    sendable = false;
  }
}

async function takeStep(
  parts: PollerParts,
  driver: Driver,
  served: ServedAccount,
  item: WorkItem,
  sendable: boolean,
): Promise<'over' | 'again'> {
  const ref = { generationId: item.generation.id, n: item.attempt.n };
  switch (item.attempt.state) {
    case 'INTENDED':
      if (sendable && item.order !== null) {
        return await submitAndSave(parts, driver, served, { ...item, order: item.order });
      }
      // Committed as SENT before anything leaves, so this one never did.
      await giveBack(parts, ref, driver.instanceId());
      return 'over';
    case 'SENT':
      await parts.change({
        generationId: ref.generationId,
        attempt: null,
        generation: generationMove('UNCONFIRMED', {
          from: ['SUBMITTING'],
          errorCode: 'SUBMIT_UNCONFIRMED',
          errorMessage: 'The process that sent it ended before the answer came.',
        }),
      });
      return 'over';
    case 'ACCEPTED': {
      const watched = await watchAttempt(parts, served, item, driver);
      if (watched.next === 'save') await saveResult(parts, driver, served, item, watched.result);
      return watched.next === 'again' ? 'again' : 'over';
    }
    case 'DONE':
      if (item.generation.status === 'SAVING') {
        const { acceptedAt, providerFinishedAt: finishedAt } = item.attempt;
        const now = item.readAt;
        const ageMs = resultAgeMs({ acceptedAt, finishedAt, seenAt: item.attempt.finishedAt ?? now, now });
        await saveResult(parts, driver, served, item, { image: null, ageMs, now });
      }
      return 'over';
    case 'LOST':
    case 'REFUSED':
      return 'over';
  }
}

async function submitAndSave(
  parts: PollerParts,
  driver: Driver,
  served: ServedAccount,
  item: OrderedItem,
): Promise<'over' | 'again'> {
  const submitted = await submitAttempt(parts, driver, served, item);
  if (typeof submitted === 'string') return submitted;
  await saveResult(parts, driver, served, submitted.item, submitted.result);
  return 'over';
}

function servedOf(parts: PollerParts, item: WorkItem): ServedAccount | null {
  const served = parts.accounts.find(({ account }) => account.id === item.attempt.account) ?? null;
  if (served === null) {
    parts.logger.error({ account: item.attempt.account, generation: item.generation.id }, 'No such account here');
  }
  return served;
}
