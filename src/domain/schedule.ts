import type { Latency } from './latency.js';
import { axis, ageWhere, positionOf, valueAt } from './log-axis.js';
import { jitter, type LookPlan } from './look-outcome.js';
import { planLooks, type LookAim } from './look-plan.js';

const { cellCount, edges, spans } = axis;

/** When to look next at the running tasks of one model and size. */
export type Schedule = {
  /**
   * The age in ms at which to look at a task that was last looked at (or begun) at the age of `ageMs`: at least `floorMs` and
   * at most `capMs` later. The same `seed` (the attempt's id) always gives the same jitter; nothing else is remembered, so
   * that a look that came late, a restart or a new plan in between does no harm. Before `holdBackMs` there is no look.
   */
  nextLookMs(task: { ageMs: number; seed: string; holdBackMs?: number }): number;
};

export const defaultAim: LookAim = { wantedDelayMs: 250, floorMs: 100, capMs: 30_000 };

/** The plan is made anew when what is known has changed (1 to 2 ms); an answer costs less than a µs. */
export function createSchedule(latency: Latency, aim: LookAim = defaultAim): Schedule {
  let plan = planLooks(latency.forecast(), aim);
  let version = latency.version();
  return {
    nextLookMs({ ageMs, seed, holdBackMs = 0 }) {
      if (latency.version() !== version) {
        version = latency.version();
        plan = planLooks(latency.forecast(), aim);
      }
      const chance = fractionOf(seed);
      const due = Math.min(ageMs + aim.capMs, Math.max(ageMs + aim.floorMs, dueAfter(plan, ageMs, chance)));
      // Tasks that were held back together do not come together.
      return due >= holdBackMs ? due : holdBackMs + 2 * aim.wantedDelayMs * chance;
    },
  };
}

/** The age in ms at which a plan wants the look after one at `ageMs`; `chance` (0 to 1) is where its first one is due. */
export function dueAfter({ looks, first }: LookPlan, ageMs: number, chance: number): number {
  const end = edges[cellCount] ?? 0;
  const pace = ((looks[cellCount] ?? 0) - (looks[cellCount - 1] ?? 0)) / (spans[cellCount - 1] ?? 0);
  // Beyond the axis it goes on as at its end.
  if (ageMs >= end) return ageMs + 1 / pace;
  const had = valueAt(looks, positionOf(ageMs));
  const begin = first + jitter * chance;
  // A task within a quarter of its first look has had it: what is due may have moved a little since.
  const due = had < begin - 0.25 ? begin : had + 1;
  const beyond = due - (looks[cellCount] ?? 0);
  return beyond > 0 ? end + beyond / pace : ageWhere(looks, due);
}

const leastHoldBackMs = 5_000;
const mostHoldBackMs = 600_000;
const holdBackUnknownMs = 60_000;

/**
 * The age in ms before which a task needs no look where webhooks are reliable: by half as much again as 19 of 20 take, nearly
 * all are over and told. Not a later quantile, which of few samples tells nothing. From 5 s to 10 min; 1 min where nothing
 * is known.
 */
export function holdBackMsFor(latency: Latency): number {
  const most = latency.quantile(0.95);
  if (most === null) return holdBackUnknownMs;
  return Math.min(mostHoldBackMs, Math.max(leastHoldBackMs, 1.5 * most + 1_000));
}

/** A number from 0 to 1 (exclusive) that depends on each letter of a text: FNV-1a, its bits mixed once more. */
function fractionOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < text.length; i += 1) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
