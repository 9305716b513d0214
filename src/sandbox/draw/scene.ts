import { randomFrom, type Random } from '../random.js';
import { foreground } from './foreground.js';
import type { Frame } from './frame.js';
import { css, shade, type Palette } from './palette.js';

const number = (value: number): string => value.toFixed(1);

/** A ridge line by midpoint displacement: heights in -1 to 1 at 2^levels + 1 places. */
function ridge(luck: Random, levels: number, roughness: number): number[] {
  let line = [luck() * 2 - 1, luck() * 2 - 1];
  let reach = 0.9;
  for (let level = 0; level < levels; level++) {
    const next: number[] = [];
    for (const [i, value] of line.entries()) {
      const after = line[i + 1];
      next.push(value);
      if (after !== undefined) next.push((value + after) / 2 + (luck() * 2 - 1) * reach);
    }
    line = next;
    reach *= roughness;
  }
  return line;
}

function sky({ width, height, palette, luck }: Frame, horizon: number): string {
  const [top, low] = palette.dark ? [0.02, 0.6] : [0.42, 0.97];
  const stop = (at: number, offset: number): string =>
    `<stop offset="${offset}" stop-color="${css(shade(palette, at))}"/>`;
  const gradient = `<linearGradient id="sky" x1="0" y1="0" x2="0" y2="1">${stop(top, 0)}${stop((top + low) / 2, 0.55)}${stop(low, 1)}</linearGradient>`;
  let stars = '';
  if (palette.dark) {
    for (let i = 0; i < 150; i++) {
      const [x, y, r] = [luck() * width, luck() ** 1.5 * horizon, 0.4 + luck() ** 3 * 1.6];
      stars += `<circle cx="${number(x)}" cy="${number(y)}" r="${number(r * (width / 1000))}" fill-opacity="${number(0.3 + luck() * 0.7)}"/>`;
    }
  }
  return `<defs>${gradient}</defs><rect width="${width}" height="${height}" fill="url(#sky)"/><g fill="#fff">${stars}</g>`;
}

function sun({ width, height, palette, luck }: Frame, horizon: number): string {
  const [x, y] = [width * (0.18 + luck() * 0.64), horizon * (0.3 + luck() * 0.5)];
  const r = Math.min(width, height) * (0.055 + luck() * 0.05);
  const colour = css(palette.accent);
  const halo = `<radialGradient id="halo"><stop offset="0" stop-color="${colour}" stop-opacity="0.75"/><stop offset="0.35" stop-color="${colour}" stop-opacity="0.25"/><stop offset="1" stop-color="${colour}" stop-opacity="0"/></radialGradient>`;
  return `<defs>${halo}</defs><circle cx="${number(x)}" cy="${number(y)}" r="${number(r * 5)}" fill="url(#halo)"/><circle cx="${number(x)}" cy="${number(y)}" r="${number(r)}" fill="${colour}"/>`;
}

function clouds({ width, palette, luck }: Frame, horizon: number): string {
  const colour = css(shade(palette, palette.dark ? 0.5 : 1));
  let shapes = '';
  for (let bank = 0; bank < 5; bank++) {
    const [x, y] = [luck() * width, horizon * (0.12 + luck() * 0.7)];
    for (let puff = 0; puff < 7; puff++) {
      const rx = width * (0.05 + luck() * 0.12);
      shapes += `<ellipse cx="${number(x + (luck() - 0.5) * width * 0.24)}" cy="${number(y + (luck() - 0.5) * horizon * 0.06)}" rx="${number(rx)}" ry="${number(rx * (0.07 + luck() * 0.1))}"/>`;
    }
  }
  const gradient = `<radialGradient id="puff"><stop offset="0" stop-color="${colour}" stop-opacity="0.34"/><stop offset="1" stop-color="${colour}" stop-opacity="0"/></radialGradient>`;
  return `<defs>${gradient}</defs><g fill="url(#puff)">${shapes}</g>`;
}

function hills(frame: Frame, horizon: number, levels: number): string {
  const { width, height, palette, luck } = frame;
  const layers = 5;
  const [far, near] = palette.dark ? [0.46, 0.01] : [0.78, 0.06];
  let shapes = '';
  for (let layer = 0; layer < layers; layer++) {
    const share = layer / (layers - 1);
    const tone = far + (near - far) * share ** 0.8;
    const base = horizon + (height - horizon) * (share * 0.72 - 0.04);
    const swing = height * (0.13 - 0.055 * share);
    const line = ridge(luck, levels, 0.5 + 0.05 * luck());
    const points = line.map(
      (value, i) => `${number((i / (line.length - 1)) * width)} ${number(base - Math.abs(value) * swing)}`,
    );
    const stops = `<stop offset="0" stop-color="${css(shade(palette, tone))}"/><stop offset="1" stop-color="${css(shade(palette, Math.min(1, tone + (palette.dark ? 0.1 : 0.2) * (1 - share * 0.7))))}"/>`;
    shapes += `<defs><linearGradient id="h${layer}" x1="0" y1="0" x2="0" y2="1">${stops}</linearGradient></defs><path d="M0 ${height}L${points.join('L')}L${width} ${height}z" fill="url(#h${layer})"/>`;
  }
  return shapes;
}

/**
 * A landscape as an SVG: sky, sun or moon, clouds, ridges that fade with distance, and a foreground that the prompt's words
 * choose. `steps` (0 to 1) gives the ridges more detail.
 */
export function sceneSvg(options: {
  width: number;
  height: number;
  prompt: string;
  seed: number;
  palette: Palette;
  steps: number;
}): Buffer {
  const { width, height, prompt, seed, palette, steps } = options;
  const frame: Frame = { width, height, palette, luck: randomFrom('scene', seed, prompt) };
  const horizon = height * (0.48 + frame.luck() * 0.16);
  const levels = 6 + Math.round(steps * 2);
  const parts = [sky(frame, horizon), sun(frame, horizon), clouds(frame, horizon), hills(frame, horizon, levels)];
  parts.push(foreground(frame, horizon, prompt));
  return Buffer.from(
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">${parts.join('')}</svg>`,
  );
}
