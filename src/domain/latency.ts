import { axis, ageWhere, cumulate, positionOf, rises, valueAt } from './log-axis.js';
import { memoryless, mixture, smooth, type Distribution } from './smooth.js';

const { cellCount, edges } = axis;

/**
 * One finished task: it was still running at the age of `lowerMs` (0 if nobody had looked before) and was over at
 * `upperMs`. Equal where the provider told the moment. Both count from when the provider accepted the task.
 */
export type RunTime = { lowerMs: number; upperMs: number };

/** Of finished tasks, in ms; `samples` is how many there were. */
export type LatencySummary = { p50Ms: number; p95Ms: number; p99Ms: number; samples: number };

/** How long the next task may take. */
export type Forecast = Distribution & {
  /** From 1 (nothing is known, or the provider has just changed) to 0: how little the rest is to be relied on. */
  ignorance: number;
};

/** How long the tasks of one model and size take. */
export type Latency = {
  /** Takes finished tasks one by one, in the order of finishing. */
  observe(runTime: RunTime): void;
  /** Rises whenever the forecast has changed enough for a plan to be made anew. */
  version(): number;
  forecast(): Forecast;
  /** Null before the first sample. */
  summary(): LatencySummary | null;
  /** The age in ms by which the share `p` (0 to 1) of the tasks is over; null before the first sample. */
  quantile(p: number): number | null;
  /**
   * In how many ms a task of that age is over with probability `p` (0 to 1); null before the first sample. From 0.1 to 0.9
   * it is the interval that eight tasks in ten end in.
   */
  remaining(ageMs: number, p: number): number | null;
};

/**
 * The views of the past: about so many of the newest samples (`memory`), told apart so finely (`widths`, see smooth). Null
 * is the memoryless view: as long as nothing speaks against it, looks stay evenly spaced. Which view is right shows in how
 * well it foretells the next sample; so nobody has to say when a provider changes, nor how many peaks its durations have.
 */
const views: readonly { memory: number; every: number; widths: readonly (number | null)[] }[] = [
  { memory: 12, every: 3, widths: [0.25, 0.5] },
  { memory: 100, every: 10, widths: [0.06, 0.12, 0.25, 0.5, null] },
  { memory: 1_000, every: 50, widths: [0.03, 0.06, 0.12, 0.25, null] },
];
/** The part of all trust that is dealt out anew at each sample, so that a view that was wrong for long can come back. */
const dealtAnew = 0.001;
const dealtAnewAtFirst = 0.3;
/** Of what is dealt, and of the trust at the beginning, the part of those who say that nothing is known. */
const unknownShare = 0.1;
const unknownAtFirst = 0.5;
/** Each view leaves room for what it never saw, as if it had seen this many samples anywhere. */
const unseen = 0.25;
/** Before so many samples ignorance ends slowly: in a burst the short tasks are over first, and they look like all. */
const apprenticeship = 48;

/** Any duration: half of them below 15 s; a task that has outlived all that is known may as well take as long again. */
const unknownOver = edges.map((age) => age / (age + 15_000));
const unknown: Distribution = { mass: rises(unknownOver), over: unknownOver };

type Expert = Distribution & { width: number | null; trust: number };
type View = {
  memory: number;
  /** Made anew after so many samples, or when a tenth is new. */
  every: number;
  /** Samples by cell, each weighing `unit` when it came; older ones thereby less. */
  counts: Float64Array;
  total: number;
  unit: number;
  seen: number;
  /** Samples since the experts were refreshed. */
  fresh: number;
  experts: readonly Expert[];
};

/**
 * Learns from intervals between two looks as well as from exact times. An interval is spread over its cells as the forecast
 * says; its end would be the moment of detection, which is always too late. The forecast is the mean of all views by trust,
 * each sample multiplying the trust in a view by the probability that the view had given it (fixed share: Herbster and
 * Warmuth 1998). Costs some µs a sample.
 */
