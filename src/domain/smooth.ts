import { axis, cumulate } from './log-axis.js';

const { cellCount, cellWidth, edges } = axis;

/** A distribution over the axis with its running sum. */
export type Distribution = {
  /** Probability of each cell; what is missing to 1 lies beyond the axis. */
  mass: Float64Array;
  /** Probability to be over by each edge. */
  over: Float64Array;
};

/**
 * A cell with less than this part of all counts as empty. A task found over at its first look may have ended at any time
 * before; what its interval leaves in the cells where nobody looks is no evidence, and would earn its own share of the next.
 */
const negligible = 1e-4;

/** Working space: smoothing is done a hundred times a second, and what is allocated must be collected. */
const scratch = [new Float64Array(cellCount), new Float64Array(cellCount), new Float64Array(cellCount)] as const;

/**
 * Spreads counts of cells, `total` in all, over their neighbours, into `mass`, whose sum becomes 1. `width` is in the logarithm of the age, so
 * about a part of the duration. The kernel is a Gaussian less the error that a Gaussian makes (twicing, Stuetzle and Mittal
 * 1979): a plain one makes every distribution wider than it is, and each per cent of width is a per cent of looks.
 */
export function smooth(counts: Float64Array, total: number, width: number, mass: Float64Array): void {
  const cells = width / cellWidth;
  // A Gaussian of so many cells, nearly: three running means, which take the same time for every width.
  const half = Math.max(1, Math.round((Math.sqrt(4 * cells * cells + 1) - 1) / 2));
  let first = 0;
  let last = cellCount - 1;
  while (first < last && (counts[first] ?? 0) < negligible * total) first += 1;
  while (last > first && (counts[last] ?? 0) < negligible * total) last -= 1;
  first = Math.max(0, first - 6 * half);
  last = Math.min(cellCount - 1, last + 6 * half);
  const [once, twice, other] = scratch;
  const range = { first, last, half };
  for (let cell = first; cell <= last; cell += 1) {
    const count = counts[cell] ?? 0;
    other[cell] = count < negligible * total ? 0 : count;
  }
  runningMean(other, once, range);
  runningMean(once, other, range);
  runningMean(other, once, range);
  runningMean(once, twice, range);
  runningMean(twice, other, range);
  runningMean(other, twice, range);
  mass.fill(0);
  let sum = 0;
  for (let cell = first; cell <= last; cell += 1) {
    const value = Math.max(0, 2 * (once[cell] ?? 0) - (twice[cell] ?? 0));
    mass[cell] = value;
    sum += value;
  }
  for (let cell = first; cell <= last; cell += 1) mass[cell] = (mass[cell] ?? 0) / sum;
}

/** The mean of each cell and `half` cells on either side; what lies out of the range counts as nothing. */
function runningMean(
  from: Float64Array,
  to: Float64Array,
  { first, last, half }: { first: number; last: number; half: number },
): void {
  const scale = 1 / (2 * half + 1);
  let sum = 0;
  for (let cell = first; cell < Math.min(first + half, last + 1); cell += 1) sum += from[cell] ?? 0;
  for (let cell = first; cell <= last; cell += 1) {
    if (cell + half <= last) sum += from[cell + half] ?? 0;
    to[cell] = sum * scale;
    if (cell - half >= first) sum -= from[cell - half] ?? 0;
  }
}

/** Sets `mass` to the exponential distribution of the counts' mean: the one for which evenly spaced looks are the best. */
export function memoryless(counts: Float64Array, mass: Float64Array): void {
  let total = 0;
  let weighted = 0;
  for (let cell = 0; cell < cellCount; cell += 1) {
    total += counts[cell] ?? 0;
    weighted += ((counts[cell] ?? 0) * ((edges[cell] ?? 0) + (edges[cell + 1] ?? 0))) / 2;
  }
  let before = 1;
  for (let cell = 0; cell < cellCount; cell += 1) {
    const after = Math.exp((-(edges[cell + 1] ?? 0) * total) / weighted);
    mass[cell] = before - after;
    before = after;
  }
}

/** The mean of distributions by weights that sum up to 1. */
export function mixture(parts: readonly { mass: Float64Array; weight: number }[]): Distribution {
  const mixed = new Float64Array(cellCount);
  for (const { mass, weight } of parts) {
    for (let cell = 0; cell < cellCount; cell += 1) mixed[cell] = (mixed[cell] ?? 0) + weight * (mass[cell] ?? 0);
  }
  return { mass: mixed, over: cumulate(mixed) };
}
