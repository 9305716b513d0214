import type { Fields } from '../validate.js';

/**
 * fal's endpoints that run a finetune, as the types of its client 1.10.1 have them. Ranges are fal's where its pages give
 * them and those of the model otherwise. Prices in US cents per megapixel begun.
 */
export type FalEndpoint = {
  readonly kind: 'text' | 'canny' | 'depth' | 'fill' | 'general';
  readonly fields: Fields;
  /** The field with the control image. */
  readonly control?: string;
  /** Most LoRAs; absent: the endpoint takes a `finetune_id`. */
  readonly loras?: number;
  /** Whether `image_size` is known, and what it is when left out; `control` is the control image's own size. */
  readonly size?: 'landscape_4_3' | 'control';
  readonly cost: number;
  readonly medianMs: number;
};

const prompt = { type: 'string', required: true } as const;
const image = { type: 'image', orUrl: true, dataUri: 'must' } as const;
const neededImage = { ...image, required: true } as const;
const flag = (value: boolean) => ({ type: 'boolean', default: value }) as const;

const common: Fields = {
  prompt,
  seed: { type: 'integer', nullable: true },
  num_images: { type: 'integer', default: 1, range: [1, 4] },
  output_format: { type: 'choice', default: 'jpeg', choices: ['jpeg', 'png'] },
  sync_mode: flag(false),
};

function dev(guidance: number): Fields {
  return {
    ...common,
    num_inference_steps: { type: 'integer', default: 28, range: [1, 50] },
    guidance_scale: { type: 'number', default: guidance, range: [0, 35] },
    enable_safety_checker: flag(true),
  };
}

const acceleration = { type: 'choice', default: 'none', choices: ['none', 'regular'] } as const;

/** Both control LoRAs share one input type. */
const controlLora: Fields = {
  ...dev(3.5),
  control_lora_image_url: neededImage,
  control_lora_strength: { type: 'number', default: 1, range: [0, 2] },
  image_url: image,
  preprocess_depth: flag(true),
};

const pro: Fields = {
  ...common,
  finetune_id: { type: 'string', required: true },
  finetune_strength: { type: 'number', required: true, range: [0, 2] },
  safety_tolerance: { type: 'choice', default: '2', choices: ['1', '2', '3', '4', '5', '6'] },
  enhance_prompt: flag(false),
};

function klein(steps: number, more: Fields = {}): Fields {
  return {
    ...common,
    num_inference_steps: { type: 'integer', default: steps, range: [1, 50] },
    output_format: { type: 'choice', default: 'png', choices: ['jpeg', 'png', 'webp'] },
    enable_safety_checker: flag(true),
    ...more,
  };
}

const kleinBase: Fields = {
  guidance_scale: { type: 'number', default: 5, range: [0, 20] },
  negative_prompt: { type: 'string', default: '' },
  acceleration: { type: 'choice', default: 'regular', choices: ['none', 'regular', 'high'] },
};

const lora = { loras: 100, size: 'landscape_4_3' } as const;

function kleins(): [string, FalEndpoint][] {
  const cost = { '4b': 1.4, '9b': 1.5 } as const;
  return (['4b', '9b'] as const).flatMap((size): [string, FalEndpoint][] => {
    const shared = { kind: 'text', loras: 3, size: 'landscape_4_3', cost: cost[size] } as const;
    return [
      [`fal-ai/flux-2/klein/${size}/lora`, { ...shared, fields: klein(4), medianMs: 1_800 }],
      [`fal-ai/flux-2/klein/${size}/base/lora`, { ...shared, fields: klein(28, kleinBase), medianMs: 6_000 }],
    ];
  });
}

/** Every endpoint that takes a submit, by its id. */
export const falEndpoints: ReadonlyMap<string, FalEndpoint> = new Map<string, FalEndpoint>([
  [
    'fal-ai/flux-control-lora-canny',
    { ...lora, kind: 'canny', fields: controlLora, control: 'control_lora_image_url', cost: 4, medianMs: 7_000 },
  ],
  [
    'fal-ai/flux-control-lora-depth',
    { ...lora, kind: 'depth', fields: controlLora, control: 'control_lora_image_url', cost: 4, medianMs: 7_000 },
  ],
  ['fal-ai/flux-lora', { ...lora, kind: 'text', fields: { ...dev(3.5), acceleration }, cost: 3.5, medianMs: 5_000 }],
  [
    'fal-ai/flux-lora-canny',
    {
      ...lora,
      kind: 'canny',
      fields: { ...dev(30), image_url: neededImage },
      control: 'image_url',
      size: 'control',
      cost: 3.5,
      medianMs: 6_000,
    },
  ],
  [
    'fal-ai/flux-lora-depth',
    {
      ...lora,
      kind: 'depth',
      fields: { ...dev(3.5), image_url: neededImage, acceleration },
      control: 'image_url',
      size: 'control',
      cost: 3.5,
      medianMs: 6_000,
    },
  ],
  [
    'fal-ai/flux-lora-fill',
    {
      ...lora,
      kind: 'fill',
      fields: { ...dev(30), image_url: neededImage, mask_url: neededImage, acceleration },
      control: 'image_url',
      size: 'control',
      cost: 3.5,
      medianMs: 6_000,
    },
  ],
  ['fal-ai/flux-general', { ...lora, kind: 'general', fields: dev(3.5), cost: 7.5, medianMs: 9_000 }],
  [
    'fal-ai/flux-pro/v1.1-ultra-finetuned',
    {
      kind: 'text',
      fields: {
        ...pro,
        aspect_ratio: { type: 'ratio', default: '16:9' },
        raw: flag(false),
        image_url: image,
        image_prompt_strength: { type: 'number', default: 0.1, range: [0, 1] },
      },
      cost: 7,
      medianMs: 10_000,
    },
  ],
  [
    'fal-ai/flux-pro/v1/fill-finetuned',
    {
      kind: 'fill',
      fields: { ...pro, image_url: neededImage, mask_url: neededImage },
      control: 'image_url',
      cost: 6,
      medianMs: 11_000,
    },
  ],
  ...kleins(),
]);

/** Endpoints that were in client 1.6.0 and are gone from 1.10.1. */
export const retiredEndpoints: ReadonlySet<string> = new Set([
  'fal-ai/flux-pro/v1/canny-finetuned',
  'fal-ai/flux-pro/v1/depth-finetuned',
  'fal-ai/flux-pro/v1/canny',
  'fal-ai/flux-pro/v1/depth',
  'fal-ai/flux-pro-trainer',
]);
