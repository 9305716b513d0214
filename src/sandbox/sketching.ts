import type { Blobs } from './blobs.js';
import { finetuneName } from './finetune-name.js';
import type { Size } from './images.js';
import type { Picture } from './pictures.js';
import type { Task } from './task.js';
import { readRatio, type Field, type Values } from './validate.js';

/** Longest side of a picture made from a control image, in pixels: the upstreams' longest side for a given size. */
const longestSide = 1440;
/** FLUX.2 makes pictures of up to 4 megapixels (BFL documentation, 2026); larger wishes are fitted. */
const mostPixels = 4_000_000;

function fit({ width, height }: Size, factor: number): Size {
  const scale = Math.min(1, factor);
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

function side(pixels: number): number {
  return Math.round(pixels / 32) * 32;
}

/** About `pixels` in all at a ratio of width to height, in steps of 32 as for the sizes that can be asked for. */
export function ratioSize(ratio: number, pixels = 1_048_576): Size {
  return { width: side(Math.sqrt(pixels * ratio)), height: side(Math.sqrt(pixels / ratio)) };
}

/** Size in pixels of what is made from a control image. */
export function controlSize(control: Size): Size {
  return fit(control, longestSide / Math.max(control.width, control.height));
}

/** Size in pixels of what an endpoint makes of a validated request. */
export function pictureSize(values: Values, control: Size | undefined): Size {
  if (control !== undefined) return controlSize(control);
  const ratio = typeof values['aspect_ratio'] === 'string' ? readRatio(values['aspect_ratio']) : null;
  if (ratio !== null) return ratioSize(ratio);
  const width = Number(values['width'] ?? 0) || 1024;
  const height = Number(values['height'] ?? 0) || 1024;
  return fit({ width, height }, Math.min(Math.sqrt(mostPixels / (width * height)), 8192 / Math.max(width, height)));
}

/** Where a value lies between its field's least and most, 0 to 1; half way where that is unknown. */
export function share(field: Field | undefined, value: unknown): number {
  if (field === undefined || !('range' in field) || field.range === undefined || typeof value !== 'number') return 0.5;
  const [least, most] = field.range;
  return (value - least) / (most - least);
}

/** The format of a task's pictures; some upstreams say `jpg`. */
export function formatOf(task: Task): Picture['format'] {
  const value = task.request['output_format'];
  return value === 'png' || value === 'webp' ? value : 'jpeg';
}

/** What a dialect says of a picture: `control` and `mask` are the fields that hold them. */
export type Brush = {
  kind: 'text' | 'canny' | 'depth' | 'fill' | 'black';
  control?: string;
  mask?: string;
  finetuneId: string;
  /** 0 to 2. */
  strength: number;
  /** 0 to 1 each. */
  guidance: number;
  steps: number;
  /** Canny's thresholds; absent: 50 and 200, since few upstreams take any. */
  low?: number;
  high?: number;
};

/** What to draw as picture number `n` of a task, from 0. */
export async function sketchOf(task: Task, blobs: Blobs, n: number, brush: Brush): Promise<Picture> {
  const { request, seed, width, height } = task;
  const load = async (field: string | undefined): Promise<Buffer | null> =>
    field === undefined ? null : await blobs.get(task.images[field] ?? '');
  const { kind, finetuneId, strength, guidance, steps } = brush;
  const base = {
    format: formatOf(task),
    prompt: String(request['prompt'] ?? '').replaceAll(/\[sandbox:[^\]]*\]/gi, ''),
    finetuneId: finetuneName(finetuneId),
    strength: Math.max(0, Math.min(2, strength)),
    guidance,
    steps,
    seed: seed + n,
    width,
    height,
  };
  if (kind === 'black') return { ...base, kind };
  const control = await load(brush.control);
  if (kind === 'text' || control === null) return { ...base, kind: 'text' };
  if (kind === 'depth') return { ...base, kind, control };
  if (kind === 'fill') return { ...base, kind, control, mask: await load(brush.mask) };
  return { ...base, kind, control, low: brush.low ?? 50, high: brush.high ?? 200 };
}
