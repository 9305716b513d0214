import { attemptMove, generationMove } from '../domain/change.js';
import { leavingFor, momentaryRefusalsAtMost, nextRoute } from '../domain/fallback.js';
import type { Order, OrderedItem, WorkItem } from '../domain/work-item.js';
import type { RouteChange } from '../domain/planned-route.js';
import { standingKey } from '../domain/standing.js';
import { asError } from '../errors.js';
import type { SubmitOutcome } from '../providers/provider.js';
import { backoffMs } from './backoff.js';
import type { PollerParts, ServedAccount } from './parts.js';

/** A generation whose account is refused as a whole waits so long at least: by then the pause is written. */
const accountPauseMs = 1_000;

/** So often may one generation be refused for its account; the next time it fails. */
const accountRefusalsAtMost = 4;

/** Where the model has worked lately, one answer may be a slip: so many in a row are needed to take it for retired. */
const retiredAnswers = 3;

type Refused = Extract<SubmitOutcome, { kind: 'refused' }>;

/**
 * Writes down a certain refusal. The generation goes on by its next route, where there is one and the refusal is of a kind that
 * another route may not share; else it waits, or fails.
 */
export async function refuse(
  parts: PollerParts,
  served: ServedAccount,
  item: OrderedItem,
  outcome: Refused,
): Promise<void> {
  const ref = { generationId: item.generation.id, n: item.attempt.n };
  const { code, message, httpStatus, retryAfterMs } = outcome;
  const standing = parts.standing.now();
  const asks = outcome.retry === 'account' || (outcome.retry === 'later' && item.order.generation.routes !== null);
  const earlier = asks ? await parts.worklist.refusals(ref, code) : 0;
  // One that is refused again and again although the account proves well in between is itself the trouble.
  const alone = outcome.retry === 'account' && earlier >= accountRefusalsAtMost;
  const retry = alone ? 'never' : outcome.retry;
  const pauseMs =
    retry === 'account' ? accountPauseMs : backoffMs({ failures: ref.n, baseMs: 1_000, capMs: 60_000, retryAfterMs });
  const momentary =
    retry === 'later' && earlier + 1 < momentaryRefusalsAtMost && !standing.pauses.has(served.account.id);
  const route = momentary ? null : onward(parts, item.order, outcome);
  const from = ['SUBMITTING', 'UNCONFIRMED'] as const;
  const why = { from, errorCode: code, errorMessage: message };
  await parts.change({
    generationId: ref.generationId,
    attempt: attemptMove(ref.n, null, 'REFUSED', {
      from: ['SENT'],
      httpStatus,
      errorCode: code,
      errorMessage: message,
    }),
    generation:
      route !== null
        ? generationMove('QUEUED', { ...why, route })
        : retry === 'never'
          ? generationMove('FAILED', why)
          : generationMove('QUEUED', { ...why, retryAfterMs: pauseMs }),
  });
  // After the change: what could not be written here must not make a certain refusal uncertain.
  await conclude(parts, served, item, { ...outcome, retry }).catch((error: unknown) =>
    parts.logger.error({ err: asError(error) }, 'What a refusal says of an account or model could not be kept'),
  );
}

function onward(parts: PollerParts, { generation }: Order, { code, message }: Refused): RouteChange | null {
  const leaving = leavingFor(code);
  if (leaving === null) return null;
  const route = nextRoute(generation, { ...leaving, reason: { code, message } }, parts.standing.now());
  if (route !== null) {
    const { model, account } = route;
    parts.logger.info({ generation: generation.id, code, model, account }, 'A generation goes on by its next route');
  }
  return route;
}

/** What the refusal says of the account or the model, for all generations. */
async function conclude(parts: PollerParts, served: ServedAccount, item: WorkItem, outcome: Refused): Promise<void> {
  const { code, message, retry } = outcome;
  const account = served.account.id;
  if (retry === 'account') {
    await parts.pauses.pause({ account, code, message, probeInMs: parts.settings.firstProbeMs });
  } else if (code === 'MODEL_RETIRED_UPSTREAM') {
    const { model } = item.attempt;
    const ref = { generationId: item.generation.id, n: item.attempt.n };
    // On the sandbox nothing is withdrawn; and a request that nobody knows a model for may itself be the trouble.
    if (served.account.sandbox || (await parts.worklist.refusals(ref, code)) > 0) return;
    const worked = (parts.standing.now().health.get(standingKey(account, model))?.succeeded ?? 0) > 0;
    const noted = await parts.standings.noteRetired({ account, model, message, needed: worked ? retiredAnswers : 1 });
    if (noted.since !== null) parts.logger.warn({ account, model, reason: message }, 'A model seems to be retired');
  } else {
    return;
  }
  await parts.standing.refresh();
}

/** A model that was accepted again is not retired. */
export async function welcomeBack(parts: PollerParts, { attempt }: WorkItem): Promise<void> {
  const { account, model } = attempt;
  if (!parts.standing.now().retirements.has(standingKey(account, model))) return;
  try {
    if (await parts.standings.clearRetired(account, model)) {
      parts.logger.info({ account, model }, 'A model that seemed to be retired is back');
    }
    await parts.standing.refresh();
  } catch (error) {
    parts.logger.error({ err: asError(error) }, 'That a model is back could not be kept');
  }
}
