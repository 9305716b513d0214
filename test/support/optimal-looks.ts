/** A distribution of durations as its probability to be over at an age in ms. */
export type Over = (ageMs: number) => number;

export function logNormalOver(medianMs: number, sigma: number): Over {
  return (ageMs) => (ageMs <= 0 ? 0 : normalOver(Math.log(ageMs / medianMs) / sigma));
}

export type OptimalLooks = { looks: number; meanDelayMs: number; late: number };

/**
 * The fewest looks that anybody could manage who knows the distribution: dynamic programming over ages, backwards from
 * `endMs`, with the price of a ms of delay chosen so that the mean delay is as wanted (and one of lateness, of delays over
 * `limitMs`, so that its share is kept). Ages lie on a grid of `gridMs`.
 */
export function optimalLooks(options: {
  over: Over;
  endMs: number;
  gridMs: number;
  meanDelayMs: number;
  limitMs: number;
  lateShare: number;
}): OptimalLooks {
  const size = Math.ceil(options.endMs / options.gridMs);
  const running = Float64Array.from({ length: size + 1 }, (_, i) => 1 - options.over(i * options.gridMs));
  const sums = new Float64Array(size + 1);
  for (let i = 1; i <= size; i += 1) {
    sums[i] = read(sums, i - 1) + (read(running, i - 1) - read(running, i)) * (i - 0.5) * options.gridMs;
  }
  const grid: Grid = {
    gridMs: options.gridMs,
    size,
    running,
    sums,
    limit: Math.round(options.limitMs / options.gridMs),
  };
  const keepMean = (latePrice: number): OptimalLooks => {
    let [low, high] = [1e-6, 1];
    let found = solve(grid, high, latePrice);
    while (high / low > 1.004) {
      const middle = Math.sqrt(low * high);
      const tried = solve(grid, middle, latePrice);
      if (tried.meanDelayMs > options.meanDelayMs) low = middle;
      else [high, found] = [middle, tried];
    }
    return found;
  };
  let best = keepMean(0);
  if (best.late <= options.lateShare) return best;
  let [low, high] = [0, 8];
  while (high - low > 0.1) {
    const middle = (low + high) / 2;
    const tried = keepMean(2 ** middle);
    if (tried.late > options.lateShare) low = middle;
    else [high, best] = [middle, tried];
  }
  return best;
}

type Grid = { gridMs: number; size: number; running: Float64Array; sums: Float64Array; limit: number };

const read = (table: Float64Array | Int32Array, i: number): number => table[i] ?? 0;

function solve(grid: Grid, delayPrice: number, latePrice: number): OptimalLooks {
  const { size, running } = grid;
  const costs = new Float64Array(size + 1);
  const next = new Int32Array(size + 1);
  for (let i = size - 1; i >= 0; i -= 1) {
    let least = Infinity;
    for (let j = i + 1; j <= size; j += 1) {
      const cost =
        read(running, i) + delayPrice * delayOf(grid, i, j) + latePrice * lateOf(grid, i, j) + read(costs, j);
      if (cost < least) {
        least = cost;
        next[i] = j;
      } else if (cost > 1.1 * least + 0.2) break;
    }
    costs[i] = least;
  }
  const result: OptimalLooks = { looks: 0, meanDelayMs: 0, late: 0 };
  for (let i = 0; i < size; i = read(next, i)) {
    const j = read(next, i);
    result.looks += read(running, i);
    result.meanDelayMs += delayOf(grid, i, j);
    result.late += lateOf(grid, i, j);
  }
  return result;
}

/** The delay of tasks that end between two looks, and the share of all tasks that it is too long for. */
function delayOf({ gridMs, running, sums }: Grid, i: number, j: number): number {
  return j * gridMs * (read(running, i) - read(running, j)) - (read(sums, j) - read(sums, i));
}

function lateOf({ running, limit }: Grid, i: number, j: number): number {
  return j - i > limit ? read(running, i) - read(running, j - limit) : 0;
}

/** The normal distribution's probability below x, by its series; exact to about 1e-12 within ±7. */
function normalOver(x: number): number {
  if (x < -7) return 0;
  if (x > 7) return 1;
  let term = x;
  let sum = x;
  for (let k = 3; Math.abs(term) > 1e-16 * Math.abs(sum); k += 2) {
    term *= (x * x) / k;
    sum += term;
  }
  return 0.5 + (sum * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI);
}
