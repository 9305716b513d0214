import { crc32 } from 'node:zlib';
import sharp from 'sharp';
import { cannyEdges } from '../draw/opencv.js';
import { open, readControl } from '../draw/raster.js';
import { finetuneName } from '../finetune-name.js';
import type { Picture, Pictures } from '../pictures.js';
import type { Files, StoredFile } from './files.js';
import type { Recipe } from './recipe.js';

type Drawn = Extract<StoredFile['content'], { kind: 'drawn' }>;

/** ComfyUI's thresholds are shares of the brightest edge; there is no official way to OpenCV's scale of 8 bits. */
const scale = 255;

async function edges(control: Buffer, { width, height, low, high }: Recipe): Promise<Buffer> {
  const { data } = await readControl(control, width, height);
  const map = await cannyEdges(data, width, height, low * scale, high * scale);
  return await open({ data: map, width, height, channels: 1 }).toColourspace('srgb').png().toBuffer();
}

function sketchOf(recipe: Recipe, control: Buffer | null, mask: Buffer | null): Picture {
  const { prompt, seed, lora, strength, guidance, steps, width, height, low, high } = recipe;
  const finetuneId = finetuneName(lora);
  const base = { format: 'png' as const, prompt, seed, finetuneId, strength, guidance, steps, width, height };
  if (control === null) return { ...base, kind: 'text' };
  if (recipe.kind === 'canny') return { ...base, kind: 'canny', control, low: low * scale, high: high * scale };
  if (recipe.kind === 'depth') return { ...base, kind: 'depth', control };
  return recipe.kind === 'fill' ? { ...base, kind: 'fill', control, mask } : { ...base, kind: 'text' };
}

/** The bytes of a picture that was made: a PNG that carries its whole graph, as ComfyUI's do. */
export async function paint({ id, recipe, text }: Drawn, files: Files, pictures: Pictures): Promise<Buffer> {
  const control = recipe.control === null ? null : await files.bytes(recipe.control);
  const mask = recipe.mask === null ? null : await files.bytes(recipe.mask);
  return withText(await picture(), text);

  async function picture(): Promise<Buffer> {
    const { kind, width, height } = recipe;
    if (control !== null && kind === 'edges') return await edges(control, recipe);
    if (control !== null && (kind === 'copy' || kind === 'grey')) {
      const copy = open(await readControl(control, width, height));
      return await (kind === 'grey' ? copy.greyscale() : copy).png().toBuffer();
    }
    return await pictures.get(id, sketchOf(recipe, control, mask));
  }
}

/** Bytes of the signature and the first chunk (IHDR) of every PNG. */
const headBytes = 33;

/** The PNG with text chunks behind its head. Beyond ASCII, JSON is escaped as Python writes it. */
function withText(png: Buffer, text: Readonly<Record<string, string>>): Buffer {
  const chunks = Object.entries(text).map(([keyword, value]) => {
    const ascii = value.replaceAll(
      /[\u007f-\uffff]/g,
      (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`,
    );
    const body = Buffer.from(`tEXt${keyword}\0${ascii}`, 'latin1');
    const chunk = Buffer.alloc(body.length + 8);
    chunk.writeUInt32BE(body.length - 4, 0);
    body.copy(chunk, 4);
    chunk.writeUInt32BE(crc32(body), body.length + 4);
    return chunk;
  });
  return Buffer.concat([png.subarray(0, headBytes), ...chunks, png.subarray(headBytes)]);
}

/** A picture as a preview (`webp;90`), or with one of its channels alone (`rgb`, `a`). */
export async function convert(
  bytes: Buffer,
  preview: string | null,
  channel: string | null,
): Promise<{ type: string; bytes: Buffer }> {
  const image = sharp(bytes);
  if (preview !== null) {
    const [wanted = '', ...rest] = preview.split(';');
    const given = Number(rest.at(-1) ?? Number.NaN);
    const quality = Number.isInteger(given) && given >= 1 && given <= 100 ? given : 90;
    if (wanted === 'jpeg' && channel !== 'a') {
      return { type: 'image/jpeg', bytes: await image.flatten().jpeg({ quality }).toBuffer() };
    }
    return {
      type: 'image/webp',
      bytes: await (channel === 'rgb' ? image.removeAlpha() : image).webp({ quality }).toBuffer(),
    };
  }
  if (channel === 'rgb') return { type: 'image/png', bytes: await image.removeAlpha().png().toBuffer() };
  // The alpha alone: black, as opaque as the picture is.
  const alpha = await image.ensureAlpha().extractChannel('alpha').raw().toBuffer({ resolveWithObject: true });
  const { width, height } = alpha.info;
  const black = sharp({ create: { width, height, channels: 3, background: '#000000' } });
  const joined = black.joinChannel(alpha.data, { raw: { width, height, channels: 1 } });
  return { type: 'image/png', bytes: await joined.png().toBuffer() };
}
