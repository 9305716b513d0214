import type { ControlKind } from './lifecycle.js';
import type { PriceTable } from './price.js';

/** Darkroom's own names of the parameters a model may take; each provider maps them to its words. */
export const parameterNames = [
  'finetuneStrength',
  'width',
  'height',
  'aspectRatio',
  'steps',
  'guidance',
  'seed',
  'promptUpsampling',
  'safetyTolerance',
  'outputFormat',
  'cannyLowThreshold',
  'cannyHighThreshold',
  'imagePromptStrength',
] as const;
export type ParameterName = (typeof parameterNames)[number];

/** The input images a model may take. */
export const imageInputNames = ['controlImage', 'imagePrompt', 'image', 'mask'] as const;
export type ImageInputName = (typeof imageInputNames)[number];

/** What an input image is called in the ledger. */
export const imageRoles = {
  controlImage: 'CONTROL',
  imagePrompt: 'IMAGE_PROMPT',
  image: 'IMAGE',
  mask: 'MASK',
} as const satisfies Record<ImageInputName, string>;

/**
 * How a model is told of a finetune: by the provider's own id, by the address of a LoRA's weights, or not at all. Where it
 * cannot be told, any binding of a profile serves, and says no more than that the profile may go there.
 */
export const finetuneKinds = ['ID', 'LORA', 'NONE'] as const;
export type FinetuneKind = (typeof finetuneKinds)[number];

/** What one model accepts for one parameter. A null default means: not sent unless asked for. */
export type ParameterRule =
  | {
      kind: 'integer';
      minimum: number;
      maximum: number;
      multipleOf?: number;
      /** One value below the minimum that has a meaning of its own (0 = automatic size on FLUX.2). */
      special?: number;
      default: number | null;
    }
  | { kind: 'number'; minimum: number; maximum: number; default: number | null }
  | { kind: 'boolean'; default: boolean }
  | { kind: 'choice'; values: readonly string[]; default: string }
  /** `w:h`, from `widest` (e.g. 21:9) to `tallest` (e.g. 9:21). */
  | { kind: 'ratio'; widest: string; tallest: string; default: string };

export type ParameterRules = Readonly<Partial<Record<ParameterName, ParameterRule>>>;
export type ParameterValue = string | number | boolean;
export type ParameterValues = Readonly<Partial<Record<ParameterName, ParameterValue>>>;

/** Upstream state of a model, with where that is known from. */
export type ModelLifecycle = {
  status: 'ACTIVE' | 'DEPRECATED' | 'RETIRED';
  /** ISO date since when `status` holds, where known. */
  since: string | null;
  /** Who says so. */
  source: string;
  /** Id of the model to move to, where there is one. */
  successor: string | null;
};

/** One endpoint of a provider. */
export type Model = {
  /** `<provider>/<name>`, e.g. `bfl/flux-pro-1.0-canny-finetuned`. */
  id: string;
  provider: string;
  /** The provider's own name of the endpoint. */
  name: string;
  control: ControlKind;
  finetune: FinetuneKind;
  parameters: ParameterRules;
  /** Input images: true where the model cannot do without. */
  images: Readonly<Partial<Record<ImageInputName, { required: boolean }>>>;
  /** What one image costs by its price list, past and announced. */
  prices: PriceTable;
  lifecycle: ModelLifecycle;
  /** The lifecycle's status is the operator's own word: it holds on the sandbox too. */
  statusByOperator?: true;
  /** For those who ask more of it than it takes: a sentence on where to go instead. */
  note?: string;
};
