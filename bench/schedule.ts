import { either, exponential, logNormal, moving, pareto, uniform, type Durations } from '../test/support/durations.js';
import { logNormalOver, optimalLooks } from '../test/support/optimal-looks.js';
import { figuresOf, simulateLooks, type FinishedTask } from '../test/support/simulated-looks.js';
import { createLatency } from '../src/domain/latency.js';
import { createSchedule, defaultAim } from '../src/domain/schedule.js';

/** The learned schedule beside a fixed poll and the optimum, in simulated time: the same figures on every machine. */

const tasks = 10_000;
const taught = 1_000;
const logNormals = [8_000, 20_000, 40_000].flatMap((medianMs) =>
  [0.15, 0.25, 0.5].map((sigma) => ({ name: `log-normal ${medianMs / 1_000} s, σ ${sigma}`, medianMs, sigma })),
);
const others: readonly { name: string; durations: Durations }[] = [
  { name: 'bimodal: 60 % 8 s, 40 % 30 s', durations: either(0.6, logNormal(8_000, 0.15), logNormal(30_000, 0.2)) },
  { name: 'Pareto from 5 s, index 1.5', durations: pareto(5_000, 1.5) },
  { name: 'Pareto from 10 s, index 2.5', durations: pareto(10_000, 2.5) },
  { name: '20 s, 2 % hang 1 to 11 min', durations: either(0.02, uniform(60_000, 660_000), logNormal(20_000, 0.25)) },
  { name: 'uniform 5 to 35 s', durations: uniform(5_000, 35_000) },
  { name: 'exponential, mean 20 s', durations: exponential(20_000) },
  { name: 'exponential, mean 3 s', durations: exponential(3_000) },
];
const changing: readonly { name: string; durations: Durations }[] = [
  { name: 'drift 20 s → 40 s over all', durations: moving(20_000, 40_000, 0.25, [0, 1]) },
  { name: 'drift 20 s → 40 s over 500', durations: moving(20_000, 40_000, 0.25, [0.5, 0.55]) },
  { name: 'jump 20 s → 40 s', durations: moving(20_000, 40_000, 0.25, [0.5, 0.5]) },
  { name: 'jump 40 s → 20 s', durations: moving(40_000, 20_000, 0.25, [0.5, 0.5]) },
  { name: 'jump 40 s → 8 s', durations: moving(40_000, 8_000, 0.25, [0.5, 0.5]) },
];

const percent = (share: number): string => `${(100 * share).toFixed(2)} %`;
const row = (cells: readonly string[]): void => console.log(`| ${cells.join(' | ')} |`);

function head(cells: readonly string[]): void {
  console.log('');
  row(cells);
  row(cells.map(() => '---'));
}

function figures(finished: readonly FinishedTask[]): string[] {
  const { looks, meanDelayMs, p99DelayMs, late, fixedLooks, coveredAtStart, coveredLater } = figuresOf(finished);
  const covered = `${(100 * coveredAtStart).toFixed(0)} / ${(100 * coveredLater).toFixed(0)} %`;
  const ratio = (looks / fixedLooks).toFixed(3);
  return [
    looks.toFixed(2),
    meanDelayMs.toFixed(0),
    p99DelayMs.toFixed(0),
    percent(late),
    fixedLooks.toFixed(2),
    ratio,
    covered,
  ];
}

const columns = ['looks', 'mean ms', 'p99 ms', 'late', 'fixed', 'ratio', 'ETA hit'];

function steady(): void {
  console.log(`After ${taught} samples learned from nothing, the next ${tasks - taught}:`);
  head(['durations', ...columns, 'optimum', 'of it', 'optimum with p99', 'of it']);
  for (const { name, medianMs, sigma } of logNormals) {
    const { finished } = simulateLooks({ durations: logNormal(medianMs, sigma), tasks, seed: medianMs + 100 * sigma });
    const late = finished.slice(taught);
    const { looks, meanDelayMs } = figuresOf(late);
    const best = (lateShare: number): number =>
      optimalLooks({
        over: logNormalOver(medianMs, sigma),
        endMs: medianMs * Math.exp(5 * sigma),
        gridMs: medianMs >= 40_000 ? 50 : 25,
        meanDelayMs,
        limitMs: 3 * defaultAim.wantedDelayMs,
        lateShare,
      }).looks;
    const [free, bound] = [best(1), best(0.01)];
    row([
      name,
      ...figures(late),
      free.toFixed(2),
      (looks / free).toFixed(3),
      bound.toFixed(2),
      (looks / bound).toFixed(3),
    ]);
  }
  for (const { name, durations } of others) {
    const { finished } = simulateLooks({ durations, tasks, seed: 1 });
    row([name, ...figures(finished.slice(taught)), '', '', '', '']);
  }
}

function fromNothing(): void {
  console.log(`\nThe first 300 tasks, nothing known before (mean of 20 runs):`);
  head(['durations', ...columns]);
  const first = logNormals.map(({ name, medianMs, sigma }) => ({ name, durations: logNormal(medianMs, sigma) }));
  for (const { name, durations } of [...first, ...others]) {
    const runs = Array.from({ length: 20 }, (_, i) => simulateLooks({ durations, tasks: 300, seed: i }).finished);
    row([name, ...figures(runs.flat())]);
  }
  console.log(`\nWhere the provider changes, all ${tasks} tasks:`);
  head(['durations', ...columns, 'longest s']);
  for (const { name, durations } of changing) {
    const { finished } = simulateLooks({ durations, tasks, seed: 1 });
    row([name, ...figures(finished), (figuresOf(finished).longestDelayMs / 1_000).toFixed(1)]);
  }
}

function costs(): void {
  const { finished } = simulateLooks({ durations: logNormal(20_000, 0.25), tasks: 2_000, seed: 5 });
  const runTimes = finished.map(({ durationMs, delayMs }) => ({
    lowerMs: Math.max(0, durationMs + delayMs - 500),
    upperMs: durationMs + delayMs,
  }));
  const timed = (times: number, run: () => void): number => {
    run();
    const start = process.cpuUsage();
    for (let i = 0; i < times; i += 1) run();
    const { user, system } = process.cpuUsage(start);
    return (user + system) / 1_000 / times;
  };
  const teach = (): ReturnType<typeof createLatency> => {
    const latency = createLatency();
    for (const runTime of runTimes) latency.observe(runTime);
    return latency;
  };
  const latency = teach();
  const schedule = createSchedule(latency);
  console.log(`\nProcessor time. Learning 2,000 samples: ${timed(20, teach).toFixed(1)} ms`);
  console.log(`A new plan: ${timed(20, () => void createSchedule(latency)).toFixed(2)} ms`);
  let ageMs = 0;
  const ask = (): void => {
    const next = schedule.nextLookMs({ ageMs, seed: '019aa5a2-0000-7000-8000-000000000000' });
    ageMs = next > 60_000 ? 0 : next;
  };
  console.log(`An answer: ${(1_000 * timed(1_000_000, ask)).toFixed(2)} µs`);
}

steady();
fromNothing();
costs();
