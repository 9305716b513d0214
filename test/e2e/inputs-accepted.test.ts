import { afterAll, beforeAll, expect, it } from 'vitest';
import { still } from '../sandbox/images.js';
import type { Variables } from '../support/api.js';
import { bounds } from '../support/bounds.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, readGeneration, waitForEnd, type GenerateMutation } from '../support/generations.js';

let darkroom: Darkroom;
let profileId: string;
let imageId: string;

beforeAll(async () => {
  darkroom = await startDarkroom({ sandbox: { image: 'small', timeScale: 1_000 } });
  profileId = await darkroom.profile('ink-sketch');
  imageId = await darkroom.api.upload(await still(256, 256));
});

afterAll(async () => {
  await darkroom.stop();
});

async function ask(mutation: GenerateMutation, input: Variables): Promise<string> {
  const control = mutation === 'generateFromPrompt' ? {} : { controlImage: { imageId } };
  return await generate(darkroom.api, mutation, { profileId, prompt: 'a jar', ...control, ...input });
}

it.each(bounds)('$mutation takes $field from $lowest to $highest ($with)', async (bound) => {
  for (const value of [bound.lowest, bound.highest]) {
    const state = await readGeneration(
      darkroom.api,
      await ask(bound.mutation, { ...bound.with, [bound.field]: value }),
    );
    expect(bound.field === 'priority' ? state.priority : state.parameters[bound.field]).toBe(value);
  }
});

const good: readonly [what: string, GenerateMutation, Variables][] = [
  ['equal thresholds', 'generateFromCanny', { cannyLowThreshold: 120, cannyHighThreshold: 120 }],
  ['the widest picture', 'generateFromPrompt', { model: 'bfl/flux-pro-1.1-ultra-finetuned', aspectRatio: '21:9' }],
  ['the tallest picture', 'generateFromPrompt', { model: 'bfl/flux-pro-1.1-ultra-finetuned', aspectRatio: '9:21' }],
  ['the automatic size', 'generateFromPrompt', { model: 'flux-2-klein-9b-finetuned', width: 0, height: 0 }],
  ['WebP where the model has it', 'generateFromPrompt', { model: 'flux-2-klein-4b-finetuned', outputFormat: 'webp' }],
  ['the largest seed', 'generateFromPrompt', { seed: Number.MAX_SAFE_INTEGER }],
  ['the smallest seed', 'generateFromPrompt', { seed: Number.MIN_SAFE_INTEGER }],
  ['10,000 characters, however many bytes they have', 'generateFromPrompt', { prompt: '🫙'.repeat(10_000) }],
  [
    '20 tags of 64 characters',
    'generateFromPrompt',
    { tags: Array.from({ length: 20 }, (_, n) => `${n}`.padEnd(64, 'ä')) },
  ],
  ['an image prompt', 'generateFromPrompt', { imagePrompt: { base64: 'set below' } }],
  ['a pinned provider', 'generateFromDepth', { provider: 'bfl' }],
  [
    'nulls for what has a default',
    'generateFromCanny',
    { steps: null, guidance: null, tags: null, seed: null, cannyLowThreshold: null },
  ],
];

it.each(good)('takes %s, and so does the provider', async (_what, mutation, input) => {
  const image =
    input['imagePrompt'] === undefined ? {} : { imagePrompt: { base64: (await still(300, 256)).toString('base64') } };
  const state = await waitForEnd(darkroom.api, await ask(mutation, { ...input, ...image }));
  expect(state).toMatchObject({ status: 'SUCCEEDED', error: null });
});

it('gives what is left out its documented default', async () => {
  const shared = { seed: null, promptUpsampling: false, safetyTolerance: 2, outputFormat: 'jpeg' };
  const absent = {
    width: null,
    height: null,
    aspectRatio: null,
    imagePromptStrength: null,
    cannyLowThreshold: null,
    cannyHighThreshold: null,
    steps: null,
    guidance: null,
  };
  const defaults: readonly [GenerateMutation, Variables, Variables][] = [
    ['generateFromPrompt', {}, { finetuneStrength: 1.1, width: 1024, height: 768, steps: 40, guidance: 2.5 }],
    [
      'generateFromPrompt',
      { model: 'bfl/flux-pro-1.1-ultra-finetuned' },
      { finetuneStrength: 1.2, aspectRatio: '16:9', imagePromptStrength: 0.1 },
    ],
    [
      'generateFromCanny',
      {},
      { finetuneStrength: 1.1, cannyLowThreshold: 50, cannyHighThreshold: 200, steps: 50, guidance: 30 },
    ],
    ['generateFromDepth', {}, { finetuneStrength: 1.1, steps: 50, guidance: 15 }],
  ];
  for (const [mutation, input, expected] of defaults) {
    const { parameters } = await readGeneration(darkroom.api, await ask(mutation, input));
    expect(parameters).toEqual({ ...absent, ...shared, ...expected });
  }
});

it('prefers the request to the binding, the binding to the profile, and the profile to the model', async () => {
  await darkroom.sql(
    `update profile set defaults = '{"steps": 21, "guidance": 22, "finetuneStrength": 0.5}' where slug = 'ink-sketch'`,
  );
  await darkroom.sql(
    `update binding set defaults = '{"steps": 31, "guidance": 32}' where profile_id in (select id from profile where slug = 'ink-sketch')`,
  );
  const { parameters } = await readGeneration(darkroom.api, await ask('generateFromCanny', { steps: 41 }));
  expect(parameters).toMatchObject({ steps: 41, guidance: 32, finetuneStrength: 0.5, safetyTolerance: 2 });
});

it('had nothing refused by the provider', () => {
  const refused = darkroom.submits().filter((entry) => entry.status !== 200 && entry.answered);
  expect(refused.map((entry) => [entry.status, entry.submit?.model])).toEqual([]);
  expect(darkroom.submits().flatMap((entry) => entry.submit?.ignored ?? [])).toEqual([]);
});