export function createLatency(): Latency {
  const all = views.map(({ memory, every, widths }): View => {
    const counts = new Float64Array(cellCount);
    return { memory, every, counts, total: 0, unit: 1, seen: 0, fresh: 0, experts: widths.map(newExpert) };
  });
  const experts = all.flatMap((view) => view.experts);
  for (const expert of experts) expert.trust = (1 - unknownAtFirst) / experts.length;
  let unknownTrust = unknownAtFirst;
  let samples = 0;
  let samplesAtVersion = 0;
  let version = 0;
  let forecast: Forecast = { ...unknown, ignorance: 1 };
  /** The forecast without what was never seen; made when asked for. */
  let seen: { version: number; over: Float64Array } | null = null;

  /** Moves trust to those who expected an end within these positions; answers how probable the forecast had called it. */
  function judge(from: number, to: number): number {
    // An exact time counts as one cell, so that it is a probability too.
    const low = to - from < 1 ? Math.max(0, (from + to - 1) / 2) : from;
    const high = to - from < 1 ? Math.min(cellCount, low + 1) : to;
    const chance = ({ over }: Distribution): number => valueAt(over, high) - valueAt(over, low) + 1e-9;
    unknownTrust *= chance(unknown);
    let sum = unknownTrust;
    for (const expert of experts) {
      expert.trust *= chance(expert);
      sum += expert.trust;
    }
    const dealt = Math.max(dealtAnew, dealtAnewAtFirst / (samples + 1));
    unknownTrust = ((1 - dealt) * unknownTrust) / sum + dealt * unknownShare;
    const each = (dealt * (1 - unknownShare)) / experts.length;
    for (const expert of experts) expert.trust = ((1 - dealt) * expert.trust) / sum + each;
    return chance(forecast);
  }

  function count(from: number, to: number): void {
    const first = Math.min(cellCount - 1, Math.floor(from));
    const last = Math.min(cellCount - 1, Math.max(first, Math.ceil(to) - 1));
    const part = (cell: number): number => {
      const covered = first === last ? 1 : Math.min(to, cell + 1) - Math.max(from, cell);
      return ((forecast.mass[cell] ?? 0) + 1e-12) * covered;
    };
    let sum = 0;
    for (let cell = first; cell <= last; cell += 1) sum += part(cell);
    for (const view of all) {
      view.unit /= 1 - 1 / view.memory;
      view.total += view.unit;
      view.seen += 1;
      view.fresh += 1;
      const { counts, unit } = view;
      for (let cell = first; cell <= last; cell += 1) counts[cell] = (counts[cell] ?? 0) + (unit * part(cell)) / sum;
    }
  }

  return {
    observe({ lowerMs, upperMs }) {
      if (!(lowerMs >= 0 && upperMs >= lowerMs && upperMs < Infinity)) {
        throw new RangeError(
          `A run time must be 0 <= lowerMs <= upperMs, finite; ${lowerMs} and ${upperMs} were given.`,
        );
      }
      const from = positionOf(lowerMs);
      const to = positionOf(upperMs);
      const expected = judge(from, to);
      count(from, to);
      samples += 1;
      for (const view of all) if (view.fresh >= Math.min(view.every, view.seen / 10)) refresh(view);
      const ignorance = Math.max(unknownTrust, 1 - samples / apprenticeship);
      const surprised = expected < 1e-3 || Math.abs(ignorance - forecast.ignorance) > 0.03;
      if (!surprised && (samples - samplesAtVersion) * 50 < Math.min(samples, 1_000)) return;
      const known = experts.map(({ mass, trust }) => ({ mass, weight: trust }));
      forecast = { ...mixture([...known, { mass: unknown.mass, weight: unknownTrust }]), ignorance };
      samplesAtVersion = samples;
      version += 1;
    },
    version: () => version,
    forecast: () => forecast,
    summary() {
      if (samples === 0) return null;
      const over = overOfSeen();
      const rounded = (p: number): number => Math.round(ageWhere(over, p * (over[cellCount] ?? 0)));
      return { p50Ms: rounded(0.5), p95Ms: rounded(0.95), p99Ms: rounded(0.99), samples };
    },
    quantile(p) {
      if (samples === 0) return null;
      const over = overOfSeen();
      return ageWhere(over, p * (over[cellCount] ?? 0));
    },
    remaining(ageMs, p) {
      if (samples === 0) return null;
      const over = valueAt(forecast.over, positionOf(ageMs));
      return Math.max(0, ageWhere(forecast.over, over + p * (1 - over)) - ageMs);
    },
  };

  function overOfSeen(): Float64Array {
    if (seen?.version !== version) {
      const parts = all.flatMap((view) => view.experts.map(({ mass, trust }) => ({ mass, weight: trust, view })));
      const room = parts.reduce((sum, { weight, view }) => sum + weight * roomOf(view), 0);
      seen = { version, over: mixture([...parts, { mass: unknown.mass, weight: -room }]).over };
    }
    return seen.over;
  }
}

function newExpert(width: number | null): Expert {
  return { mass: unknown.mass.slice(), over: unknown.over.slice(), width, trust: 0 };
}

/** The part of a view's forecast that is left for what it never saw. */
function roomOf({ total, unit }: View): number {
  return unseen / (total / unit + unseen);
}

function refresh(view: View): void {
  const { counts, unit } = view;
  for (let cell = 0; cell < cellCount; cell += 1) counts[cell] = (counts[cell] ?? 0) / unit;
  view.total /= unit;
  view.unit = 1;
  view.fresh = 0;
  const room = roomOf(view);
  for (const { width, mass, over } of view.experts) {
    if (width === null) memoryless(counts, mass);
    else smooth(counts, view.total, width, mass);
    for (let cell = 0; cell < cellCount; cell += 1) {
      mass[cell] = (1 - room) * (mass[cell] ?? 0) + room * (unknown.mass[cell] ?? 0);
    }
    cumulate(mass, over);
  }
}
