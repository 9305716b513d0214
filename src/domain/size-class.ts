const smallest = -2;
const largest = 4;

/**
 * The class of sizes whose tasks take about as long: the power of two nearest to the megapixels, `0.25MP` to `16MP`, or
 * `default` where the caller leaves the size to the model. Width and height are in pixels.
 */
export function sizeClass(width: number | null, height: number | null): string {
  if (width === null || height === null) return 'default';
  const power = Math.round(Math.log2((width * height) / 1e6));
  return `${2 ** Math.min(largest, Math.max(smallest, power))}MP`;
}
