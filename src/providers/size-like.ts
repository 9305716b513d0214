/** Models of the FLUX family are at home at one megapixel, and what they cost is counted in begun ones. */
const mostPixels = 1024 * 1024;
const step = 16;
const shortestSide = 256;
const longestSide = 2048;

/**
 * The size of a picture of the same shape as an image: as large as that, at most one megapixel, sides in multiples of 16,
 * 256 to 2048 pixels. Null where the image's size is unknown.
 */
export function sizeLike(image: { width?: number; height?: number }): { width: number; height: number } | null {
  const { width = 0, height = 0 } = image;
  if (!(width > 0 && height > 0)) return null;
  const scale = Math.min(1, Math.sqrt(mostPixels / (width * height)));
  const side = (pixels: number): number =>
    Math.min(longestSide, Math.max(shortestSide, Math.floor((pixels * scale) / step) * step));
  return { width: side(width), height: side(height) };
}
