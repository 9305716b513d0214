import type { ControlKind } from './lifecycle.js';
import type { ParameterRule, ParameterRules } from './model.js';

const strength: ParameterRule = { kind: 'number', minimum: 0, maximum: 2, default: null };
const { MIN_SAFE_INTEGER: lowest, MAX_SAFE_INTEGER: highest } = Number;

const common = {
  finetuneStrength: strength,
  seed: { kind: 'integer', minimum: lowest, maximum: highest, default: null },
  promptUpsampling: { kind: 'boolean', default: false },
  safetyTolerance: { kind: 'integer', minimum: 0, maximum: 6, default: 2 },
  outputFormat: { kind: 'choice', values: ['jpeg', 'png'], default: 'jpeg' },
} as const satisfies ParameterRules;

const side = (byDefault: number): ParameterRule => ({
  kind: 'integer',
  minimum: 256,
  maximum: 1440,
  multipleOf: 32,
  default: byDefault,
});
const threshold = (byDefault: number): ParameterRule => ({
  kind: 'integer',
  minimum: 0,
  maximum: 500,
  default: byDefault,
});
const steps: ParameterRule = { kind: 'integer', minimum: 15, maximum: 50, default: 50 };

/**
 * What a caller may always ask, by control kind: the ranges that the inputs document, whichever route is taken in the end. A
 * route that takes less is sent the nearest it takes (domain/translate.ts); one that takes more may be asked for more.
 */
export const callerRules: Readonly<Record<ControlKind, ParameterRules>> = {
  NONE: {
    ...common,
    width: side(1024),
    height: side(768),
    steps: { kind: 'integer', minimum: 1, maximum: 50, default: 40 },
    guidance: { kind: 'number', minimum: 1.5, maximum: 5, default: 2.5 },
  },
  CANNY: {
    ...common,
    steps,
    guidance: { kind: 'number', minimum: 1, maximum: 100, default: 30 },
    cannyLowThreshold: threshold(50),
    cannyHighThreshold: threshold(200),
  },
  DEPTH: { ...common, steps, guidance: { kind: 'number', minimum: 1, maximum: 100, default: 15 } },
  FILL: { ...common, steps, guidance: { kind: 'number', minimum: 1.5, maximum: 100, default: 60 } },
};
