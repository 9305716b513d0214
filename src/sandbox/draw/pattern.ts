import { randomFrom, type Random } from '../random.js';
import { css, type Palette } from './palette.js';

type Canvas = { width: number; height: number; luck: Random; light: string; dark: string };

function lines({ width, height, luck, light }: Canvas): string {
  const gap = 16 + luck() * 16;
  let path = '';
  for (let x = -height; x < width; x += gap) path += `M${x.toFixed(1)} ${height}l${height} ${-height}`;
  return `<path d="${path}" stroke="${light}" stroke-width="${(gap * 0.32).toFixed(1)}" fill="none"/>`;
}

function waves({ width, height, luck, light }: Canvas): string {
  const gap = 22 + luck() * 16;
  const length = 70 + luck() * 80;
  let path = '';
  for (let y = -gap; y < height + gap; y += gap) {
    path += `M${-length} ${y.toFixed(1)}q${length / 4} ${-gap * 0.9} ${length / 2} 0`;
    for (let x = -length / 2; x < width + length; x += length / 2) path += `t${length / 2} 0`;
  }
  return `<path d="${path}" stroke="${light}" stroke-width="${(gap * 0.26).toFixed(1)}" fill="none"/>`;
}

function dot(at: number, r: number, fill: string): string {
  return `<circle cx="${at}" cy="${at}" r="${r}" fill="${fill}"/>`;
}

function dots({ luck, light, dark }: Canvas): string {
  const gap = 14 + luck() * 14;
  const id = `<pattern id="p" width="${gap}" height="${gap}" patternUnits="userSpaceOnUse" patternTransform="rotate(${(luck() * 60).toFixed(0)})">`;
  return `<defs>${id}${dot(gap / 2, gap * 0.3, light)}${dot(0, gap * 0.14, dark)}</pattern></defs><rect width="100%" height="100%" fill="url(#p)"/>`;
}

function rings({ width, height, luck, light }: Canvas): string {
  const [x, y] = [width * (0.2 + luck() * 0.6), height * (0.1 + luck() * 0.5)];
  const gap = 20 + luck() * 18;
  let circles = '';
  for (let r = gap; r < Math.hypot(width, height); r += gap)
    circles += `<circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="${r.toFixed(1)}"/>`;
  return `<g fill="none" stroke="${light}" stroke-width="${(gap * 0.24).toFixed(1)}">${circles}</g>`;
}

function facets({ width, height, luck, light, dark }: Canvas): string {
  const cell = Math.max(60, Math.min(width, height) / 9);
  const [columns, rows] = [Math.ceil(width / cell) + 1, Math.ceil(height / cell) + 1];
  const points = Array.from({ length: (columns + 1) * (rows + 1) }, (_, i) => {
    const [x, y] = [(i % (columns + 1)) - 0.5, Math.floor(i / (columns + 1)) - 0.5];
    return `${((x + luck() * 0.7) * cell).toFixed(1)} ${((y + luck() * 0.7) * cell).toFixed(1)}`;
  });
  let shapes = '';
  for (let i = 0; i < points.length - columns - 2; i++) {
    const corners = [points[i], points[i + 1], points[i + columns + 1], points[i + columns + 2]];
    for (const triangle of [corners.slice(0, 3), corners.slice(1)]) {
      shapes += `<path d="M${triangle.join('L')}z" fill="${luck() < 0.5 ? light : dark}" fill-opacity="${(luck() * 0.9).toFixed(2)}"/>`;
    }
  }
  return shapes;
}

function strokes({ width, height, luck, light, dark }: Canvas): string {
  const slope = (luck() - 0.5) * 0.8;
  let shapes = '';
  for (let i = 0; i < 260; i++) {
    const [x, y, length] = [luck() * width, luck() * height, (0.04 + luck() * 0.1) * width];
    const bend = (luck() - 0.5) * length * 0.5;
    shapes += `<path d="M${x.toFixed(0)} ${y.toFixed(0)}q${(length / 2).toFixed(0)} ${bend.toFixed(0)} ${length.toFixed(0)} ${(length * slope).toFixed(0)}" stroke="${luck() < 0.6 ? light : dark}" stroke-width="${(2 + luck() * 7).toFixed(1)}" stroke-opacity="${(0.3 + luck() * 0.6).toFixed(2)}"/>`;
  }
  return `<g fill="none" stroke-linecap="round">${shapes}</g>`;
}

const patterns = [lines, waves, dots, rings, facets, strokes];

/** The finetune's own handwriting as an SVG of the picture's size, to be laid over it. `opacity` is 0 to 1. */
export function patternSvg(
  finetuneId: string,
  palette: Palette,
  width: number,
  height: number,
  opacity: number,
): Buffer {
  const luck = randomFrom('finetune pattern', finetuneId);
  const draw = patterns[Math.floor(luck() * patterns.length)] ?? waves;
  const body = draw({ width, height, luck, light: css(palette.stops[4]), dark: css(palette.stops[0]) });
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}"><g opacity="${opacity.toFixed(4)}">${body}</g></svg>`,
  );
}
