import { describe, expect, it } from 'vitest';
import { either, exponential, logNormal, moving, pareto, type Durations } from '../support/durations.js';
import { logNormalOver, optimalLooks } from '../support/optimal-looks.js';
import { figuresOf, simulateLooks, type LookFigures } from '../support/simulated-looks.js';

/** What bench/schedule.ts measures at length, in short; all from interval samples of the schedule itself, from nothing. */
function measure(durations: Durations, { from, tasks }: { from: number; tasks: number }): LookFigures {
  return figuresOf(simulateLooks({ durations, tasks, seed: 11 }).finished.slice(from));
}

const later = { from: 1_000, tasks: 3_000 };

describe('the learned schedule, at the same mean delay', () => {
  it.each([
    [8_000, 0.25],
    [20_000, 0.25],
  ])('needs 0.45 of the looks of a fixed poll for %d ms and σ %d, near the optimum', (medianMs, sigma) => {
    const { looks, fixedLooks, meanDelayMs, p99DelayMs, coveredAtStart } = measure(logNormal(medianMs, sigma), later);
    expect(looks / fixedLooks).toBeLessThan(0.46);
    expect(meanDelayMs).toBeLessThan(260);
    expect(p99DelayMs).toBeLessThan(775);
    expect(coveredAtStart).toBeGreaterThan(0.77);
    expect(coveredAtStart).toBeLessThan(0.83);
    const over = logNormalOver(medianMs, sigma);
    const grid = { endMs: medianMs * Math.exp(5 * sigma), gridMs: 50, limitMs: 750, lateShare: 1 };
    expect(looks / optimalLooks({ over, meanDelayMs, ...grid }).looks).toBeLessThan(1.06);
  });

  it.each<[string, Durations, number]>([
    ['two peaks', either(0.6, logNormal(8_000, 0.15), logNormal(30_000, 0.2)), 0.6],
    ['a heavy tail', pareto(5_000, 1.5), 0.7],
    ['no memory at all, for which the fixed poll is the optimum', exponential(20_000), 1.03],
    ['a median that moves', moving(20_000, 40_000, 0.25, [0, 1]), 0.52],
    ['a sudden slow-down', moving(20_000, 40_000, 0.25, [0.5, 0.5]), 0.52],
    ['a sudden speed-up', moving(40_000, 20_000, 0.25, [0.5, 0.5]), 0.52],
  ])('needs no more with %s', (_, durations, most) => {
    const { looks, fixedLooks, meanDelayMs, p99DelayMs } = measure(durations, { from: 0, tasks: 3_000 });
    expect(looks / fixedLooks).toBeLessThan(most);
    expect(meanDelayMs).toBeLessThan(265);
    expect(p99DelayMs).toBeLessThan(800);
  });

  it('is hardly worse while it learns', () => {
    const { looks, fixedLooks, p99DelayMs } = measure(logNormal(20_000, 0.25), { from: 0, tasks: 100 });
    expect(looks / fixedLooks).toBeLessThan(0.8);
    expect(p99DelayMs).toBeLessThan(800);
  });
});
