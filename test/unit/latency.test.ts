import { describe, expect, it } from 'vitest';
import { createLatency, type Latency } from '../../src/domain/latency.js';
import { either, logNormal, randomFrom, type Durations } from '../support/durations.js';

function teach(
  latency: Latency,
  durations: Durations,
  options: { samples: number; seed: number; gapMs?: number },
): void {
  const random = randomFrom(options.seed);
  const { samples, gapMs } = options;
  for (let i = 0; i < samples; i += 1) {
    const exact = durations(random, i / samples);
    const lowerMs = gapMs === undefined ? exact : Math.floor(exact / gapMs) * gapMs;
    latency.observe({ lowerMs, upperMs: gapMs === undefined ? exact : lowerMs + gapMs });
  }
}

function taught(durations: Durations, options: { samples: number; seed: number; gapMs?: number }): Latency {
  const latency = createLatency();
  teach(latency, durations, options);
  return latency;
}

/** How far a value is from what it should be, as a part of that. */
function errorOf(value: number | null | undefined, wanted: number): number {
  return value == null ? Infinity : Math.abs(value / wanted - 1);
}

describe('what is learned of durations', () => {
  it('is nothing before the first sample', () => {
    const latency = createLatency();
    expect([latency.summary(), latency.quantile(0.5), latency.remaining(0, 0.5)]).toEqual([null, null, null]);
    expect(latency.forecast().ignorance).toBe(1);
  });

  it('has the quantiles of a log-normal after a thousand samples', () => {
    const summary = taught(logNormal(20_000, 0.25), { samples: 1_000, seed: 1 }).summary();
    expect(errorOf(summary?.p50Ms, 20_000)).toBeLessThan(0.02);
    expect(errorOf(summary?.p95Ms, 20_000 * Math.exp(0.25 * 1.645))).toBeLessThan(0.04);
    expect(errorOf(summary?.p99Ms, 20_000 * Math.exp(0.25 * 2.326))).toBeLessThan(0.06);
    expect(summary?.samples).toBe(1_000);
  });

  it('does not take the end of an interval for the moment', () => {
    const summary = taught(logNormal(20_000, 0.25), { samples: 1_000, seed: 2, gapMs: 4_000 }).summary();
    expect(errorOf(summary?.p50Ms, 20_000)).toBeLessThan(0.03);
    expect(errorOf(summary?.p95Ms, 20_000 * Math.exp(0.25 * 1.645))).toBeLessThan(0.05);
  });

  it('has both peaks of a bimodal one and hardly anything between', () => {
    const latency = taught(either(0.6, logNormal(8_000, 0.1), logNormal(30_000, 0.1)), { samples: 1_000, seed: 3 });
    expect(errorOf(latency.quantile(0.3), 8_000)).toBeLessThan(0.05);
    expect(errorOf(latency.quantile(0.8), 30_000)).toBeLessThan(0.05);
    const between = [0.58, 0.62].map((p) => latency.quantile(p) ?? NaN);
    expect(between[0]).toBeLessThan(11_000);
    expect(between[1]).toBeGreaterThan(23_000);
  });

  it('follows a provider that becomes slower or faster within some tens of samples', () => {
    const latency = taught(logNormal(20_000, 0.25), { samples: 2_000, seed: 4 });
    teach(latency, logNormal(40_000, 0.25), { samples: 60, seed: 5 });
    expect(errorOf(latency.summary()?.p50Ms, 40_000)).toBeLessThan(0.1);
    teach(latency, logNormal(8_000, 0.25), { samples: 60, seed: 6 });
    expect(errorOf(latency.summary()?.p50Ms, 8_000)).toBeLessThan(0.1);
  });

  it('knows that it knows nothing after a sudden change, and soon knows again', () => {
    const latency = taught(logNormal(20_000, 0.15), { samples: 1_000, seed: 7 });
    expect(latency.forecast().ignorance).toBeLessThan(0.01);
    for (let i = 0; i < 3; i += 1) latency.observe({ lowerMs: 3_000, upperMs: 3_500 });
    expect(latency.forecast().ignorance).toBeGreaterThan(0.05);
    teach(latency, logNormal(3_000, 0.15), { samples: 60, seed: 8 });
    expect(latency.forecast().ignorance).toBeLessThan(0.02);
  });

  it('is the same again after a restart that replays the samples', () => {
    const [one, other] = [9, 9].map((seed) => taught(logNormal(20_000, 0.25), { samples: 500, seed, gapMs: 500 }));
    expect(one?.summary()).toEqual(other?.summary());
    expect(one?.forecast()).toEqual(other?.forecast());
  });

  it('takes samples at and beyond both ends of its axis', () => {
    const latency = createLatency();
    for (const ms of [0, 1, 99, 100, 101, 6_000_000, 1e9]) latency.observe({ lowerMs: ms, upperMs: ms });
    latency.observe({ lowerMs: 0, upperMs: 1e9 });
    const { mass, over } = latency.forecast();
    expect([...mass].every((each) => each >= 0)).toBe(true);
    expect(over.at(-1)).toBeGreaterThan(0.9);
    expect(over.at(-1)).toBeLessThanOrEqual(1 + 1e-9);
  });

  it.each([
    [-1, 5],
    [5, 4],
    [Number.NaN, 5],
    [5, Number.NaN],
    [5, Infinity],
  ])('refuses a run time from %d to %d', (lowerMs, upperMs) => {
    expect(() => createLatency().observe({ lowerMs, upperMs })).toThrow(RangeError);
  });
});

describe('how long a task will still take', () => {
  const latency = taught(logNormal(20_000, 0.25), { samples: 1_000, seed: 10, gapMs: 500 });
  const interval = (ageMs: number): number[] => [0.1, 0.9].map((p) => latency.remaining(ageMs, p) ?? NaN);

  it('is known at its beginning within the spread of the samples', () => {
    expect(errorOf(interval(0)[0], 20_000 * Math.exp(-0.25 * 1.2816))).toBeLessThan(0.04);
    expect(errorOf(interval(0)[1], 20_000 * Math.exp(0.25 * 1.2816))).toBeLessThan(0.04);
  });

  it('shrinks with its age', () => {
    expect(errorOf(interval(20_000)[1], 20_000 * Math.exp(0.25 * 1.645) - 20_000)).toBeLessThan(0.12);
  });

  it('grows again for a task that has outlived all others', () => {
    const [low = NaN, high = NaN] = interval(300_000);
    expect(low).toBeGreaterThan(0);
    expect(high).toBeGreaterThan(300_000);
  });
});
