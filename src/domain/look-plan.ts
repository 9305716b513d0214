import type { Forecast } from './latency.js';
import { axis, ageWhere, cumulate } from './log-axis.js';
import { outcomeOf, type LookOutcome, type LookPlan } from './look-outcome.js';

const { cellCount, edges, spans } = axis;

/** What the looks are to achieve, in ms. */
export type LookAim = {
  /** Wanted mean time from the end of a task to the look that finds it. */
  wantedDelayMs: number;
  /** The shortest and the longest time between two looks. */
  floorMs: number;
  capMs: number;
};

/** One task in a hundred may be found later than three times the wanted mean; a little is kept for what is not yet known. */
const lateFactor = 3;
const lateShare = 0.0085;
/** Aimed at, of the wanted mean: the rest is for the same reason. */
const aimedAt = 0.95;
/** Where the first look may be due, in looks. A late first look saves looks, unless some tasks end at once. */
const firsts = [1.25, 1, 0.75, 0.25] as const;
/** Where the search begins: looks every 2 × the mean, of which each finds one task in twenty. */
const priceAtFirst = 0.5;
/** Beyond the age that so many tasks stay below, gaps stay below the limit of lateness up to this many times that age. */
const tailFrom = 0.97;
const tailFactor = 8;
/** Where nothing is known, looks are evenly spaced up to this age, then ever less: a stuck task is not polled for ever. */
const steadyUntilMs = 60_000;

type Candidate = { plan: LookPlan; outcome: LookOutcome };
/** The price of a ms of delay and of a late task, in looks. */
type Prices = { delay: number; late: number };

/** The plan with the fewest looks that keeps the mean and the lateness, if the forecast is right. Takes 1 to 2 ms. */
export function planLooks(forecast: Forecast, aim: LookAim): LookPlan {
  const spacing = spacingFor(forecast, aim);
  const targetMs = aimedAt * aim.wantedDelayMs;
  const prices = { delay: priceAtFirst / targetMs, late: 0 };

  /** The plan for this price of lateness, with the price of delay that keeps the mean. */
  function keepMean(first: number, late: number): Candidate {
    let [low, high] = [0, Infinity];
    prices.late = late;
    for (let turn = 0; ; turn += 1) {
      const plan = { looks: spacing(prices), first };
      const outcome = outcomeOf(plan, forecast, lateFactor * aim.wantedDelayMs);
      const excess = outcome.delayMs / targetMs;
      if (Math.abs(excess - 1) < 0.008 || turn === 16) return { plan, outcome };
      if (excess > 1) low = prices.delay;
      else high = prices.delay;
      // The delay falls with the root of its price, or more slowly.
      const next = prices.delay * excess ** 2;
      const useful = (next > low && next < high && turn < 6) || low === 0 || high === Infinity;
      prices.delay = useful ? next : Math.sqrt(low * high);
    }
  }

  /** The least price of lateness that keeps its share. */
  function keepBoth(first: number): Candidate & { late: number } {
    let best = { ...keepMean(first, 0), late: 0 };
    if (best.outcome.late <= lateShare) return best;
    let [low, high] = [0, 8];
    for (let turn = 0; turn < 6; turn += 1) {
      const middle = (low + high) / 2;
      const tried = { ...keepMean(first, 2 ** middle), late: 2 ** middle };
      const good = tried.outcome.late <= lateShare;
      if (good) high = middle;
      else low = middle;
      if (good || tried.outcome.late < best.outcome.late) best = tried;
    }
    return best;
  }

  let best = keepBoth(firsts[0]);
  for (const first of firsts.slice(1)) {
    // The price hardly depends on the first look, unless one of them needs none.
    const free = { ...keepMean(first, 0), late: 0 };
    const kept = free.outcome.late <= lateShare || best.late === 0;
    const tried = kept ? free : { ...keepMean(first, best.late), late: best.late };
    if (isBetter(tried.outcome, best.outcome)) best = tried;
  }
  return best.plan;
}

function isBetter(one: LookOutcome, other: LookOutcome): boolean {
  if (other.late > lateShare) return one.late < other.late;
  return one.late <= lateShare && one.looks < other.looks;
}

/**
 * The spacing of looks for given prices, as looks due by each edge. With the hazard h, the price of delay λ and of lateness
 * μ, a gap g costs 1/g + h·(λ·g/2 + μ·(1 − limit/g)⁺) a ms. Without μ the least is at g = √(2/(λ·h)), that is Keller's density
 * √(λ·h/2); with it, gaps beyond the limit shrink towards the limit where many would be late.
 */
function spacingFor(forecast: Forecast, { wantedDelayMs, floorMs, capMs }: LookAim): (prices: Prices) => Float64Array {
  const { over, ignorance } = forecast;
  const limitMs = lateFactor * wantedDelayMs;
  const tailMs = ageWhere(over, tailFrom);
  const hazards = new Float64Array(cellCount);
  const longest = new Float64Array(cellCount);
  const steady = new Float64Array(cellCount);
  for (let cell = 0; cell < cellCount; cell += 1) {
    const age = edges[cell] ?? 0;
    const running = Math.max(1e-12, 1 - (over[cell] ?? 0));
    const after = Math.max(1e-12, 1 - (over[cell + 1] ?? 0));
    hazards[cell] = Math.max(1e-12, Math.log(running / after) / (spans[cell] ?? 0));
    longest[cell] = age < tailMs ? capMs : Math.min(capMs, limitMs * Math.max(1, age / (tailFactor * tailMs)));
    steady[cell] = ignorance / (2 * wantedDelayMs * Math.max(1, Math.sqrt(age / steadyUntilMs)));
  }
  const densities = new Float64Array(cellCount);
  return (prices) => {
    for (let cell = 0; cell < cellCount; cell += 1) {
      const hazard = hazards[cell] ?? 0;
      let square = 2 / (prices.delay * hazard);
      if (square > limitMs * limitMs) {
        square *= Math.max(0, 1 - limitMs * prices.late * hazard);
        square = Math.max(limitMs * limitMs, square);
      }
      const gap = Math.min(longest[cell] ?? 0, Math.sqrt(square));
      const density = (1 - ignorance) / gap + (steady[cell] ?? 0);
      densities[cell] = (spans[cell] ?? 0) * Math.min(1 / floorMs, Math.max(1 / capMs, density));
    }
    return cumulate(densities);
  };
}
