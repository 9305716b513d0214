import { at, cellCount } from './log-axis.js';

const kernels = new Map<number, Float64Array>();

/** The right half of a Gaussian over cells, of sum 1 with its left half. */
function kernelOf(width: number): Float64Array {
  let kernel = kernels.get(width);
  if (kernel === undefined) {
    const reach = Math.ceil(width * 3.5);
    kernel = Float64Array.from({ length: reach + 1 }, (_, i) => Math.exp(-0.5 * (i / width) ** 2));
    const sum = kernel.reduce((total, value) => total + 2 * value, -1);
    for (let i = 0; i <= reach; i += 1) kernel[i] = at(kernel, i) / sum;
    kernels.set(width, kernel);
  }
  return kernel;
}

/** Spreads every cell's count over its neighbours by a Gaussian of so many cells; the sum stays, but for the axis' ends. */
export function smooth(counts: Float64Array, width: number): Float64Array {
  const kernel = kernelOf(width);
  const result = new Float64Array(cellCount);
  for (let cell = 0; cell < cellCount; cell += 1) {
    const count = at(counts, cell);
    if (count < 1e-6) continue;
    const reach = kernel.length - 1;
    const first = Math.max(0, cell - reach);
    const last = Math.min(cellCount - 1, cell + reach);
    for (let i = first; i <= last; i += 1) result[i] = at(result, i) + count * at(kernel, Math.abs(i - cell));
  }
  return result;
}
