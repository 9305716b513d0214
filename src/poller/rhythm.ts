import { attemptKey } from '../domain/ids.js';
import type { WorkItem } from '../domain/work-item.js';
import { sizeClass } from '../domain/size-class.js';
import type { WebhookTrust } from '../domain/webhook-trust.js';
import type { LookOutcome } from '../providers/provider.js';
import type { PollerParts } from './parts.js';

/** However often webhooks call, the provider is not asked again before. */
const leastGapMs = 50;
/** A task that was first seen here so long after it was accepted may have been over for a while. */
const seenFromStartMs = 2_000;

/** When one task is looked at, and what its looks tell of how long it took. Ages in ms since the provider accepted it. */
export type Rhythm = {
  ageMs(): number;
  /** The present by the database's clock. */
  now(): Date;
  /** From now until the next look is due. */
  pauseMs(): number;
  /** From now until a look may come at all. */
  leastMs(): number;
  /** A look begins. */
  ask(): void;
  /** A look was answered. */
  answer(kind: LookOutcome['kind']): void;
  /** The last look found it done: somewhere between the last two answers, or just when the provider says. */
  learn(finishedAt: Date | null): void;
};

export function createRhythm(
  parts: Pick<PollerParts, 'lookTimes' | 'runTimeLog' | 'metrics'>,
  item: WorkItem,
  trust: WebhookTrust,
): Rhythm {
  const { generation, attempt, readAt } = item;
  const { pixels } = generation;
  const { model } = attempt;
  const seed = attemptKey({ generationId: generation.id, n: attempt.n });
  // Counted on from the database's own reckoning: this host's clock may be off.
  const ageAtLoad = readAt.getTime() - (attempt.acceptedAt ?? readAt).getTime();
  const loadedAt = performance.now();
  let askedAt = 0;
  let lookedAt: number | null = null;
  let running: number | null = ageAtLoad < seenFromStartMs ? 0 : null;

  const ageMs = (): number => ageAtLoad + performance.now() - loadedAt;

  return {
    ageMs,
    now: () => new Date(readAt.getTime() + performance.now() - loadedAt),
    pauseMs() {
      const age = ageMs();
      const holdBack = attempt.webhookKey !== null && trust.reliable();
      return parts.lookTimes.next({ model, pixels }, { ageMs: age, seed, holdBack }) - age;
    },
    leastMs: () => (lookedAt === null ? 0 : lookedAt + leastGapMs - ageMs()),
    ask() {
      askedAt = ageMs();
    },
    answer(kind) {
      lookedAt = ageMs();
      if (kind === 'running') running = askedAt;
    },
    learn(finishedAt) {
      if (running === null || lookedAt === null) return;
      const told = finishedAt === null ? Number.NaN : finishedAt.getTime() - (attempt.acceptedAt ?? readAt).getTime();
      // The provider's clock may be off: it is believed where it agrees with what was seen.
      const exact = told >= running && told <= lookedAt;
      const lowerMs = Math.max(0, Math.round(exact ? told : running));
      const upperMs = Math.max(lowerMs, Math.round(exact ? told : lookedAt));
      parts.runTimeLog.add({ model, size: sizeClass(pixels), lowerMs, upperMs });
      parts.metrics.found({ account: attempt.account }, lookedAt - (exact ? told : running));
    },
  };
}
