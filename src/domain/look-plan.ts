import { at, between, cellCount, edges, positionOf, reach } from './log-axis.js';
import type { Forecast } from './latency.js';

/** What looks are to achieve. */
export type LookWish = {
  /** Wanted mean time in ms from a task's end to the look that finds it. */
  wantedDelayMs: number;
  /** Bounds in ms of the time between two looks. */
  floorMs: number;
  capMs: number;
};

/** At each edge of the axis, how many looks a task of that age should have had; the first is due at `first` to `first` + 1. */
export type LookPlan = { looks: Float64Array; first: number };

export type Outcome = { delayMs: number; late: number; looks: number };

/** Share of tasks that may be found later than three times the wanted mean. */
const lateShare = 0.008;
const lateFactor = 3;
/** The mean is aimed at a little below what is wanted: for what is not yet learned. */
const aim = 0.95;

export function planLooks(forecast: Forecast, wish: LookWish): LookPlan {
  const hazards = hazardsOf(forecast);
  const limitMs = lateFactor * wish.wantedDelayMs;
  const target = aim * wish.wantedDelayMs;
  const search = (first: number): { plan: LookPlan; outcome: Outcome } => {
    let price = 2 / (target * target * 4 * 0.0001);
    const solve = (penalty: number): { plan: LookPlan; outcome: Outcome } => {
      let low = -Infinity;
      let high = Infinity;
      let plan = { looks: densities(hazards, forecast, wish, price, penalty), first };
      let outcome = outcomeOf(plan, forecast, limitMs);
      for (let i = 0; i < 20 && Math.abs(outcome.delayMs / target - 1) > 0.005; i += 1) {
        const x = Math.log(price);
        if (outcome.delayMs > target) low = x;
        else high = x;
        // The delay falls about as the root of the price.
        let next = x + 2 * Math.log(outcome.delayMs / target);
        if (next <= low || next >= high) next = (low + high) / 2;
        if (i > 6 && low > -Infinity && high < Infinity) next = (low + high) / 2;
        price = Math.exp(next);
        plan = { looks: densities(hazards, forecast, wish, price, penalty), first };
        outcome = outcomeOf(plan, forecast, limitMs);
      }
      return { plan, outcome };
    };
    let best = solve(0);
    if (best.outcome.late <= lateShare) return best;
    let low = 0;
    let high = 9;
    for (let i = 0; i < 7; i += 1) {
      const middle = (low + high) / 2;
      const tried = solve(2 ** middle);
      if (tried.outcome.late <= lateShare) {
        high = middle;
        best = tried;
      } else {
        low = middle;
        if (best.outcome.late > tried.outcome.late) best = tried;
      }
    }
    return best;
  };
  const eager = search(1);
  if (eager.outcome.late <= lateShare * 1.001) return eager.plan;
  const careful = search(0);
  return careful.outcome.late < eager.outcome.late ? careful.plan : eager.plan;
}

function hazardsOf({ cumulative }: Forecast): Float64Array {
  const hazards = new Float64Array(cellCount);
  for (let cell = 0; cell < cellCount; cell += 1) {
    const running = Math.max(1e-12, 1 - at(cumulative, cell));
    const after = Math.max(1e-12, 1 - at(cumulative, cell + 1));
    hazards[cell] = Math.log(running / after) / (at(edges, cell + 1) - at(edges, cell));
  }
  return hazards;
}

function densities(
  hazards: Float64Array,
  forecast: Forecast,
  wish: LookWish,
  price: number,
  penalty: number,
): Float64Array {
  const { wantedDelayMs, floorMs, capMs } = wish;
  const limitMs = lateFactor * wantedDelayMs;
  const looks = new Float64Array(cellCount + 1);
  for (let cell = 0; cell < cellCount; cell += 1) {
    const begin = at(edges, cell);
    const end = at(edges, cell + 1);
    const hazard = Math.max(1e-12, at(hazards, cell));
    let gap = Math.sqrt(2 / (price * hazard));
    if (gap > limitMs) {
      gap = Math.max(limitMs, Math.sqrt((2 * Math.max(0, 1 - limitMs * penalty * hazard)) / (price * hazard)));
    }
    const steady = 2 * wantedDelayMs * Math.max(1, Math.sqrt(begin / 60_000));
    const density = (1 - forecast.ignorance) / gap + forecast.ignorance / steady;
    looks[cell + 1] = at(looks, cell) + (end - begin) * Math.min(1 / floorMs, Math.max(1 / capMs, density));
  }
  return looks;
}

/** What a plan achieves if the forecast is right: exact for looks one apart from a first one that is equally likely anywhere. */
export function outcomeOf({ looks, first }: LookPlan, { mass }: Forecast, limitMs: number): Outcome {
  // sums: the integral of looks over the age, for the mean of a time that is uniform in looks.
  const sums = new Float64Array(cellCount + 1);
  for (let cell = 0; cell < cellCount; cell += 1) {
    const width = at(edges, cell + 1) - at(edges, cell);
    sums[cell + 1] = at(sums, cell) + (width * (at(looks, cell) + at(looks, cell + 1))) / 2;
  }
  const integral = (cell: number, age: number, value: number): number =>
    at(sums, cell) + ((age - at(edges, cell)) * (at(looks, cell) + value)) / 2;
  const result: Outcome = { delayMs: 0, late: 0, looks: 0 };
  let near = 0;
  let far = 0;
  let limit = 0;
  const seek = (cell: number, value: number): number => {
    let found = cell;
    while (found < cellCount - 1 && at(looks, found + 1) < value) found += 1;
    return found;
  };
  const ageOf = (cell: number, value: number): number => {
    const low = at(looks, cell);
    const begin = at(edges, cell);
    return begin + ((value - low) / (at(looks, cell + 1) - low)) * (at(edges, cell + 1) - begin);
  };
  for (let cell = 0; cell < cellCount; cell += 1) {
    const weight = at(mass, cell);
    const age = (at(edges, cell) + at(edges, cell + 1)) / 2;
    const had = (at(looks, cell) + at(looks, cell + 1)) / 2;
    const from = Math.max(had, first);
    near = seek(Math.max(near, cell), from);
    far = seek(Math.max(far, near), from + 1);
    const start = ageOf(near, from);
    const end = ageOf(far, from + 1);
    const wait = (1 + from) * (end - start) - (integral(far, end, from + 1) - integral(near, start, from));
    result.delayMs += weight * (start - age + wait);
    while (limit < cellCount - 1 && at(edges, limit + 1) < age + limitMs) limit += 1;
    const width = at(edges, limit + 1) - at(edges, limit);
    const reached =
      at(looks, limit) + ((age + limitMs - at(edges, limit)) / width) * (at(looks, limit + 1) - at(looks, limit));
    result.late += weight * Math.min(1, Math.max(0, 1 - Math.max(0, reached - from)));
    result.looks += weight * (1 + Math.max(0, had - first));
  }
  return result;
}

/** The age in ms of the look after one at `ageMs`, or of the first; `seed` is from 0 to 1. */
export function lookAfter({ looks, first }: LookPlan, ageMs: number, seed: number): number {
  const had = between(looks, positionOf(ageMs));
  const due = had + 0.25 < first + seed ? first + seed : had + 1;
  const position = reach(looks, due);
  const begin = Math.min(cellCount - 1, Math.floor(position));
  return at(edges, begin) + (position - begin) * (at(edges, begin + 1) - at(edges, begin));
}
