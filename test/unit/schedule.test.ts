import { describe, expect, it } from 'vitest';
import { createLatency, type Latency } from '../../src/domain/latency.js';
import { createSchedule, defaultAim, holdBackMsFor, type Schedule } from '../../src/domain/schedule.js';
import { logNormal, randomFrom } from '../support/durations.js';

function taught(medianMs: number, sigma: number, samples = 1_000): Latency {
  const latency = createLatency();
  const random = randomFrom(medianMs);
  for (let i = 0; i < samples; i += 1) {
    const exact = logNormal(medianMs, sigma)(random, 0);
    latency.observe({ lowerMs: exact, upperMs: exact });
  }
  return latency;
}

/** The ages at which a task that never ends is looked at. */
function looksUntil(schedule: Schedule, endMs: number, seed = 'one'): number[] {
  const ages: number[] = [];
  for (let ageMs = 0; ageMs < endMs; ageMs = ages.at(-1) ?? endMs) ages.push(schedule.nextLookMs({ ageMs, seed }));
  return ages;
}

const gapsOf = (ages: readonly number[]): number[] => ages.slice(1).map((age, i) => age - (ages[i] ?? 0));

describe('looks at a task', () => {
  it('come like those of a fixed poll where nothing is known', () => {
    const ages = looksUntil(createSchedule(createLatency()), 60_000);
    expect(ages[0]).toBeLessThan(900);
    for (const gap of gapsOf(ages)) expect(gap).toBeCloseTo(2 * defaultAim.wantedDelayMs, 3);
  });

  it('begin late and are dense where tasks end, once that is known', () => {
    const ages = looksUntil(createSchedule(taught(20_000, 0.25)), 60_000);
    expect(ages[0]).toBeGreaterThan(8_000);
    expect(ages[0]).toBeLessThan(14_000);
    const dense = gapsOf(ages.filter((age) => age > 19_000 && age < 26_000));
    for (const gap of dense) expect(gap).toBeLessThan(600);
  });

  it('never come closer than the floor nor farther apart than the cap, at any age', () => {
    const latencies = [createLatency(), taught(400, 0.05), taught(20_000, 0.02), taught(3_000_000, 0.1)];
    for (const latency of latencies) {
      const schedule = createSchedule(latency);
      for (let ageMs = 0; ageMs < 2e7; ageMs = ageMs * 1.05 + 37) {
        const gap = schedule.nextLookMs({ ageMs, seed: String(ageMs) }) - ageMs;
        expect(gap).toBeGreaterThanOrEqual(defaultAim.floorMs - 1e-6);
        expect(gap).toBeLessThanOrEqual(defaultAim.capMs + 1e-6);
      }
    }
  });

  it('starve no task that outlives all others, and do not poll it for ever at full pace', () => {
    const gaps = gapsOf(looksUntil(createSchedule(taught(20_000, 0.25)), 3_600_000));
    expect(Math.max(...gaps)).toBeLessThan(30_000);
    // A fixed poll would have had 7,200.
    expect(gaps.length).toBeLessThan(2_400);
  });

  it('are spread by the seed, at the same ages for the same seed', () => {
    const schedule = createSchedule(taught(20_000, 0.25));
    const firsts = Array.from({ length: 200 }, (_, i) => schedule.nextLookMs({ ageMs: 0, seed: `attempt ${i}` }));
    expect(new Set(firsts).size).toBeGreaterThan(190);
    expect(Math.max(...firsts) - Math.min(...firsts)).toBeGreaterThan(500);
    expect(schedule.nextLookMs({ ageMs: 0, seed: 'attempt 7' })).toBe(firsts[7]);
  });

  it('go on from now after one that came late, with neither a burst nor a hole', () => {
    const schedule = createSchedule(taught(20_000, 0.25));
    const onTime = gapsOf(looksUntil(schedule, 24_000)).at(-1) ?? NaN;
    const late = schedule.nextLookMs({ ageMs: 24_321, seed: 'one' }) - 24_321;
    expect(Math.abs(late - onTime)).toBeLessThan(0.3 * onTime);
  });

  it('follow what is learned while the task runs', () => {
    const latency = taught(20_000, 0.15);
    const schedule = createSchedule(latency);
    const before = schedule.nextLookMs({ ageMs: 0, seed: 'one' });
    for (let i = 0; i < 100; i += 1) latency.observe({ lowerMs: 5_000 + 10 * i, upperMs: 5_200 + 10 * i });
    expect(before).toBeGreaterThan(12_000);
    expect(schedule.nextLookMs({ ageMs: 0, seed: 'one' })).toBeLessThan(5_500);
  });
});

describe('with reliable webhooks', () => {
  it('no look comes before nearly all tasks are over and told', () => {
    const latency = taught(20_000, 0.25);
    const holdBackMs = holdBackMsFor(latency);
    expect(holdBackMs).toBeGreaterThan(20_000 * Math.exp(0.25 * 2.5));
    expect(holdBackMs).toBeLessThan(90_000);
    const schedule = createSchedule(latency);
    const first = schedule.nextLookMs({ ageMs: 0, seed: 'one', holdBackMs });
    expect(first).toBeGreaterThanOrEqual(holdBackMs);
    expect(first).toBeLessThanOrEqual(holdBackMs + 500);
    const next = schedule.nextLookMs({ ageMs: first, seed: 'one', holdBackMs });
    expect(next - first).toBeLessThan(3_000);
  });

  it('waits at least 5 s, and a minute where nothing is known', () => {
    expect(holdBackMsFor(taught(300, 0.2))).toBe(5_000);
    expect(holdBackMsFor(createLatency())).toBe(60_000);
  });
});
