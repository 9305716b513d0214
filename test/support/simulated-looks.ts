import { createLatency } from '../../src/domain/latency.js';
import type { Latency } from '../../src/domain/latency.js';
import { createSchedule, defaultAim } from '../../src/domain/schedule.js';
import { randomFrom, type Durations } from './durations.js';

/** A finished task; `n` counts the tasks in the order of beginning. Both coverages are null where no interval was given. */
export type FinishedTask = {
  n: number;
  durationMs: number;
  delayMs: number;
  looks: number;
  /** Whether it ended within the interval of 80 % that was given for it at its beginning, and when half its time was over. */
  coveredAtStart: boolean | null;
  coveredLater: boolean | null;
};

type Running = {
  n: number;
  startedAt: number;
  durationMs: number;
  seed: string;
  ageMs: number;
  nextMs: number;
  looks: number;
  coveredAtStart: boolean | null;
  coveredLater: boolean | null;
};

export type SimulationOptions = {
  durations: Durations;
  /** Tasks that count; the account stays full until the last of them is over. */
  tasks: number;
  seed: number;
  /** Tasks that run at once: BFL's 24 unless given. */
  slots?: number;
  /** Already taught, or a new one. */
  latency?: Latency;
};

/**
 * A full account from its first task on, in simulated time: the schedule says when to look, and all that it ever learns is
 * the last look that found a task running and the one that found it over.
 */
export function simulateLooks(options: SimulationOptions): { finished: FinishedTask[]; latency: Latency } {
  const { durations, tasks, slots = 24, latency = createLatency() } = options;
  const random = randomFrom(options.seed);
  const schedule = createSchedule(latency);
  const running: Running[] = [];
  const finished: FinishedTask[] = [];
  let begun = 0;

  function begin(startedAt: number): void {
    const n = begun;
    begun += 1;
    const durationMs = durations(random, Math.min(1, n / tasks));
    const seed = `${options.seed}/${n}`;
    const nextMs = schedule.nextLookMs({ ageMs: 0, seed });
    const coveredAtStart = covers(0, durationMs);
    running.push({ n, startedAt, durationMs, seed, ageMs: 0, nextMs, looks: 0, coveredAtStart, coveredLater: null });
  }

  function covers(ageMs: number, durationMs: number): boolean | null {
    const low = latency.remaining(ageMs, 0.1);
    const high = latency.remaining(ageMs, 0.9);
    return low === null || high === null ? null : durationMs >= ageMs + low && durationMs <= ageMs + high;
  }

  for (let slot = 0; slot < slots; slot += 1) begin(slot * 200);
  while (finished.length < tasks) {
    let next = 0;
    for (let i = 1; i < running.length; i += 1) if (lookAt(running[i]) < lookAt(running[next])) next = i;
    const task = running[next];
    if (task === undefined) break;
    const now = lookAt(task);
    task.looks += 1;
    if (task.durationMs > task.nextMs) {
      task.ageMs = task.nextMs;
      if (task.coveredLater === null && task.looks === 3) task.coveredLater = covers(task.ageMs, task.durationMs);
      task.nextMs = schedule.nextLookMs({ ageMs: task.ageMs, seed: task.seed });
      continue;
    }
    latency.observe({ lowerMs: task.ageMs, upperMs: task.nextMs });
    running.splice(next, 1);
    if (task.n < tasks) finished.push({ ...task, delayMs: task.nextMs - task.durationMs });
    begin(now);
  }
  return { finished: finished.toSorted((a, b) => a.n - b.n), latency };
}

function lookAt(task: Running | undefined): number {
  return task === undefined ? Infinity : task.startedAt + task.nextMs;
}

export type LookFigures = {
  /** A task. */
  looks: number;
  meanDelayMs: number;
  p99DelayMs: number;
  /** Share found later than three times the wanted mean. */
  late: number;
  longestDelayMs: number;
  /** Looks a task of a fixed poll with the same mean delay at the same tasks. */
  fixedLooks: number;
  coveredAtStart: number;
  coveredLater: number;
};

export function figuresOf(finished: readonly FinishedTask[]): LookFigures {
  const mean = (of: (task: FinishedTask) => number): number =>
    finished.reduce((sum, task) => sum + of(task), 0) / finished.length;
  const share = (of: (task: FinishedTask) => boolean | null): number => {
    const given = finished.filter((task) => of(task) !== null);
    return given.filter(of).length / given.length;
  };
  const delays = finished.map((task) => task.delayMs).toSorted((a, b) => a - b);
  const meanDelayMs = mean((task) => task.delayMs);
  const gapMs = fixedGapMs(finished, meanDelayMs);
  return {
    looks: mean((task) => task.looks),
    meanDelayMs,
    p99DelayMs: delays[Math.ceil(delays.length * 0.99) - 1] ?? NaN,
    late: mean((task) => (task.delayMs > 3 * defaultAim.wantedDelayMs ? 1 : 0)),
    longestDelayMs: delays.at(-1) ?? NaN,
    fixedLooks: mean((task) => Math.ceil(task.durationMs / gapMs)),
    coveredAtStart: share((task) => task.coveredAtStart),
    coveredLater: share((task) => task.coveredLater),
  };
}

/** The gap of a fixed poll whose mean delay is the same: about twice as long. */
function fixedGapMs(finished: readonly FinishedTask[], meanDelayMs: number): number {
  const delayOf = (gapMs: number): number =>
    finished.reduce((sum, { durationMs }) => sum + Math.ceil(durationMs / gapMs) * gapMs - durationMs, 0) /
    finished.length;
  let [low, high] = [meanDelayMs, 4 * meanDelayMs];
  while (high - low > 0.01) {
    const middle = (low + high) / 2;
    if (delayOf(middle) < meanDelayMs) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
