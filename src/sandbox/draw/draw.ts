import sharp, { type Sharp } from 'sharp';
import { drawDepth } from './depth.js';
import { drawEdges } from './canny.js';
import { drawFill } from './fill.js';
import { markBox, markSvg } from './mark.js';
import { choosePalette, type Palette } from './palette.js';
import { patternSvg } from './pattern.js';
import { open, toRgb, type Raster } from './raster.js';
import { sceneSvg } from './scene.js';
import type { Sketch } from './sketch.js';

type Matrix = [[number, number, number], [number, number, number], [number, number, number]];

/** The matrix that draws colours towards grey (below 1) or away from it. A quarter of the cost of sharp's `modulate`. */
function saturate(amount: number): Matrix {
  const [r, g, b] = [0.2126 * (1 - amount), 0.7152 * (1 - amount), 0.0722 * (1 - amount)];
  return [
    [r + amount, g, b],
    [r, g + amount, b],
    [r, g, b + amount],
  ];
}

/** Lays the finetune's style over a picture: the stronger, the more of its pattern and the more colour. */
async function style(picture: Raster, sketch: Sketch, palette: Palette): Promise<Raster> {
  const { width, height, finetuneId, strength, guidance } = sketch;
  const pattern = patternSvg(finetuneId, palette, width, height, strength * 0.34);
  const contrast = 0.94 + guidance * 0.1;
  const coloured = open(picture)
    .recomb(saturate(0.4 + strength * 0.52))
    .linear(contrast, 128 * (1 - contrast));
  return await toRgb(open(await toRgb(coloured)).composite([{ input: pattern, blend: 'soft-light' }]));
}

async function paintScene(sketch: Sketch, palette: Palette): Promise<Raster> {
  const { width, height, prompt, seed, steps } = sketch;
  const svg = sceneSvg({ width, height, prompt, seed, palette, steps });
  return await style(await toRgb(sharp(svg)), sketch, palette);
}

async function paint(sketch: Sketch, palette: Palette): Promise<Raster> {
  switch (sketch.kind) {
    case 'text':
      return await paintScene(sketch, palette);
    case 'black': {
      const { width, height } = sketch;
      return { data: Buffer.alloc(width * height * 3), width, height, channels: 3 };
    }
    case 'canny': {
      const { base, ink } = await drawEdges(sketch, palette);
      return ink(await style(base, sketch, palette));
    }
    case 'depth':
      return await style(await drawDepth(sketch, palette), sketch, palette);
    case 'fill':
      return await drawFill(sketch, await paintScene(sketch, palette));
    default:
      return sketch satisfies never;
  }
}

function encode(picture: Sharp, format: Sketch['format']): Sharp {
  switch (format) {
    case 'jpeg':
      return picture.jpeg({ quality: 90 });
    case 'png':
      return picture.png({ compressionLevel: 4 });
    case 'webp':
      return picture.webp({ quality: 88, effort: 1 });
    default:
      return format satisfies never;
  }
}

/** Draws a sketch and encodes it. The pixel work is done off the main thread but for a few passes over the pixels. */
export async function draw(sketch: Sketch): Promise<Buffer> {
  const palette = choosePalette(sketch.prompt, sketch.finetuneId, sketch.seed);
  const picture = open(await paint(sketch, palette));
  const box = markBox(sketch.width, sketch.height);
  const marked = box === null ? picture : picture.composite([{ input: markSvg(box), left: box.left, top: box.top }]);
  // The composite leaves an alpha channel behind, which PNG and WebP would keep.
  return await encode(marked.removeAlpha(), sketch.format).toBuffer();
}
