import { attemptMove, generationMove, type LedgerChange } from '../domain/change.js';
import type { AttemptRef, WorkItem } from '../domain/ports.js';
import { createAlarm } from '../time.js';
import type { LookOutcome, TaskHandle } from '../providers/provider.js';
import { backoffMs } from './backoff.js';
import type { Driver, PollerParts, ServedAccount } from './parts.js';
import { resultAgeMs, type FinishedResult } from './save.js';

/** Right after a submit some clusters do not know the task yet (contract of BFL): so long "not found" means nothing. */
const notFoundGraceMs = 10_000;
/**
 * Without a polling URL, as when a webhook was asked for, the account's own address is asked, which may be another cluster
 * than the task's (contract of BFL): only after so long does "not found" mean that it is lost.
 */
const blindGraceMs = 15 * 60_000;
/** After so long even a task that says it is running is given up, so that its slot is not held for ever. */
const watchLimitMs = 6 * 60 * 60_000;
/** Progress is written at most so often per attempt. */
const progressEveryMs = 1_000;

/** `again`: the attempt was changed by somebody else; what to do stands in the ledger. */
export type WatchNext = { next: 'save'; result: FinishedResult } | { next: 'over' } | { next: 'again' };

/** Looks at an accepted task until the provider is done with it, whatever became of the generation meanwhile. */
export async function watchAttempt(
  parts: PollerParts,
  served: ServedAccount,
  item: WorkItem,
  driver: Pick<Driver, 'desk' | 'watching'>,
): Promise<WatchNext> {
  const { signal, leave } = driver.watching.join();
  const alarm = createAlarm(signal);
  const ref = { generationId: item.generation.id, n: item.attempt.n };
  const unlisten = driver.desk.listen(ref, alarm.ring);
  try {
    return await look(parts, served, item, { signal, sleep: alarm.sleep });
  } finally {
    unlisten();
    alarm.stop();
    leave();
  }
}

async function look(
  parts: PollerParts,
  served: ServedAccount,
  item: WorkItem,
  time: { signal: AbortSignal; sleep: (ms: number) => Promise<void> },
): Promise<WatchNext> {
  const { signal, sleep } = time;
  const ref = { generationId: item.generation.id, n: item.attempt.n };
  const { taskId, pollingUrl } = item.attempt;
  if (taskId === null) throw new Error('An accepted attempt has no task id.');
  const task: TaskHandle = { taskId, pollingUrl };
  // Counted on from the database's own reckoning: this host's clock may be off.
  const ageAtLoad = item.readAt.getTime() - (item.attempt.acceptedAt ?? item.readAt).getTime();
  const loadedAt = performance.now();
  const log = parts.logger.child({ generation: ref.generationId, attempt: ref.n, task: taskId });
  const progress = createProgress(parts, ref, item.attempt.instanceId);
  const graceMs = pollingUrl === null ? blindGraceMs : notFoundGraceMs;
  let { looks } = item.attempt;
  let failures = 0;
  let pauseMs = parts.settings.pollIntervalMs;
  const strange = new Set<string>();

  while (true) {
    await sleep(pauseMs);
    if (signal.aborted) return { next: 'over' };
    const outcome = await served.provider.look(served.access, task, signal);
    if (signal.aborted) return { next: 'over' };
    looks += 1;
    pauseMs = parts.settings.pollIntervalMs;
    const now = new Date(item.readAt.getTime() + performance.now() - loadedAt);
    const age = ageAtLoad + performance.now() - loadedAt;
    if (outcome.kind === 'unavailable') {
      failures += 1;
      pauseMs = backoffMs({ failures, baseMs: pauseMs, capMs: 30_000, retryAfterMs: outcome.retryAfterMs });
      log.warn({ status: outcome.httpStatus, reason: outcome.message }, 'A look was not answered');
    } else {
      failures = 0;
    }
    if (outcome.kind === 'running') {
      if (!outcome.known && !strange.has(outcome.word)) {
        strange.add(outcome.word);
        log.warn({ word: outcome.word.slice(0, 80) }, 'The provider gave an unknown status; still watching');
      }
      await progress.note(outcome.word, outcome.progress, looks);
    }
    const waits =
      outcome.kind === 'running' || outcome.kind === 'unavailable' || (outcome.kind === 'notFound' && age < graceMs);
    if (waits && age < watchLimitMs) continue;
    const { attemptChanged, generationChanged } = await parts.change(conclusion(item, outcome, looks));
    if (!attemptChanged) return { next: 'again' };
    // A late result of a generation that has ended adds what it cost, and nothing else.
    if (outcome.kind === 'ready' && generationChanged) {
      const { imageUrl, finishedAt } = outcome;
      const ageMs = resultAgeMs({ acceptedAt: item.attempt.acceptedAt, finishedAt, seenAt: now, now });
      return { next: 'save', result: { imageUrl, ageMs, now } };
    }
    log.info({ outcome: outcome.kind }, 'A task ended without an image to save');
    return { next: 'over' };
  }
}

/** The change that the last look calls for. */
function conclusion(item: WorkItem, outcome: LookOutcome, looks: number): LedgerChange {
  const { n, instanceId, costMicros } = item.attempt;
  const generationId = item.generation.id;
  switch (outcome.kind) {
    case 'ready':
      return {
        generationId,
        attempt: attemptMove(n, instanceId, 'DONE', {
          looks,
          word: 'ready',
          settledMicros: outcome.costMicros ?? costMicros,
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

/** Writes progress when it changed, at most once a second. */
function createProgress(
  parts: PollerParts,
  ref: AttemptRef,
  instanceId: string,
): { note: (word: string, value: number | null, looks: number) => Promise<void> } {
  let written = '';
  let writtenAt = 0;
  return {
    async note(word, value, looks) {
      const now = `${word} ${value}`;
      if (now === written || Date.now() - writtenAt < progressEveryMs) return;
      written = now;
      writtenAt = Date.now();
      await parts.worklist.noteProgress({ ...ref, instanceId, looks, word: word.slice(0, 80), progress: value });
    },
  };
}
