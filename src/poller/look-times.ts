import { createLatency, type Latency } from '../domain/latency.js';
import { lookAfter, planLooks, type LookPlan, type LookWish } from '../domain/look-plan.js';

/** A plan is made anew so often at most, however fast its forecast changes. */
const planEveryMs = 5_000;

/** When to look at tasks. */
export type LookTimes = {
  /** The age in ms at which a task of this age is looked at next; `seed`, 0 to 1, is the attempt's own. */
  next(kind: { model: string; pixels: number | null }, ageMs: number, seed: number): number;
};

/** Keeps the plan of each model and size; where nothing is learned yet, looks are spaced evenly. */
export function createLookTimes(options: {
  latencyOf: (model: string, pixels: number | null) => Latency | null;
  wish: LookWish;
}): LookTimes {
  const { latencyOf, wish } = options;
  const blank = planLooks(createLatency().forecast(), wish);
  const plans = new WeakMap<Latency, { plan: LookPlan; version: number; at: number }>();

  function planOf(latency: Latency): LookPlan {
    const known = plans.get(latency);
    const now = performance.now();
    if (known !== undefined && (known.version === latency.version() || now - known.at < planEveryMs)) return known.plan;
    const plan = planLooks(latency.forecast(), wish);
    plans.set(latency, { plan, version: latency.version(), at: now });
    return plan;
  }

  return {
    next({ model, pixels }, ageMs, seed) {
      const latency = latencyOf(model, pixels);
      return lookAfter(latency === null ? blank : planOf(latency), ageMs, seed);
    },
  };
}

/** From 0 to 1, the same for an attempt wherever and whenever it is watched. */
export function seedOf({ generationId, n }: { generationId: string; n: number }): number {
  // The end of a UUIDv7 is random.
  const drawn = Number.parseInt(generationId.slice(-8), 16) / 2 ** 32;
  return (drawn + n * 0.618_034) % 1;
}
