import { z } from 'zod';
import { isRecord } from '../body.js';
import type { GivenImage } from '../images.js';
import { controlSize, pictureSize } from '../sketching.js';
import type { Checked, Plan } from '../submitting.js';
import { validate, type Complaint, type Values } from '../validate.js';
import type { FalEndpoint } from './endpoints.js';

/** How long files are kept. fal promises nothing; an hour is this sandbox's choice. */
const lifetimeMs = 3_600_000;

const presets: Readonly<Record<string, readonly [number, number]>> = {
  square_hd: [1024, 1024],
  square: [512, 512],
  portrait_4_3: [768, 1024],
  portrait_16_9: [576, 1024],
  landscape_4_3: [1024, 768],
  landscape_16_9: [1024, 576],
};

const side = z.int().min(1).max(14_142);
const sizeSchema = z.union([z.enum(Object.keys(presets)), z.object({ width: side, height: side })]);
const loraSchema = z.object({
  path: z.string().min(1),
  scale: z.number().min(0).max(4).default(1),
  force: z.boolean().optional(),
});
const url = z.string().min(1);
const generalSchema = z.object({
  controlnets: z.array(z.object({ path: z.string(), control_image_url: url })).default([]),
  control_loras: z
    .array(
      z.object({
        path: z.string(),
        control_image_url: url,
        preprocess: z.enum(['canny', 'depth', 'None']).default('None'),
      }),
    )
    .default([]),
  controlnet_unions: z
    .array(
      z.object({
        path: z.string(),
        controls: z.array(
          z.object({
            control_image_url: url,
            control_mode: z.enum(['canny', 'tile', 'depth', 'blur', 'pose', 'gray', 'low-quality']),
          }),
        ),
      }),
    )
    .default([]),
});

type Nested = { values: Values; complaints: Complaint[] };

function complaintsOf(error: z.ZodError, at: readonly string[]): Complaint[] {
  return error.issues.map(({ path, message }) => {
    const missing = message.endsWith('received undefined');
    const loc = [...at, ...path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
    return { loc, msg: missing ? 'Field required' : message, type: missing ? 'missing' : 'value_error' };
  });
}

function read<T>(schema: z.ZodType<T>, value: unknown, at: readonly string[], keep: (given: T) => Values): Nested {
  const parsed = schema.safeParse(value);
  if (parsed.success) return { values: keep(parsed.data), complaints: [] };
  return { values: {}, complaints: complaintsOf(parsed.error, at) };
}

/** The first image that controls the structure, and how, of what `flux-general` was given. */
function controlOf(given: z.infer<typeof generalSchema>): Values {
  const [net] = given.controlnets;
  const [control] = given.control_loras;
  const [union] = given.controlnet_unions.flatMap(({ controls }) => controls);
  if (union !== undefined) return { control_image_url: union.control_image_url, control_mode: union.control_mode };
  if (control !== undefined)
    return { control_image_url: control.control_image_url, control_mode: modeOf(control.preprocess, control.path) };
  return net === undefined ? {} : { control_image_url: net.control_image_url, control_mode: modeOf('None', net.path) };
}

function modeOf(preprocess: string, path: string): string {
  if (preprocess !== 'None') return preprocess;
  return /depth/i.test(path) ? 'depth' : 'canny';
}

function readNested(endpoint: FalEndpoint, json: Record<string, unknown>): Nested {
  const parts: Nested[] = [];
  if (endpoint.size !== undefined && json['image_size'] != null)
    parts.push(
      read(sizeSchema, json['image_size'], ['body', 'image_size'], (size) => {
        const [width, height] = typeof size === 'string' ? (presets[size] ?? [1024, 768]) : [size.width, size.height];
        return { width, height };
      }),
    );
  if (endpoint.loras !== undefined && json['loras'] != null)
    parts.push(
      read(z.array(loraSchema).max(endpoint.loras), json['loras'], ['body', 'loras'], (loras) => ({
        lora_path: loras[0]?.path ?? null,
        lora_scale: loras[0]?.scale ?? null,
        lora_count: loras.length,
      })),
    );
  if (endpoint.kind === 'general') parts.push(read(generalSchema, json, ['body'], controlOf));
  return {
    values: Object.assign({}, ...parts.map(({ values }) => values)),
    complaints: parts.flatMap(({ complaints }) => complaints),
  };
}

const nestedNames = new Set(['image_size', 'loras', 'controlnets', 'control_loras', 'controlnet_unions']);

/** Checks a body: the flat fields as FastAPI does, and what is nested in it. */
export function checkFal(endpoint: FalEndpoint, json: unknown): Checked {
  const checked = validate(endpoint.fields, json);
  const nested = isRecord(json) ? readNested(endpoint, json) : { values: {}, complaints: [] };
  if (!checked.ok) return { ok: false, complaints: [...checked.complaints, ...nested.complaints] };
  if (nested.complaints.length > 0) return { ok: false, complaints: nested.complaints };
  const general = { control_image_url: { type: 'image', orUrl: true, dataUri: 'must' } } as const;
  return {
    ok: true,
    fields: endpoint.kind === 'general' ? { ...endpoint.fields, ...general } : endpoint.fields,
    values: { ...checked.values, ...nested.values },
    ignored: checked.ignored.filter((name) => !nestedNames.has(name)),
  };
}

function sizeOf(endpoint: FalEndpoint, values: Values, images: Readonly<Record<string, GivenImage>>) {
  const control = images[endpoint.control ?? ''];
  if (values['width'] !== undefined) return pictureSize(values, undefined);
  if (control !== undefined && endpoint.size !== 'landscape_4_3') return controlSize(control);
  const [width, height] = presets['landscape_4_3'] ?? [1024, 768];
  return pictureSize(endpoint.size === undefined ? values : { width, height }, undefined);
}

/** What becomes of a validated body; `webhook` is the address in the query. */
export function planFal(
  endpoint: FalEndpoint,
  values: Values,
  images: Readonly<Record<string, GivenImage>>,
  webhook: string | null,
): Plan {
  const size = sizeOf(endpoint, values, images);
  const hashes = Object.entries(images).map(([name, { hash }]) => [name, `sha256:${hash}`]);
  const megapixels = Math.ceil((size.width * size.height) / 1_000_000);
  return {
    ...size,
    cost: endpoint.cost * megapixels * Number(values['num_images']),
    medianMs: endpoint.medianMs,
    lifetimeMs,
    request: { ...values, ...Object.fromEntries(hashes), webhook_url: webhook },
    seed: typeof values['seed'] === 'number' ? values['seed'] : null,
  };
}

/** A run that ends at once: the queue takes any body, and only the model finds out what is wrong with it. */
export function planRefused(complaints: readonly Complaint[], prompt: string | null, webhook: string | null): Plan {
  return {
    width: 1,
    height: 1,
    cost: 0,
    medianMs: 300,
    lifetimeMs,
    request: { prompt, webhook_url: webhook, complaints: JSON.stringify(complaints) },
    seed: 0,
  };
}
