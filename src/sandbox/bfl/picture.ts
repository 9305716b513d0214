import type { Blobs } from '../blobs.js';
import { bflEndpoints, type BflEndpoint } from './endpoints.js';
import type { Size } from './images.js';
import type { Picture } from '../pictures.js';
import type { Task } from '../task.js';
import { readRatio, type Values } from '../validate.js';

/** Longest side of a picture made from a control image, in pixels: the upstream's longest side for a given size. */
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

/** Size in pixels of what an endpoint makes of a validated request. */
export function pictureSize(values: Values, control: Size | undefined): Size {
  if (control !== undefined) return fit(control, longestSide / Math.max(control.width, control.height));
  const ratio = typeof values['aspect_ratio'] === 'string' ? readRatio(values['aspect_ratio']) : null;
  if (ratio !== null) {
    // About one megapixel, in steps of 32 as for the sizes that can be asked for.
    return { width: side(Math.sqrt(1_048_576 * ratio)), height: side(Math.sqrt(1_048_576 / ratio)) };
  }
  const width = Number(values['width'] ?? 0) || 1024;
  const height = Number(values['height'] ?? 0) || 1024;
  return fit({ width, height }, Math.min(Math.sqrt(mostPixels / (width * height)), 8192 / Math.max(width, height)));
}

function share(endpoint: BflEndpoint, name: 'guidance' | 'steps', value: unknown): number {
  const field = endpoint.fields[name];
  if (field === undefined || !('range' in field) || field.range === undefined || typeof value !== 'number') return 0.5;
  const [least, most] = field.range;
  return (value - least) / (most - least);
}

function readFormat(value: unknown): Picture['format'] {
  return value === 'png' || value === 'webp' ? value : 'jpeg';
}

/** What to draw for a task, or null for a task of another dialect. */
export async function bflPicture(task: Task, blobs: Blobs): Promise<Picture | null> {
  const endpoint = bflEndpoints.get(task.model);
  if (endpoint === undefined) return null;
  const { request, seed, width, height } = task;
  const load = async (field: string): Promise<Buffer | null> => await blobs.get(task.images[field] ?? '');
  const base = {
    format: readFormat(request['output_format']),
    prompt: String(request['prompt'] ?? '').replaceAll(/\[sandbox:[^\]]*\]/gi, ''),
    finetuneId: String(request['finetune_id']),
    strength: Number(request['finetune_strength']),
    guidance: share(endpoint, 'guidance', request['guidance']),
    steps: share(endpoint, 'steps', request['steps']),
    seed,
    width,
    height,
  };
  const control = await load(endpoint.kind === 'fill' ? 'image' : 'control_image');
  if (endpoint.kind === 'text' || control === null) return { ...base, kind: 'text' };
  if (endpoint.kind === 'depth') return { ...base, kind: 'depth', control };
  if (endpoint.kind === 'fill') return { ...base, kind: 'fill', control, mask: await load('mask') };
  const [low, high] = [Number(request['canny_low_threshold']), Number(request['canny_high_threshold'])];
  return { ...base, kind: 'canny', control, low, high };
}
