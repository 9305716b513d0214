/** Letters on a grid of 5 by 7, as rows of bits: no font is needed, so the mark looks the same everywhere. */
const glyphs: Readonly<Record<string, readonly number[]>> = {
  S: [0b01111, 0b10000, 0b10000, 0b01110, 0b00001, 0b00001, 0b11110],
  A: [0b01110, 0b10001, 0b10001, 0b11111, 0b10001, 0b10001, 0b10001],
  N: [0b10001, 0b11001, 0b10101, 0b10011, 0b10001, 0b10001, 0b10001],
  D: [0b11110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b11110],
  B: [0b11110, 0b10001, 0b10001, 0b11110, 0b10001, 0b10001, 0b11110],
  O: [0b01110, 0b10001, 0b10001, 0b10001, 0b10001, 0b10001, 0b01110],
  X: [0b10001, 0b01010, 0b00100, 0b00100, 0b00100, 0b01010, 0b10001],
};

const text = 'SANDBOX';
const [glyphWidth, glyphHeight, padding] = [6, 7, 4];

/** Where the mark lies in a picture of this size, in pixels; null when the picture is too small for one. */
export function markBox(
  width: number,
  height: number,
): { left: number; top: number; width: number; height: number; scale: number } | null {
  const scale = Math.max(1, Math.round(Math.min(width, height) / 420));
  const box = {
    width: (text.length * glyphWidth - 1 + 2 * padding) * scale,
    height: (glyphHeight + 2 * padding) * scale,
  };
  const margin = 4 * scale;
  if (box.width + 2 * margin > width || box.height + 2 * margin > height) return null;
  return { ...box, left: width - box.width - margin, top: height - box.height - margin, scale };
}

/** The mark as an SVG of the size of its box. */
export function markSvg(box: { width: number; height: number; scale: number }): Buffer {
  const { width, height, scale } = box;
  let path = '';
  for (const [i, letter] of text.split('').entries()) {
    for (const [row, bits] of (glyphs[letter] ?? []).entries()) {
      for (let column = 0; column < 5; column++) {
        if ((bits >> (4 - column)) & 1) path += `M${padding + i * glyphWidth + column} ${padding + row}h1v1h-1z`;
      }
    }
  }
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
      `<rect width="${width}" height="${height}" rx="${2 * scale}" fill="#000" fill-opacity="0.55"/>` +
      `<path transform="scale(${scale})" fill="#fff" fill-opacity="0.92" shape-rendering="crispEdges" d="${path}"/></svg>`,
  );
}
