import type { Model, ParameterRule } from '../../domain/model.js';
import { seed } from './flux1.js';

/**
 * FLUX.2 [klein] with an uploaded LoRA, on the main host (BFL documentation, "FLUX.2 LoRA Inference", public beta, 2026:
 * names and prices may change). The request is the base endpoint's plus `finetune_id` and `finetune_strength`. Control is
 * only by giving an edge or depth map as the input image and saying so in the prompt.
 */

// At least 64, or 0 for automatic (BFL API reference, 2026). No maximum is documented; 2048 is ours.
const side: ParameterRule = { kind: 'integer', minimum: 64, maximum: 2048, special: 0, default: null };

// Priced as the base model, and that by size: "from" prices, which hold for one megapixel (BFL pricing page, 2026). None is
// published for the bf16 and base variants.
const prices: readonly (readonly [base: string, priceMicros: number | null])[] = [
  ['flux-2-klein-4b', 14_000],
  ['flux-2-klein-9b', 15_000],
  ['flux-2-klein-9b-kv', 15_000],
  ['flux-2-klein-9b-kv-bf16', null],
  ['flux-2-klein-base-4b', null],
  ['flux-2-klein-base-9b', null],
];

export const kleinModels: readonly Model[] = prices.map(([base, priceMicros]) => ({
  id: `bfl/${base}-finetuned`,
  provider: 'bfl',
  name: `${base}-finetuned`,
  control: 'NONE',
  parameters: {
    // The range is known at second hand and the default not at all, so it is not sent unless asked for.
    finetuneStrength: { kind: 'number', minimum: 0, maximum: 2, default: null },
    width: side,
    height: side,
    seed,
    safetyTolerance: { kind: 'integer', minimum: 0, maximum: 5, default: 2 },
    outputFormat: { kind: 'choice', values: ['jpeg', 'png', 'webp'], default: 'jpeg' },
  },
  images: { imagePrompt: { required: false } },
  priceMicros,
  lifecycle: {
    status: 'ACTIVE',
    since: null,
    source: 'BFL documentation, "FLUX.2 LoRA Inference", public beta, 2026',
    successor: null,
  },
}));
