import { priceAt } from '../../src/domain/price.js';
import { describe, expect, it } from 'vitest';
import { knownModels } from '../../src/catalogue/catalogue.js';
import type { Model, ParameterRules } from '../../src/domain/model.js';
import { resolveParameters } from '../../src/domain/parameters.js';

const seed = { kind: 'integer', minimum: -(2 ** 53 - 1), maximum: 2 ** 53 - 1, default: null };
const formats = { kind: 'choice', values: ['jpeg', 'png'], default: 'jpeg' };
const threeFormats = { kind: 'choice', values: ['jpeg', 'png', 'webp'], default: 'jpeg' };
const tolerance = { kind: 'integer', minimum: 1, maximum: 6, default: 2 };
const no = { kind: 'boolean', default: false };
const whole = (minimum: number, maximum: number, value: number | null) => ({
  kind: 'integer',
  minimum,
  maximum,
  default: value,
});
const real = (minimum: number, maximum: number, value: number) => ({
  kind: 'number',
  minimum,
  maximum,
  default: value,
});
const side = (minimum: number, maximum: number, value: number | null, multipleOf = 16) => ({
  kind: 'integer',
  minimum,
  maximum,
  multipleOf,
  default: value,
});

function of(provider: string): Model[] {
  return knownModels().filter((model) => model.provider === provider);
}

function rulesOf(id: string): ParameterRules | undefined {
  return knownModels().find((model) => model.id === id)?.parameters;
}

function summary(provider: string): unknown[] {
  return of(provider).map(({ id, name, control, finetune, lifecycle, prices }) => [
    id.slice(provider.length + 1),
    name,
    control,
    finetune,
    lifecycle.status,
    priceAt(prices, new Date()),
  ]);
}

const xlabs = 'xlabs-ai/flux-dev-controlnet:9a8db105db745f8b11ad3afe5c8bd892428b2a43ade0b67edc4e0ccd52ff2fda';

describe('fal', () => {
  it('offers exactly these endpoints', () => {
    expect(summary('fal')).toEqual([
      ['flux-control-lora-canny', 'fal-ai/flux-control-lora-canny', 'CANNY', 'LORA', 'ACTIVE', 40_000],
      ['flux-control-lora-depth', 'fal-ai/flux-control-lora-depth', 'DEPTH', 'LORA', 'ACTIVE', 40_000],
      ['flux-lora', 'fal-ai/flux-lora', 'NONE', 'LORA', 'ACTIVE', 35_000],
      ['flux-lora-canny', 'fal-ai/flux-lora-canny', 'CANNY', 'LORA', 'ACTIVE', 35_000],
      ['flux-lora-depth', 'fal-ai/flux-lora-depth', 'DEPTH', 'LORA', 'ACTIVE', 35_000],
      ['flux-lora-fill', 'fal-ai/flux-lora-fill', 'FILL', 'LORA', 'ACTIVE', null],
      ['flux-2-klein-4b-lora', 'fal-ai/flux-2/klein/4b/lora', 'NONE', 'LORA', 'ACTIVE', null],
      ['flux-2-klein-9b-lora', 'fal-ai/flux-2/klein/9b/lora', 'NONE', 'LORA', 'ACTIVE', null],
      ['flux-2-klein-9b-base-lora', 'fal-ai/flux-2/klein/9b/base/lora', 'NONE', 'LORA', 'ACTIVE', null],
      ['flux-pro-v1.1-ultra-finetuned', 'fal-ai/flux-pro/v1.1-ultra-finetuned', 'NONE', 'ID', 'DEPRECATED', null],
      ['flux-pro-v1-fill-finetuned', 'fal-ai/flux-pro/v1/fill-finetuned', 'FILL', 'ID', 'DEPRECATED', null],
      ['flux-pro-v1-canny-finetuned', 'fal-ai/flux-pro/v1/canny-finetuned', 'CANNY', 'ID', 'RETIRED', null],
      ['flux-pro-v1-depth-finetuned', 'fal-ai/flux-pro/v1/depth-finetuned', 'DEPTH', 'ID', 'RETIRED', null],
    ]);
  });

  const dev = {
    finetuneStrength: real(0, 4, 1),
    steps: whole(1, 50, 28),
    guidance: real(0, 35, 3.5),
    seed,
    outputFormat: formats,
  };
  const ownSize = { width: side(256, 1440, null), height: side(256, 1440, null) };
  const klein = {
    finetuneStrength: real(0, 4, 1),
    width: side(512, 2048, 1024),
    height: side(512, 2048, 768),
    steps: whole(4, 8, 4),
    seed,
    outputFormat: threeFormats,
  };

  it.each<[string, object]>([
    ['flux-control-lora-canny', { ...dev, ...ownSize }],
    ['flux-control-lora-depth', { ...dev, ...ownSize }],
    ['flux-lora', { ...dev, width: side(256, 1440, 1024), height: side(256, 1440, 768) }],
    ['flux-lora-canny', { ...dev, ...ownSize, guidance: real(0, 35, 30) }],
    ['flux-lora-depth', { ...dev, ...ownSize }],
    ['flux-lora-fill', { ...dev, guidance: real(0, 35, 30) }],
    ['flux-2-klein-4b-lora', klein],
    ['flux-2-klein-9b-lora', klein],
    ['flux-2-klein-9b-base-lora', { ...klein, steps: whole(4, 50, 28), guidance: real(0, 20, 5) }],
    [
      'flux-pro-v1.1-ultra-finetuned',
      {
        finetuneStrength: real(0, 2, 1.2),
        aspectRatio: { kind: 'ratio', widest: '21:9', tallest: '9:21', default: '16:9' },
        imagePromptStrength: real(0, 1, 0.1),
        seed,
        promptUpsampling: no,
        safetyTolerance: tolerance,
        outputFormat: formats,
      },
    ],
    [
      'flux-pro-v1-fill-finetuned',
      {
        finetuneStrength: real(0, 2, 1.1),
        seed,
        promptUpsampling: no,
        safetyTolerance: tolerance,
        outputFormat: formats,
      },
    ],
  ])('%s takes', (name, parameters) => {
    expect(rulesOf(`fal/${name}`)).toEqual(parameters);
  });
});

