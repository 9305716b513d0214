import { at, cellCount, cellWidth, cumulate, edges } from './log-axis.js';

/** A distribution over the axis with its running sum. */
export type Distribution = {
  /** Probability of each cell; what is missing to 1 lies beyond the axis. */
  mass: Float64Array;
  /** Probability to be over by each edge. */
  over: Float64Array;
};

/** Working space: smoothing is done a hundred times a second, and what is allocated must be collected. */
const scratch = [new Float64Array(cellCount), new Float64Array(cellCount), new Float64Array(cellCount)] as const;

/**
 * Spreads counts of cells over their neighbours, into `mass`, whose sum becomes 1. `width` is in the logarithm of the age, so
 * about a part of the duration. The kernel is a Gaussian less the error that a Gaussian makes (twicing, Stuetzle and Mittal
 * 1979): a plain one makes every distribution wider than it is, and each per cent of width is a per cent of looks.
 */
export function smooth(counts: Float64Array, width: number, mass: Float64Array): void {
  const cells = width / cellWidth;
  // A Gaussian of so many cells, nearly: three running means, which take the same time for every width.
  const half = Math.max(1, Math.round((Math.sqrt(4 * cells * cells + 1) - 1) / 2));
  let first = 0;
  let last = cellCount - 1;
  while (first < last && at(counts, first) === 0) first += 1;
  while (last > first && at(counts, last) === 0) last -= 1;
  first = Math.max(0, first - 6 * half);
  last = Math.min(cellCount - 1, last + 6 * half);
  const [once, twice, other] = scratch;
  const range = { first, last, half };
  runningMean(counts, once, range);
  runningMean(once, other, range);
  runningMean(other, once, range);
  runningMean(once, twice, range);
  runningMean(twice, other, range);
  runningMean(other, twice, range);
  mass.fill(0);
  let sum = 0;
  for (let cell = first; cell <= last; cell += 1) {
    const value = Math.max(0, 2 * at(once, cell) - at(twice, cell));
    mass[cell] = value;
    sum += value;
  }
  for (let cell = first; cell <= last; cell += 1) mass[cell] = at(mass, cell) / sum;
}

/** The mean of each cell and `half` cells on either side; what lies out of the range counts as nothing. */
function runningMean(
  from: Float64Array,
  to: Float64Array,
  { first, last, half }: { first: number; last: number; half: number },
): void {
  const scale = 1 / (2 * half + 1);
  let sum = 0;
  for (let cell = first; cell < Math.min(first + half, last + 1); cell += 1) sum += at(from, cell);
  for (let cell = first; cell <= last; cell += 1) {
    if (cell + half <= last) sum += at(from, cell + half);
    to[cell] = sum * scale;
    if (cell - half >= first) sum -= at(from, cell - half);
  }
}

/** Sets `mass` to the exponential distribution of the counts' mean: the one for which evenly spaced looks are the best. */
export function memoryless(counts: Float64Array, mass: Float64Array): void {
  let total = 0;
  let weighted = 0;
  for (let cell = 0; cell < cellCount; cell += 1) {
    total += at(counts, cell);
    weighted += (at(counts, cell) * (at(edges, cell) + at(edges, cell + 1))) / 2;
  }
  let before = 1;
  for (let cell = 0; cell < cellCount; cell += 1) {
    const after = Math.exp((-at(edges, cell + 1) * total) / weighted);
    mass[cell] = before - after;
    before = after;
  }
}

/** The mean of distributions by weights that sum up to 1. */
export function mixture(parts: readonly { mass: Float64Array; weight: number }[]): Distribution {
  const mixed = new Float64Array(cellCount);
  for (const { mass, weight } of parts) {
    for (let cell = 0; cell < cellCount; cell += 1) mixed[cell] = at(mixed, cell) + weight * at(mass, cell);
  }
  return { mass: mixed, over: cumulate(mixed) };
}
