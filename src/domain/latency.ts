import { ageAt, at, between, cellCount, cellWidth, edges, positionOf, reach } from './log-axis.js';
import { smooth } from './smooth.js';

/** A task was still running at the age of `lowerMs` and was over at `upperMs`; equal where the provider told the moment. */
export type RunTime = { lowerMs: number; upperMs: number };

export type LatencySummary = { p50Ms: number; p95Ms: number; p99Ms: number; samples: number };

/** What the next task's duration may be, cell by cell of the axis. */
export type Forecast = {
  /** Probability of each cell; what is missing to 1 lies beyond the axis. */
  mass: Float64Array;
  /** Probability to be over by each edge. */
  cumulative: Float64Array;
  /** From 1 (nothing known, or the provider has just changed) to 0: how little the samples can be trusted. */
  ignorance: number;
};

export type Latency = {
  /** Takes one finished task, in the order of finishing. */
  observe(runTime: RunTime): void;
  /** Rises when the forecast has changed enough for plans to be made anew. */
  version(): number;
  forecast(): Forecast;
  /** Of the samples alone; null before the first. */
  summary(): LatencySummary | null;
  /** The age in ms by which the share `p` (0 to 1) of the tasks are over; null before the first sample. */
  quantile(p: number): number | null;
  /** Ms from now by which a task of this age is over with probability `p` (0 to 1); null before the first sample. */
  remaining(ageMs: number, p: number): number | null;
};

/**
 * How many samples are remembered (each a little less than the one after it) and how finely they are told apart (the
 * kernel's width, in parts of the duration). Which of them is right at present shows in how well it foretells the next
 * sample; so nobody has to say when a provider changes, nor whether its durations have one peak or two.
 */
const views = [
  { memory: 12, widths: [0.12, 0.35] },
  { memory: 100, widths: [0.06, 0.12, 0.25] },
  { memory: 1_000, widths: [0.02, 0.04, 0.08, 0.16] },
];
/** Part of the trust that is shared out anew at each sample, so that a view that was wrong for long can come back. */
const share = 0.004;
/** The unknown: as many samples as this anywhere, as 15 s / (15 s + age) says. Without it no surprise were possible. */
const unknownWeight = 0.5;
const unknownMedianMs = 15_000;

type View = { memory: number; counts: Float64Array; total: number; pending: number; seen: number; experts: Expert[] };
type Expert = { width: number; trust: number; share: number; mass: Float64Array; cumulative: Float64Array };

const unknown = tableOf(edges.map((age) => age / (age + unknownMedianMs)));

/**
 * The durations of one model and size, learned from finished tasks, mostly known as intervals between two looks. Several
 * views of the past are kept, each with its trust (experts with a fixed share: Herbster and Warmuth 1998); the forecast is
 * their mean. An interval is spread over its cells as the forecast says, never taken as its end, which would be too late.
 */