describe('replicate', () => {
  it('offers exactly these models', () => {
    expect(summary('replicate')).toEqual([
      ['flux-dev-controlnet-canny', xlabs, 'CANNY', 'LORA', 'ACTIVE', null],
      ['flux-dev-controlnet-depth', xlabs, 'DEPTH', 'LORA', 'ACTIVE', null],
      ['flux-dev-lora', 'black-forest-labs/flux-dev-lora', 'NONE', 'LORA', 'ACTIVE', null],
      ['flux-dev-trained', '{finetuneId}', 'NONE', 'ID', 'ACTIVE', null],
      ['flux-pro-finetuned', 'black-forest-labs/flux-pro-finetuned', 'NONE', 'ID', 'DEPRECATED', null],
      [
        'flux-1.1-pro-ultra-finetuned',
        'black-forest-labs/flux-1.1-pro-ultra-finetuned',
        'NONE',
        'ID',
        'DEPRECATED',
        null,
      ],
    ]);
  });

  const ratios = ['1:1', '16:9', '21:9', '3:2', '2:3', '4:5', '5:4', '3:4', '4:3', '9:16', '9:21'];
  const aspectRatio = { kind: 'choice', values: ratios, default: '1:1' };
  const control = {
    finetuneStrength: real(0, 2, 1),
    steps: whole(1, 50, 28),
    guidance: real(0, 5, 3.5),
    seed,
    outputFormat: threeFormats,
  };
  const dev = { ...control, guidance: real(0, 10, 3), aspectRatio };

  it.each<[string, object]>([
    ['flux-dev-controlnet-canny', control],
    ['flux-dev-controlnet-depth', control],
    ['flux-dev-lora', dev],
    ['flux-dev-trained', { ...dev, width: side(256, 1440, null), height: side(256, 1440, null) }],
    [
      'flux-pro-finetuned',
      {
        finetuneStrength: real(0, 2, 1),
        width: side(256, 1440, null, 32),
        height: side(256, 1440, null, 32),
        aspectRatio,
        steps: whole(1, 50, 40),
        guidance: real(2, 5, 3),
        seed,
        promptUpsampling: no,
        safetyTolerance: tolerance,
        outputFormat: threeFormats,
      },
    ],
    [
      'flux-1.1-pro-ultra-finetuned',
      {
        finetuneStrength: real(0, 2, 1),
        aspectRatio,
        imagePromptStrength: real(0, 1, 0.1),
        seed,
        safetyTolerance: tolerance,
        outputFormat: formats,
      },
    ],
  ])('%s takes', (name, parameters) => {
    expect(rulesOf(`replicate/${name}`)).toEqual(parameters);
  });
});

describe.each(['fal', 'replicate'])('every model of %s', (provider) => {
  const models = of(provider);

  it('names its source, and what is going away its living successor of the same control', () => {
    for (const { lifecycle, control } of models) {
      expect(lifecycle.source).not.toBe('');
      if (lifecycle.status === 'ACTIVE') continue;
      expect(lifecycle.since).toMatch(/^2025-10-(03|31)$/);
      const successor = models.find(({ id }) => id === lifecycle.successor);
      expect(successor).toMatchObject({ control, lifecycle: { status: 'ACTIVE' } });
    }
  });

  it('takes its own defaults', () => {
    for (const model of models) {
      const resolved = resolveParameters(model, { values: {}, path: [] });
      expect(resolved).toMatchObject({ ok: true });
      // Whatever goes by a finetune says how strong it shall be.
      expect(resolved).toHaveProperty('value.finetuneStrength');
    }
  });
});
