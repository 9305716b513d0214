import { at, cellCount, cellWidth, cumulate, edges, rises } from './log-axis.js';

/** A cell that holds less than this part of all is left out: it costs time and changes nothing. */
const negligible = 1e-4;
const kernels = new Map<number, Float64Array>();

/**
 * Spreads counts of cells (`total` in all) over their neighbours; the sum becomes 1. `width` is in the logarithm of the
 * age, so about a part of the duration. The kernel is a Gaussian less the error that a Gaussian makes (twicing, Stuetzle
 * and Mittal 1979): a plain one makes every distribution wider than it is, and each per cent of width is a per cent of looks.
 */
export function smooth(counts: Float64Array, total: number, width: number): Float64Array {
  const kernel = kernelOf(width / cellWidth);
  const reach = kernel.length - 1;
  const result = new Float64Array(cellCount);
  for (let cell = 0; cell < cellCount; cell += 1) {
    const count = at(counts, cell);
    if (count < negligible * total) continue;
    const first = Math.max(0, cell - reach);
    const last = Math.min(cellCount - 1, cell + reach);
    for (let i = first; i <= last; i += 1) result[i] = at(result, i) + count * at(kernel, Math.abs(i - cell));
  }
  let sum = 0;
  for (let cell = 0; cell < cellCount; cell += 1) {
    result[cell] = Math.max(0, at(result, cell));
    sum += at(result, cell);
  }
  for (let cell = 0; cell < cellCount; cell += 1) result[cell] = at(result, cell) / sum;
  return result;
}

/** The exponential distribution of the counts' mean: the one for which looks at equal distances are the best. */
export function memoryless(counts: Float64Array): Float64Array {
  let total = 0;
  let weighted = 0;
  for (let cell = 0; cell < cellCount; cell += 1) {
    total += at(counts, cell);
    weighted += (at(counts, cell) * (at(edges, cell) + at(edges, cell + 1))) / 2;
  }
  return rises(edges.map((age) => 1 - Math.exp((-age * total) / weighted)));
}

/** The kernel's right half, from its middle on. */
function kernelOf(width: number): Float64Array {
  let kernel = kernels.get(width);
  if (kernel === undefined) {
    const gauss = (x: number, sigma: number): number => Math.exp(-0.5 * (x / sigma) ** 2) / sigma;
    kernel = Float64Array.from(
      { length: Math.ceil(width * 4.5) + 1 },
      (_, i) => 2 * gauss(i, width) - gauss(i, width * Math.SQRT2),
    );
    kernels.set(width, kernel);
  }
  return kernel;
}

/** A distribution with its running sum. */
export type Distribution = {
  /** Probability of each cell; what is missing to 1 lies beyond the axis. */
  mass: Float64Array;
  /** Probability to be over by each edge. */
  over: Float64Array;
};

/** The mean of distributions by weights that sum up to 1. */
export function mixture(parts: readonly { mass: Float64Array; weight: number }[]): Distribution {
  const mixed = new Float64Array(cellCount);
  for (const { mass, weight } of parts) {
    for (let cell = 0; cell < cellCount; cell += 1) mixed[cell] = at(mixed, cell) + weight * at(mass, cell);
  }
  return { mass: mixed, over: cumulate(mixed) };
}
