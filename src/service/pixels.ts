import type { ParameterValues } from '../domain/model.js';

/** A picture has its control image's size where it has one. FLUX.2's automatic size (0) is not known beforehand. */
export function pixelsOf(
  { width, height }: ParameterValues,
  control: { image: { width: number; height: number } } | undefined,
): number | null {
  const pixels = control === undefined ? Number(width) * Number(height) : control.image.width * control.image.height;
  return pixels > 0 ? pixels : null;
}
