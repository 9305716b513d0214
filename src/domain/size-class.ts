/**
 * The class of a picture's size, by which run times are told apart: its megapixels to the nearest power of two, such as
 * `1MP` or `0.25MP`; `auto` where only the provider knows.
 */
export function sizeClass(pixels: number | null): string {
  if (pixels === null || !(pixels > 0)) return 'auto';
  return `${2 ** Math.round(Math.log2(pixels / 1_000_000))}MP`;
}
