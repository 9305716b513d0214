import type { Fields } from '../validate.js';

/**
 * BFL's finetuned endpoints: fields, ranges, defaults, prices.
 * Sources: BFL OpenAPI of April 2026 and BFL documentation before the FLUX.1 finetunes were withdrawn (31 October 2025).
 * Fields of depth come from a community client made from those documents; prices of canny and depth, and the klein default
 * strength, are assumed to follow their siblings, since no source states them.
 */
export type BflEndpoint = {
  readonly fields: Fields;
  readonly kind: 'text' | 'canny' | 'depth' | 'fill';
  /** Credits of USD 0.01 per image. */
  readonly cost: number;
  /** Median duration in ms that the sandbox pretends to need. */
  readonly medianMs: number;
  /** What a null means, where null is allowed and not the same as absent. */
  readonly nulls?: Readonly<Record<string, number | string>>;
};

const formats = ['jpeg', 'png', 'webp'];
const image = { type: 'image' } as const;
const requiredImage = { type: 'image', required: true } as const;
const optionalImage = { type: 'image', nullable: true } as const;
const requiredPrompt = { type: 'string', required: true } as const;
const prompt = { type: 'string', default: '' } as const;

function common(strength: number, maxTolerance: number): Fields {
  return {
    finetune_id: { type: 'string', required: true },
    finetune_strength: { type: 'number', default: strength, range: [0, 2] },
    prompt_upsampling: { type: 'boolean', default: false },
    seed: { type: 'integer', nullable: true },
    output_format: { type: 'choice', default: 'jpeg', choices: formats, nullable: true },
    safety_tolerance: { type: 'integer', default: 2, range: [0, maxTolerance] },
    webhook_url: { type: 'url', maxLength: 2083, nullable: true },
    webhook_secret: { type: 'string', nullable: true },
  };
}

function work(steps: number, least: number, guidance: number, range: readonly [number, number]): Fields {
  return {
    steps: { type: 'integer', default: steps, range: [least, 50] },
    guidance: { type: 'number', default: guidance, range },
  };
}

const threshold = { type: 'integer', nullable: true, range: [0, 500] } as const;
const size = { type: 'size', range: [256, 1440], step: 32 } as const;

const klein: Fields = {
  ...common(1, 5),
  prompt: requiredPrompt,
  ...Object.fromEntries(
    ['', '_2', '_3', '_4'].map((n) => [`input_image${n}`, { ...optionalImage, orUrl: true as const }]),
  ),
  width: { type: 'autoSize', nullable: true },
  height: { type: 'autoSize', nullable: true },
};

function kleinEndpoint(cost: number, medianMs: number): BflEndpoint {
  return { kind: 'text', cost, medianMs, fields: klein };
}

/** Every endpoint under `/v1/` that takes a submit. */
export const bflEndpoints: ReadonlyMap<string, BflEndpoint> = new Map<string, BflEndpoint>([
  [
    'flux-pro-finetuned',
    {
      kind: 'text',
      cost: 6,
      medianMs: 8000,
      fields: {
        ...common(1.1, 6),
        prompt,
        image_prompt: optionalImage,
        width: { ...size, default: 1024 },
        height: { ...size, default: 768 },
        ...work(40, 1, 2.5, [1.5, 5]),
      },
    },
  ],
  [
    'flux-pro-1.1-ultra-finetuned',
    {
      kind: 'text',
      cost: 7,
      medianMs: 10_000,
      fields: {
        ...common(1.2, 6),
        prompt: { ...prompt, nullable: true },
        image_prompt: optionalImage,
        image_prompt_strength: { type: 'number', default: 0.1, range: [0, 1] },
        aspect_ratio: { type: 'ratio', default: '16:9' },
      },
    },
  ],
  [
    'flux-pro-1.0-canny-finetuned',
    {
      kind: 'canny',
      cost: 6,
      medianMs: 9000,
      nulls: { canny_low_threshold: 50, canny_high_threshold: 200 },
      fields: {
        ...common(1.1, 6),
        prompt: requiredPrompt,
        control_image: requiredImage,
        canny_low_threshold: { ...threshold, default: 50 },
        canny_high_threshold: { ...threshold, default: 200 },
        ...work(50, 15, 30, [1, 100]),
      },
    },
  ],
  [
    'flux-pro-1.0-depth-finetuned',
    {
      kind: 'depth',
      cost: 6,
      medianMs: 9000,
      fields: {
        ...common(1.1, 6),
        prompt: requiredPrompt,
        control_image: requiredImage,
        ...work(50, 15, 15, [1, 100]),
      },
    },
  ],
  [
    'flux-pro-1.0-fill-finetuned',
    {
      kind: 'fill',
      cost: 6,
      medianMs: 11_000,
      fields: {
        ...common(1.1, 6),
        prompt,
        image: requiredImage,
        mask: { ...image, nullable: true },
        ...work(50, 15, 60, [1.5, 100]),
      },
    },
  ],
  ['flux-2-klein-4b-finetuned', kleinEndpoint(1.4, 1200)],
  ['flux-2-klein-9b-finetuned', kleinEndpoint(1.5, 2000)],
  ['flux-2-klein-9b-kv-finetuned', kleinEndpoint(1.5, 1600)],
  ['flux-2-klein-9b-kv-bf16-finetuned', kleinEndpoint(1.5, 1800)],
  ['flux-2-klein-base-4b-finetuned', kleinEndpoint(1.4, 4000)],
  ['flux-2-klein-base-9b-finetuned', kleinEndpoint(1.5, 7000)],
]);