export function createLatency(): Latency {
  const state = views.map(({ memory, widths }): View => {
    const experts = widths.map((width): Expert => ({
      width,
      trust: 0,
      share: 1 / 10,
      mass: unknown.mass,
      cumulative: unknown.cumulative,
    }));
    return { memory, counts: new Float64Array(cellCount), total: 0, pending: 0, seen: 0, experts };
  });
  const experts = state.flatMap((view) => view.experts);
  let ignorance = 1;
  let samples = 0;
  let planned = 0;
  let version = 0;
  let current: Forecast = { ...unknown, ignorance };

  function judge(from: number, to: number): number {
    // A moment is as wide as a cell: a density, as for the others.
    const low = to - from < 1 ? Math.max(0, (from + to - 1) / 2) : from;
    const high = Math.min(cellCount, to - from < 1 ? low + 1 : to);
    const chance = (cumulative: Float64Array): number => between(cumulative, high) - between(cumulative, low) + 1e-9;
    const before = chance(current.cumulative);
    const cold = chance(unknown.cumulative) * ignorance;
    let sum = cold;
    for (const expert of experts) {
      expert.trust *= chance(expert.cumulative);
      sum += expert.trust;
    }
    ignorance = ((1 - share) * cold) / sum + share * coldShare;
    for (const expert of experts) {
      expert.trust = ((1 - share) * expert.trust) / sum + (share * (1 - coldShare)) / experts.length;
    }
    return before;
  }

  function spread(from: number, to: number): void {
    const first = Math.min(cellCount - 1, Math.floor(from));
    const last = Math.min(cellCount - 1, Math.max(first, Math.ceil(to) - 1));
    let sum = 0;
    const part = (cell: number): number => {
      const width = last === first ? 1 : Math.min(to, cell + 1) - Math.max(from, cell);
      return (at(current.mass, cell) + 1e-12) * width;
    };
    for (let cell = first; cell <= last; cell += 1) sum += part(cell);
    for (const view of state) {
      view.total = view.total * (1 - 1 / view.memory) + 1;
      view.pending += 1;
      view.seen += 1;
      const { counts } = view;
      for (let cell = 0; cell < cellCount; cell += 1) counts[cell] = at(counts, cell) * (1 - 1 / view.memory);
      for (let cell = first; cell <= last; cell += 1) counts[cell] = at(counts, cell) + part(cell) / sum;
    }
  }

  function refresh(view: View): void {
    view.pending = 0;
    for (const expert of view.experts) {
      const mass = smooth(view.counts, expert.width / cellWidth);
      const weight = 1 / (view.total + unknownWeight);
      for (let cell = 0; cell < cellCount; cell += 1) {
        mass[cell] = (at(mass, cell) + unknownWeight * at(unknown.mass, cell)) * weight;
      }
      expert.mass = mass;
      expert.cumulative = cumulativeOf(mass);
    }
  }

  function mix(): void {
    const mass = new Float64Array(cellCount);
    const add = (other: Float64Array, weight: number): void => {
      for (let cell = 0; cell < cellCount; cell += 1) mass[cell] = at(mass, cell) + weight * at(other, cell);
    };
    for (const expert of experts) add(expert.mass, expert.trust);
    add(unknown.mass, ignorance);
    current = { mass, cumulative: cumulativeOf(mass), ignorance };
  }

  return {
    observe({ lowerMs, upperMs }) {
      const from = positionOf(Math.min(lowerMs, upperMs));
      const to = positionOf(Math.max(lowerMs, upperMs));
      const likelihood = judge(from, to);
      spread(from, to);
      samples += 1;
      for (const view of state) {
        if (view.pending * 12 >= Math.min(view.seen, view.memory)) refresh(view);
      }
      if (likelihood < 0.02 || (samples - planned) * 50 >= Math.min(samples, 1_000)) {
        planned = samples;
        version += 1;
        mix();
      }
    },
    version: () => version,
    forecast: () => current,
    summary() {
      if (samples === 0) return null;
      const p = (q: number): number => Math.round(ageAt(reach(current.cumulative, q)));
      return { p50Ms: p(0.5), p95Ms: p(0.95), p99Ms: p(0.99), samples };
    },
    quantile: (p) => (samples === 0 ? null : ageAt(reach(current.cumulative, p))),
    remaining(ageMs, p) {
      if (samples === 0) return null;
      const over = between(current.cumulative, positionOf(ageMs));
      return Math.max(0, ageAt(reach(current.cumulative, over + p * (1 - over))) - ageMs);
    },
  };
}

const coldShare = 0.1;

function tableOf(cumulative: Float64Array): { mass: Float64Array; cumulative: Float64Array } {
  const mass = new Float64Array(cellCount);
  for (let cell = 0; cell < cellCount; cell += 1) mass[cell] = at(cumulative, cell + 1) - at(cumulative, cell);
  return { mass, cumulative };
}

function cumulativeOf(mass: Float64Array): Float64Array {
  const cumulative = new Float64Array(cellCount + 1);
  for (let cell = 0; cell < cellCount; cell += 1) cumulative[cell + 1] = at(cumulative, cell) + at(mass, cell);
  return cumulative;
}
