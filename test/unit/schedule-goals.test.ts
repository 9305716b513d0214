import { describe, expect, it } from 'vitest';
import { either, exponential, logNormal, moving, pareto, type Durations } from '../support/durations.js';
import { logNormalOver, optimalLooks } from '../support/optimal-looks.js';
import { figuresOf, simulateLooks, type LookFigures } from '../support/simulated-looks.js';

/** What bench/schedule.ts measures at length, in short: all is learned from nothing, from the schedule's own intervals. */
function measure(durations: Durations, { from = 0, tasks }: { from?: number; tasks: number }): LookFigures {
  return figuresOf(simulateLooks({ durations, tasks, seed: 11 }).finished.slice(from));
}

describe('the learned schedule, at the same mean delay', () => {
  it('needs 0.45 of the looks of a fixed poll for 20 s and σ 0.25, near the optimum', () => {
    const figures = measure(logNormal(20_000, 0.25), { from: 1_000, tasks: 5_000 });
    const { looks, fixedLooks, meanDelayMs } = figures;
    expect(looks / fixedLooks).toBeLessThan(0.46);
    expect(meanDelayMs).toBeLessThan(260);
    // A hundredth is the goal, which is p99; the rest is what chance does to 4,000 tasks.
    expect(figures.late).toBeLessThan(0.0125);
    expect(figures.coveredAtStart).toBeGreaterThan(0.77);
    expect(figures.coveredAtStart).toBeLessThan(0.84);
    const over = logNormalOver(20_000, 0.25);
    const bounds = { endMs: 60_000, gridMs: 50, limitMs: 750, lateShare: 1 };
    expect(looks / optimalLooks({ over, meanDelayMs, ...bounds }).looks).toBeLessThan(1.06);
  });

  it.each<[string, Durations, number]>([
    ['two peaks', either(0.6, logNormal(8_000, 0.15), logNormal(30_000, 0.2)), 0.65],
    ['a heavy tail', pareto(5_000, 1.5), 0.75],
    ['no memory at all, for which the fixed poll is the optimum', exponential(10_000), 1.05],
    ['a median that moves', moving(8_000, 16_000, 0.25, [0, 1]), 0.6],
    ['a sudden slow-down', moving(8_000, 16_000, 0.25, [0.5, 0.5]), 0.6],
  ])('needs no more with %s', (_, durations, most) => {
    const { looks, fixedLooks, meanDelayMs, p99DelayMs } = measure(durations, { tasks: 800 });
    expect(looks / fixedLooks).toBeLessThan(most);
    expect(meanDelayMs).toBeLessThan(265);
    expect(p99DelayMs).toBeLessThan(850);
  });

  it('recovers from a sudden speed-up before one task in fifty was found late', () => {
    const { finished } = simulateLooks({ durations: moving(16_000, 8_000, 0.25, [0.5, 0.5]), tasks: 1_000, seed: 3 });
    expect(figuresOf(finished).late).toBeLessThan(0.02);
    const { looks, fixedLooks, p99DelayMs } = figuresOf(finished.slice(700));
    expect(looks / fixedLooks).toBeLessThan(0.6);
    expect(p99DelayMs).toBeLessThan(850);
  });
});
