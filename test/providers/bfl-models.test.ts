import { expect, it } from 'vitest';
import { priceAt } from '../../src/domain/price.js';
import type { Model } from '../../src/domain/model.js';
import { knownModels } from '../../src/catalogue/catalogue.js';

const models = knownModels().filter(({ provider }) => provider === 'bfl');

const seed = { kind: 'integer', minimum: -(2 ** 53 - 1), maximum: 2 ** 53 - 1, default: null };
const promptUpsampling = { kind: 'boolean', default: false };
const safetyTolerance = { kind: 'integer', minimum: 0, maximum: 6, default: 2 };
const outputFormat = { kind: 'choice', values: ['jpeg', 'png'], default: 'jpeg' };
const shared = { seed, promptUpsampling, safetyTolerance, outputFormat };

function find(name: string): Model | undefined {
  return models.find((model) => model.name === name);
}

it('offers exactly these endpoints', () => {
  expect(
    models.map(({ id, control, lifecycle, prices }) => [id, control, lifecycle.status, priceAt(prices, new Date())]),
  ).toEqual([
    ['bfl/flux-pro-finetuned', 'NONE', 'RETIRED', 60_000],
    ['bfl/flux-pro-1.1-ultra-finetuned', 'NONE', 'DEPRECATED', 70_000],
    ['bfl/flux-pro-1.0-canny-finetuned', 'CANNY', 'RETIRED', null],
    ['bfl/flux-pro-1.0-depth-finetuned', 'DEPTH', 'RETIRED', null],
    ['bfl/flux-pro-1.0-fill-finetuned', 'FILL', 'DEPRECATED', 60_000],
    ['bfl/flux-2-klein-4b-finetuned', 'NONE', 'ACTIVE', 14_000],
    ['bfl/flux-2-klein-9b-finetuned', 'NONE', 'ACTIVE', 15_000],
    ['bfl/flux-2-klein-9b-kv-finetuned', 'NONE', 'ACTIVE', 15_000],
    ['bfl/flux-2-klein-9b-kv-bf16-finetuned', 'NONE', 'ACTIVE', null],
    ['bfl/flux-2-klein-base-4b-finetuned', 'NONE', 'ACTIVE', null],
    ['bfl/flux-2-klein-base-9b-finetuned', 'NONE', 'ACTIVE', null],
  ]);
});

it('flux-pro-finetuned takes', () => {
  expect(find('flux-pro-finetuned')).toMatchObject({
    images: { imagePrompt: { required: false } },
  });
  expect(find('flux-pro-finetuned')?.parameters).toEqual({
    finetuneStrength: { kind: 'number', minimum: 0, maximum: 2, default: 1.1 },
    width: { kind: 'integer', minimum: 256, maximum: 1440, multipleOf: 32, default: 1024 },
    height: { kind: 'integer', minimum: 256, maximum: 1440, multipleOf: 32, default: 768 },
    steps: { kind: 'integer', minimum: 1, maximum: 50, default: 40 },
    guidance: { kind: 'number', minimum: 1.5, maximum: 5, default: 2.5 },
    ...shared,
  });
});

it('flux-pro-1.1-ultra-finetuned takes', () => {
  expect(find('flux-pro-1.1-ultra-finetuned')).toMatchObject({
    images: { imagePrompt: { required: false } },
  });
  expect(find('flux-pro-1.1-ultra-finetuned')?.parameters).toEqual({
    finetuneStrength: { kind: 'number', minimum: 0, maximum: 2, default: 1.2 },
    aspectRatio: { kind: 'ratio', widest: '21:9', tallest: '9:21', default: '16:9' },
    imagePromptStrength: { kind: 'number', minimum: 0, maximum: 1, default: 0.1 },
    ...shared,
  });
});

it('flux-pro-1.0-canny-finetuned takes', () => {
  expect(find('flux-pro-1.0-canny-finetuned')).toMatchObject({
    images: { controlImage: { required: true } },
  });
  expect(find('flux-pro-1.0-canny-finetuned')?.parameters).toEqual({
    finetuneStrength: { kind: 'number', minimum: 0, maximum: 2, default: 1.1 },
    cannyLowThreshold: { kind: 'integer', minimum: 0, maximum: 500, default: 50 },
    cannyHighThreshold: { kind: 'integer', minimum: 0, maximum: 500, default: 200 },
    steps: { kind: 'integer', minimum: 15, maximum: 50, default: 50 },
    guidance: { kind: 'number', minimum: 1, maximum: 100, default: 30 },
    ...shared,
  });
});

it('flux-pro-1.0-depth-finetuned takes', () => {
  expect(find('flux-pro-1.0-depth-finetuned')).toMatchObject({
    images: { controlImage: { required: true } },
  });
  expect(find('flux-pro-1.0-depth-finetuned')?.parameters).toEqual({
    finetuneStrength: { kind: 'number', minimum: 0, maximum: 2, default: 1.1 },
    steps: { kind: 'integer', minimum: 15, maximum: 50, default: 50 },
    guidance: { kind: 'number', minimum: 1, maximum: 100, default: 15 },
    ...shared,
  });
});

it('flux-pro-1.0-fill-finetuned takes', () => {
  expect(find('flux-pro-1.0-fill-finetuned')?.images).toEqual({ image: { required: true }, mask: { required: false } });
  expect(find('flux-pro-1.0-fill-finetuned')?.parameters).toEqual({
    finetuneStrength: { kind: 'number', minimum: 0, maximum: 2, default: 1.1 },
    steps: { kind: 'integer', minimum: 15, maximum: 50, default: 50 },
    guidance: { kind: 'number', minimum: 1.5, maximum: 100, default: 60 },
    ...shared,
  });
});

it.each(models.filter((model) => model.name.startsWith('flux-2-klein-')).map((model) => [model.name, model] as const))(
  '%s takes',
  (_, model) => {
    expect(model.images).toEqual({ imagePrompt: { required: false } });
    expect(model.parameters).toEqual({
      finetuneStrength: { kind: 'number', minimum: 0, maximum: 2, default: null },
      width: { kind: 'integer', minimum: 64, maximum: 2048, special: 0, default: null },
      height: { kind: 'integer', minimum: 64, maximum: 2048, special: 0, default: null },
      seed,
      safetyTolerance: { kind: 'integer', minimum: 0, maximum: 5, default: 2 },
      outputFormat: { kind: 'choice', values: ['jpeg', 'png', 'webp'], default: 'jpeg' },
    });
  },
);

it('every model names its source, and what is going away its living successor', () => {
  for (const model of models) {
    expect(model.id).toBe(`bfl/${model.name}`);
    expect(model.provider).toBe('bfl');
    expect(model.lifecycle.source).not.toBe('');
    if (model.lifecycle.status === 'ACTIVE') continue;
    expect(model.lifecycle.since).toMatch(/^2025-10-(03|31)$/);
    expect(models.find(({ id }) => id === model.lifecycle.successor)?.lifecycle.status).toBe('ACTIVE');
  }
});
