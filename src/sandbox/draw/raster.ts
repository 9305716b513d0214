import sharp, { type OverlayOptions, type Sharp } from 'sharp';
import { shade, type Palette, type Rgb } from './palette.js';

/** Pixels in memory: 1 or 3 bytes each, row by row. */
export type Raster = { data: Buffer; width: number; height: number; channels: 1 | 3 };

export function open({ data, width, height, channels }: Raster): Sharp {
  return sharp(data, { raw: { width, height, channels } });
}

/** Runs a pipeline to plain sRGB pixels without alpha. */
export async function toRgb(pipeline: Sharp): Promise<Raster> {
  const { data, info } = await pipeline.removeAlpha().toColourspace('srgb').raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: 3 };
}

/** Runs a pipeline to grey values. */
export async function toGrey(pipeline: Sharp): Promise<Raster> {
  const { data, info } = await pipeline.removeAlpha().toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, height: info.height, channels: 1 };
}

/** A control image as pixels of exactly the size of the picture: upright, transparent parts on white. */
export async function readControl(image: Buffer, width: number, height: number): Promise<Raster> {
  return await toRgb(
    sharp(image).autoOrient().flatten({ background: '#ffffff' }).resize(width, height, { fit: 'fill' }),
  );
}

/** Gives each grey value the palette's colour at `curve(value)`, both 0 to 1. */
export function tint(grey: Raster, palette: Palette, curve: (value: number) => number): Raster {
  const table = new Uint8Array(256 * 3);
  for (let value = 0; value < 256; value++) table.set(shade(palette, curve(value / 255)), value * 3);
  const data = Buffer.allocUnsafe(grey.data.length * 3);
  for (let from = 0, to = 0; from < grey.data.length; from++, to += 3) {
    const at = (grey.data[from] ?? 0) * 3;
    data[to] = table[at] ?? 0;
    data[to + 1] = table[at + 1] ?? 0;
    data[to + 2] = table[at + 2] ?? 0;
  }
  return { data, width: grey.width, height: grey.height, channels: 3 };
}

/** Lays `colour` over a picture, as opaque as `halo` (grey values) says. Cheaper here than as a layer of its own. */
export function glow(picture: Raster, halo: Raster, colour: Rgb): Raster {
  const data = Buffer.from(picture.data);
  for (let pixel = 0, at = 0; pixel < halo.data.length; pixel++, at += 3) {
    const alpha = halo.data[pixel] ?? 0;
    if (alpha === 0) continue;
    for (const i of [0, 1, 2] as const) data[at + i] = ((data[at + i] ?? 0) * (255 - alpha) + colour[i] * alpha) / 255;
  }
  return { ...picture, data };
}

/** A layer for `composite`: `colour`, as opaque as `alpha` (grey values) says. */
export async function veil(colour: Raster, { data, width, height }: Raster): Promise<OverlayOptions> {
  const input = await open(colour)
    .joinChannel(data, { raw: { width, height, channels: 1 } })
    .raw()
    .toBuffer();
  return { input, raw: { width, height, channels: 4 }, blend: 'over' };
}
