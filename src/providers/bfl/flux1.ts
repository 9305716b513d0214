import type { Model, ModelLifecycle, ParameterRule, ParameterRules } from '../../domain/model.js';

/**
 * The finetuned FLUX.1 endpoints (BFL API reference, 2025, and BFL OpenAPI, April 2026). The depth table is known at second
 * hand only, from a community client generated from the documentation. They live on the single-cluster hosts
 * `api.us1.bfl.ai` and `api.eu1.bfl.ai`, and a finetune trained in one region is unknown in the other.
 */

const successor = 'bfl/flux-2-klein-9b-finetuned';

const retired: ModelLifecycle = {
  status: 'RETIRED',
  since: '2025-10-31',
  source: 'BFL notice of 3 October 2025, in effect 31 October 2025; gone from BFL OpenAPI, April 2026',
  successor,
};

// Both are true: the notice ends them, and the later documents list them. Nobody has been seen calling them since.
const announced: ModelLifecycle = {
  status: 'DEPRECATED',
  since: '2025-10-03',
  source:
    'BFL notice of 3 October 2025 ends it on 31 October 2025, yet BFL OpenAPI, April 2026, still lists it; whether it answers is unverified',
  successor,
};

function strength(value: number): ParameterRule {
  return { kind: 'number', minimum: 0, maximum: 2, default: value };
}

// The schema bounds seeds by nothing; the bounds are ours: what JSON carries exactly.
export const seed: ParameterRule = {
  kind: 'integer',
  minimum: Number.MIN_SAFE_INTEGER,
  maximum: Number.MAX_SAFE_INTEGER,
  default: null,
};

const shared = {
  seed,
  promptUpsampling: { kind: 'boolean', default: false },
  safetyTolerance: { kind: 'integer', minimum: 0, maximum: 6, default: 2 },
  // A newer copy of the documentation adds webp, without saying to which of these.
  outputFormat: { kind: 'choice', values: ['jpeg', 'png'], default: 'jpeg' },
} as const satisfies ParameterRules;

const controlSteps: ParameterRule = { kind: 'integer', minimum: 15, maximum: 50, default: 50 };

export const flux1Models: readonly Model[] = [
  {
    id: 'bfl/flux-pro-finetuned',
    provider: 'bfl',
    name: 'flux-pro-finetuned',
    control: 'NONE',
    parameters: {
      finetuneStrength: strength(1.1),
      width: { kind: 'integer', minimum: 256, maximum: 1440, multipleOf: 32, default: 1024 },
      height: { kind: 'integer', minimum: 256, maximum: 1440, multipleOf: 32, default: 768 },
      steps: { kind: 'integer', minimum: 1, maximum: 50, default: 40 },
      guidance: { kind: 'number', minimum: 1.5, maximum: 5, default: 2.5 },
      ...shared,
    },
    images: { imagePrompt: { required: false } },
    priceMicros: 60_000,
    lifecycle: retired,
  },
  {
    id: 'bfl/flux-pro-1.1-ultra-finetuned',
    provider: 'bfl',
    name: 'flux-pro-1.1-ultra-finetuned',
    control: 'NONE',
    parameters: {
      finetuneStrength: strength(1.2),
      aspectRatio: { kind: 'ratio', widest: '21:9', tallest: '9:21', default: '16:9' },
      imagePromptStrength: { kind: 'number', minimum: 0, maximum: 1, default: 0.1 },
      ...shared,
    },
    images: { imagePrompt: { required: false } },
    priceMicros: 70_000,
    lifecycle: announced,
  },
  {
    id: 'bfl/flux-pro-1.0-canny-finetuned',
    provider: 'bfl',
    name: 'flux-pro-1.0-canny-finetuned',
    control: 'CANNY',
    parameters: {
      finetuneStrength: strength(1.1),
      cannyLowThreshold: { kind: 'integer', minimum: 0, maximum: 500, default: 50 },
      cannyHighThreshold: { kind: 'integer', minimum: 0, maximum: 500, default: 200 },
      steps: controlSteps,
      guidance: { kind: 'number', minimum: 1, maximum: 100, default: 30 },
      ...shared,
    },
    images: { controlImage: { required: true } },
    // No price was ever published for the finetuned canny and depth endpoints.
    priceMicros: null,
    lifecycle: retired,
  },
  {
    id: 'bfl/flux-pro-1.0-depth-finetuned',
    provider: 'bfl',
    name: 'flux-pro-1.0-depth-finetuned',
    control: 'DEPTH',
    parameters: {
      finetuneStrength: strength(1.1),
      steps: controlSteps,
      guidance: { kind: 'number', minimum: 1, maximum: 100, default: 15 },
      ...shared,
    },
    images: { controlImage: { required: true } },
    priceMicros: null,
    lifecycle: retired,
  },
  {
    id: 'bfl/flux-pro-1.0-fill-finetuned',
    provider: 'bfl',
    name: 'flux-pro-1.0-fill-finetuned',
    control: 'FILL',
    parameters: {
      finetuneStrength: strength(1.1),
      steps: controlSteps,
      guidance: { kind: 'number', minimum: 1.5, maximum: 100, default: 60 },
      ...shared,
    },
    images: { image: { required: true }, mask: { required: false } },
    priceMicros: 60_000,
    lifecycle: announced,
  },
];
