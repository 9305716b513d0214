import type { Fields } from '../validate.js';

/**
 * Models on Replicate that run a finetune, and the two open-weights control models. Fields as their pages have them (2026);
 * where a page gives no range, the range is the model's own. Prices in US cents per image.
 */
export type ReplicateModel = {
  readonly kind: 'text' | 'canny' | 'depth' | 'chosen';
  readonly fields: Fields;
  /** Whether it runs under `/models/{owner}/{name}/predictions`; all others want their version. */
  readonly official: boolean;
  /** 64 hex digits; null where Replicate hides it. */
  readonly version: string | null;
  /** Whether the output is a list of addresses, or one address. */
  readonly many: boolean;
  readonly cost: number;
  readonly medianMs: number;
};

const prompt = { type: 'string', required: true } as const;
const image = { type: 'image', orUrl: true, dataUri: 'must' } as const;
const control = { ...image, required: true } as const;
const flag = (value: boolean) => ({ type: 'boolean', default: value }) as const;
const choice = (first: string, ...others: string[]) =>
  ({ type: 'choice', default: first, choices: [first, ...others] }) as const;
const number = (value: number, least: number, most: number) =>
  ({ type: 'number', default: value, range: [least, most] }) as const;
const integer = (value: number, least: number, most: number) =>
  ({ type: 'integer', default: value, range: [least, most] }) as const;

const seed = { type: 'integer', nullable: true } as const;
const ratios = ['16:9', '21:9', '3:2', '2:3', '4:5', '5:4', '3:4', '4:3', '9:16', '9:21'];
const side = { type: 'integer', nullable: true, range: [256, 1440] } as const;

/** What all open-weights models share. */
const dev: Fields = {
  prompt,
  seed,
  num_outputs: integer(1, 1, 4),
  num_inference_steps: integer(28, 1, 50),
  output_format: choice('webp', 'jpg', 'png'),
  output_quality: integer(80, 0, 100),
  disable_safety_checker: flag(false),
};

const pro: Fields = {
  prompt,
  seed,
  finetune_id: { type: 'string', required: true },
  finetune_strength: number(1, 0, 2),
  image_prompt: image,
  safety_tolerance: integer(2, 1, 6),
  output_format: choice('jpg', 'png'),
};

const lora: Fields = {
  ...dev,
  image,
  prompt_strength: number(0.8, 0, 1),
  lora_scale: number(1, -1, 3),
  extra_lora: { type: 'string', nullable: true },
  extra_lora_scale: number(1, -1, 3),
  go_fast: flag(false),
  megapixels: choice('1', '0.25'),
};

function controlDev(guidance: number): Fields {
  return {
    ...dev,
    control_image: control,
    guidance: number(guidance, 0, 100),
    megapixels: choice('1', '0.25', 'match_input'),
  };
}

const open = { official: true, version: null, many: true } as const;
const hosted = { kind: 'text', official: true, version: null, many: false } as const;

/** A version that somebody trained: `ostris/flux-dev-lora-trainer` makes such. Any version is taken for one. */
export const ownModel: Omit<ReplicateModel, 'version'> = {
  kind: 'text',
  official: false,
  many: true,
  cost: 2.5,
  medianMs: 9_000,
  fields: {
    ...lora,
    model: choice('dev', 'schnell'),
    guidance_scale: number(3, 0, 10),
    aspect_ratio: choice('1:1', ...ratios, 'custom'),
    width: side,
    height: side,
    mask: image,
  },
};

/** Every model that is known by name. */
export const replicateModels: ReadonlyMap<string, ReplicateModel> = new Map<string, ReplicateModel>([
  [
    'black-forest-labs/flux-dev-lora',
    {
      ...open,
      kind: 'text',
      cost: 3.2,
      medianMs: 6_000,
      fields: {
        ...lora,
        lora_weights: { type: 'string', nullable: true },
        guidance: number(3, 0, 10),
        aspect_ratio: choice('1:1', ...ratios),
      },
    },
  ],
  [
    'black-forest-labs/flux-pro-finetuned',
    {
      ...hosted,
      cost: 6,
      medianMs: 8_000,
      fields: {
        ...pro,
        aspect_ratio: choice('1:1', ...ratios, 'custom'),
        width: side,
        height: side,
        prompt_upsampling: flag(false),
        steps: integer(40, 1, 50),
        guidance: number(3, 2, 5),
      },
    },
  ],
  [
    'black-forest-labs/flux-1.1-pro-ultra-finetuned',
    {
      ...hosted,
      cost: 7,
      medianMs: 10_000,
      fields: {
        ...pro,
        aspect_ratio: choice('1:1', ...ratios),
        raw: flag(false),
        image_prompt_strength: number(0.1, 0, 1),
      },
    },
  ],
  ['black-forest-labs/flux-canny-dev', { ...open, kind: 'canny', cost: 2.5, medianMs: 8_000, fields: controlDev(30) }],
  ['black-forest-labs/flux-depth-dev', { ...open, kind: 'depth', cost: 2.5, medianMs: 8_000, fields: controlDev(10) }],
  [
    'xlabs-ai/flux-dev-controlnet',
    {
      kind: 'chosen',
      official: false,
      version: '9a8db105db745f8b11ad3afe5c8bd892428b2a43ade0b67edc4e0ccd52ff2fda',
      many: true,
      cost: 5,
      // A community model boots cold.
      medianMs: 40_000,
      fields: {
        prompt,
        seed,
        negative_prompt: { type: 'string', default: '' },
        control_type: choice('depth', 'canny', 'soft_edge'),
        control_image: control,
        control_strength: number(0.5, 0, 3),
        lora_url: { type: 'string', nullable: true },
        lora_strength: number(1, -1, 3),
        depth_preprocessor: choice('DepthAnything', 'Midas', 'Zoe', 'Zoe-DepthAnything'),
        steps: integer(28, 1, 50),
        guidance_scale: number(3.5, 0, 5),
        image_to_image_strength: number(0, 0, 1),
        output_format: choice('webp', 'jpg', 'png'),
        output_quality: integer(80, 0, 100),
      },
    },
  ],
]);

/** The model behind a version as a body may name it: 64 hex digits, `owner/name` or `owner/name:id`. */
export function modelOfVersion(version: string): { name: string; model: ReplicateModel } | null {
  const [name = '', id = name] = version.split(':');
  const byName = replicateModels.get(name);
  if (byName !== undefined && (id === name || id === byName.version)) return { name, model: byName };
  if (!/^[0-9a-f]{64}$/.test(id)) return null;
  for (const [each, model] of replicateModels) if (model.version === id) return { name: each, model };
  return { name: name === id ? 'sandbox/my-finetune' : name, model: { ...ownModel, version: id } };
}
