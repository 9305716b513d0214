import { createLatency, type Latency } from '../domain/latency.js';
import type { LookAim } from '../domain/look-plan.js';
import { createSchedule, holdBackMsFor, type Schedule } from '../domain/schedule.js';

type Kind = { model: string; pixels: number | null };

/** When to look at tasks. */
export type LookTimes = {
  /**
   * The age in ms at which a task of this age is looked at next; `seed` is the attempt's own. With `holdBack` not before
   * nearly all of its kind are over: a webhook will tell.
   */
  next(kind: Kind, task: { ageMs: number; seed: string; holdBack: boolean }): number;
};

/** Keeps the schedule of each model and size; where nothing is learned yet, looks are spaced evenly. */
export function createLookTimes(options: {
  latencyOf: (model: string, pixels: number | null) => Latency | null;
  aim: LookAim;
}): LookTimes {
  const { latencyOf, aim } = options;
  const unknown = createLatency();
  const schedules = new WeakMap<Latency, Schedule>();

  function scheduleOf(latency: Latency): Schedule {
    const known = schedules.get(latency) ?? createSchedule(latency, aim);
    schedules.set(latency, known);
    return known;
  }

  return {
    next({ model, pixels }, { ageMs, seed, holdBack }) {
      const latency = latencyOf(model, pixels) ?? unknown;
      const holdBackMs = holdBack ? holdBackMsFor(latency) : 0;
      return scheduleOf(latency).nextLookMs({ ageMs, seed, holdBackMs });
    },
  };
}
