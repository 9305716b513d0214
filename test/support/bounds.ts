import type { GenerateMutation } from './generations.js';
import type { Variables } from './api.js';

/** A parameter's ends: `lowest` and `highest` are taken, `below` and `above` are not. */
export type Bound = {
  mutation: GenerateMutation;
  field: string;
  lowest: number;
  highest: number;
  below: number;
  above: number;
  /** What else must be given. */
  with?: Variables;
};

const ultra = { model: 'bfl/flux-pro-1.1-ultra-finetuned' };
const klein = { model: 'flux-2-klein-9b-finetuned' };

function bound(
  mutation: GenerateMutation,
  field: string,
  [lowest, highest]: readonly [number, number],
  step: number,
  more?: Variables,
): Bound {
  const ends = { mutation, field, lowest, highest, below: round(lowest - step), above: round(highest + step) };
  return more === undefined ? ends : { ...ends, with: more };
}

function round(value: number): number {
  return Math.round(value * 1_000) / 1_000;
}

/** The documented ranges, written down once more: nothing here comes from the program. */
export const bounds: readonly Bound[] = [
  ...(['generateFromPrompt', 'generateFromCanny', 'generateFromDepth'] as const).flatMap((mutation) => [
    bound(mutation, 'finetuneStrength', [0, 2], 0.001),
    bound(mutation, 'safetyTolerance', [0, 6], 1),
    bound(mutation, 'priority', [-100, 100], 1),
  ]),
  ...(['generateFromCanny', 'generateFromDepth'] as const).flatMap((mutation) => [
    bound(mutation, 'steps', [15, 50], 1),
    bound(mutation, 'guidance', [1, 100], 0.001),
  ]),
  bound('generateFromPrompt', 'steps', [1, 50], 1),
  bound('generateFromPrompt', 'guidance', [1.5, 5], 0.001),
  bound('generateFromPrompt', 'width', [256, 1440], 32),
  bound('generateFromPrompt', 'height', [256, 1440], 32),
  bound('generateFromPrompt', 'imagePromptStrength', [0, 1], 0.001, ultra),
  bound('generateFromPrompt', 'finetuneStrength', [0, 2], 0.001, ultra),
  bound('generateFromPrompt', 'finetuneStrength', [0, 2], 0.001, klein),
  bound('generateFromPrompt', 'safetyTolerance', [0, 5], 1, klein),
  bound('generateFromPrompt', 'width', [64, 2048], 1, klein),
  bound('generateFromPrompt', 'height', [64, 2048], 1, klein),
  bound('generateFromCanny', 'cannyLowThreshold', [0, 500], 1, { cannyHighThreshold: 500 }),
  bound('generateFromCanny', 'cannyHighThreshold', [0, 500], 1, { cannyLowThreshold: 0 }),
];
