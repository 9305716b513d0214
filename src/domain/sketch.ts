import { DDSketch } from '@datadog/sketches-js';

/** How far a percentile may be from the true one, as a share of it. */
export const sketchError = 0.01;

/** A sketch of durations: bins in ascending order, and how many are in each. Those of several add up bin by bin. */
export type Sketch = { bins: readonly number[]; counts: readonly number[] };

/** The bin of durations shorter than a millisecond, which have no logarithm. */
export const zeroBin = -1;

/** A duration of v ms, 1 or more, is in the bin ceil(ln v / binWidth). */
export const binWidth = Math.log(new DDSketch({ relativeAccuracy: sketchError }).mapping.gamma);

export type Percentiles = { p50Ms: number; p95Ms: number; p99Ms: number; count: number };

/** Milliseconds, each within `sketchError` of the true percentile and rounded; null for an empty sketch. */
export function percentilesOf({ bins, counts }: Sketch): Percentiles | null {
  const sketch = new DDSketch({ relativeAccuracy: sketchError });
  bins.forEach((bin, i) => {
    const count = counts[i] ?? 0;
    if (bin === zeroBin) sketch.zeroCount += count;
    else sketch.store.add(bin, count);
    sketch.count += count;
  });
  if (sketch.count === 0) return null;
  const at = (quantile: number): number => Math.round(sketch.getValueAtQuantile(quantile));
  return { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99), count: sketch.count };
}
