import type { WorkItem } from '../domain/work-item.js';
import type { Logger } from '../logger.js';
import type { LookOutcome } from '../providers/provider.js';
import { createAlarm, type Alarm } from '../time.js';
import type { AbortGroup } from './abort-group.js';
import { backoffMs } from './backoff.js';
import { conclusion } from './conclusion.js';
import type { Driver, PollerParts, ServedAccount } from './parts.js';
import { tellPrice } from './price-watch.js';
import { createProgress } from './progress.js';
import { createRhythm } from './rhythm.js';
import { resultAgeMs, type FinishedResult } from './save.js';
import { taskOf } from './task.js';

/**
 * Some clusters do not know a task yet right after the submit (contract of BFL), and one answer may be a slip: only when
 * nothing else was said for so long does "not found" mean that it is lost.
 */
const notFoundGraceMs = 10_000;
/** So often is asked about a task that was not found just now, or that its provider was asked to stop. */
const soonMs = 1_000;
/**
 * Without a polling URL, as when a webhook was asked for, the account's own address is asked, which may be another cluster
 * than the task's (contract of BFL): only after so long does "not found" mean that it is lost.
 */
const blindGraceMs = 15 * 60_000;
/** After so long even a task that says it is running is given up, so that its slot is not held for ever. */
const watchLimitMs = 6 * 60 * 60_000;
/** After looks that were not answered the next one comes so much later, up to this. */
const failureBackoff = { baseMs: 500, capMs: 30_000 } as const;

const stoppedAndForgotten: LookOutcome = { kind: 'canceled', message: 'The provider stopped it and forgot it.' };

/** `again`: the attempt was changed by somebody else; what to do stands in the ledger. */
export type WatchNext = { next: 'save'; result: FinishedResult } | { next: 'over' } | { next: 'again' };

/** Looks at an accepted task until the provider is done with it, whatever became of the generation meanwhile. */
export async function watchAttempt(
  parts: PollerParts,
  served: ServedAccount,
  item: WorkItem,
  driver: Pick<Driver, 'desk' | 'watching' | 'breaker' | 'progress'>,
): Promise<WatchNext> {
  const group = driver.watching;
  const alarm = createAlarm();
  const leave = group.join(alarm.ring);
  const unlisten = driver.desk.listen({ generationId: item.generation.id, n: item.attempt.n }, alarm.ring);
  const { taskId } = item.attempt;
  const unhear = taskId === null ? null : (served.provider.listen?.(served.access, taskId, alarm.ring) ?? null);
  try {
    return await watch(parts, served, item, {
      desk: driver.desk,
      breaker: driver.breaker,
      progress: driver.progress,
      group,
      alarm,
    });
  } finally {
    unlisten();
    unhear?.();
    leave();
  }
}

async function watch(
  parts: PollerParts,
  served: ServedAccount,
  item: WorkItem,
  around: Pick<Driver, 'desk' | 'breaker' | 'progress'> & { group: AbortGroup; alarm: Alarm },
): Promise<WatchNext> {
  const { group, alarm, desk, breaker, progress: board } = around;
  const ref = { generationId: item.generation.id, n: item.attempt.n };
  const task = taskOf(parts, item);
  if (task === null) throw new Error('An accepted attempt has no task id.');
  const { taskId, pollingUrl } = task;
  // Made when it is needed: a logger of its own for each of ten thousand tasks would take a kilobyte of each.
  const log = (): Logger => parts.logger.child({ generation: ref.generationId, attempt: ref.n, task: taskId });
  const progress = createProgress(board, ref, item.attempt.instanceId);
  const rhythm = createRhythm(parts, item, desk.trustOf(served.account.id));
  const graceMs = pollingUrl === null ? blindGraceMs : notFoundGraceMs;
  let { looks } = item.attempt;
  let failures = 0;
  let atLeastMs = 0;
  let atMostMs = Number.POSITIVE_INFINITY;
  /** The task's age when it was first not found, with nothing else said since. */
  let missingSince: number | null = null;
  const strange: string[] = [];

  while (true) {
    await alarm.sleep(Math.max(Math.min(rhythm.pauseMs(), atMostMs), atLeastMs));
    while (rhythm.leastMs() > 0 && !group.aborted()) await alarm.sleep(rhythm.leastMs());
    if (group.aborted()) return { next: 'over' };
    rhythm.ask();
    const seen = await group.during(async (signal) => await served.provider.look(served.access, task, signal));
    if (group.aborted()) return { next: 'over' };
    const stopAsked = item.attempt.stopAskedAt !== null || desk.wasStopAsked(ref);
    // Some providers forget what they were told to stop.
    const outcome: LookOutcome = stopAsked && seen.kind === 'notFound' ? stoppedAndForgotten : seen;
    rhythm.answer(outcome.kind);
    parts.metrics.looked({ account: served.account.id, outcome: outcome.kind });
    await breaker.looked(served.account.id, outcome);
    looks += 1;
    failures = outcome.kind === 'unavailable' ? failures + 1 : 0;
    atLeastMs = 0;
    if (outcome.kind === 'unavailable') {
      atLeastMs = backoffMs({ ...failureBackoff, failures, retryAfterMs: outcome.retryAfterMs });
      log().warn({ status: outcome.httpStatus, reason: outcome.message }, 'A look was not answered');
    }
    if (outcome.kind === 'running') {
      if (!outcome.known && !strange.includes(outcome.word)) {
        strange.push(outcome.word);
        log().warn({ word: outcome.word.slice(0, 80) }, 'The provider gave an unknown status; still watching');
      }
      progress.note(outcome.word, outcome.progress, looks);
    }
    const age = rhythm.ageMs();
    if (outcome.kind === 'notFound') missingSince ??= age;
    else if (outcome.kind !== 'unavailable') missingSince = null;
    const soon = stopAsked || (missingSince !== null && pollingUrl !== null);
    atMostMs = soon ? soonMs : Number.POSITIVE_INFINITY;
    if (isUndecided(outcome, age - (missingSince ?? age), graceMs) && age < watchLimitMs) continue;
    const end = conclusion(item, outcome, looks);
    const { attemptChanged, generationChanged } = await parts.change(end);
    if (!attemptChanged) return { next: 'again' };
    tellPrice(parts, item, end);
    if (item.attempt.webhookKey !== null) desk.expect(ref, served.account.id);
    if (outcome.kind !== 'ready') {
      log().info({ outcome: outcome.kind }, 'A task ended without an image to save');
      return { next: 'over' };
    }
    const now = rhythm.now();
    const { image, finishedAt } = outcome;
    rhythm.learn(finishedAt);
    // A late result of a generation that has ended adds what it cost, and nothing else.
    if (!generationChanged) return { next: 'over' };
    const ageMs = resultAgeMs({ acceptedAt: item.attempt.acceptedAt, finishedAt, seenAt: now, now });
    return { next: 'save', result: { image, ageMs, now } };
  }
}

function isUndecided({ kind }: LookOutcome, missingMs: number, graceMs: number): boolean {
  return kind === 'running' || kind === 'unavailable' || (kind === 'notFound' && missingMs < graceMs);
}
