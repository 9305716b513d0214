import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { still } from '../sandbox/images.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, tryGenerate, waitForEnd } from '../support/generations.js';

let darkroom: Darkroom;
let profileId: string;

beforeAll(async () => {
  // A real account, as far as Darkroom can tell.
  darkroom = await startDarkroom({
    environment: (sandboxUrl) => ({ BFL_API_KEY: 'a-real-key', BFL_BASE_URL: sandboxUrl, BFL_ALLOW_HTTP: 'true' }),
  });
  ({ profileId } = await darkroom.addProject('own').then(async ({ projectId, ...rest }) => {
    const keys = "update api_key set project_id = $1 where project_id = (select id from project where slug = 'demo')";
    await darkroom.sql(keys, projectId);
    return rest;
  }));
});

afterAll(async () => {
  await darkroom.stop();
});

it('makes no sandbox profiles where there is a real account', async () => {
  expect(await darkroom.sql("select slug from profile where slug <> 'own'")).toEqual([]);
});

it.each([
  ['generateFromCanny', 'flux-pro-1.0-canny-finetuned'],
  ['generateFromDepth', 'flux-pro-1.0-depth-finetuned'],
] as const)('refuses %s, whose model its provider has withdrawn, and names the successor', async (mutation, model) => {
  const imageId = await darkroom.api.upload(await still(256, 256));
  const { id, userErrors } = await tryGenerate(darkroom.api, mutation, {
    profileId,
    prompt: 'a jar',
    controlImage: { imageId },
  });
  expect(id).toBeNull();
  expect(userErrors).toEqual([
    expect.objectContaining({ code: 'MODEL_RETIRED', path: ['input', 'model'], retryable: false }),
  ]);
  expect(userErrors[0]?.message).toBe(
    `bfl/${model} was retired by its provider on 2025-10-31; its successor is bfl/flux-2-klein-9b-finetuned.`,
  );
  expect(darkroom.submits()).toEqual([]);
});

const modelsSchema = z.object({
  models: z.array(z.object({ name: z.string(), available: z.boolean(), lifecycle: z.object({ status: z.string() }) })),
});

it('shows which models can still be used', async () => {
  const { models } = await darkroom.api.ask(modelsSchema, '{ models { name available lifecycle { status } } }');
  for (const { available, lifecycle } of models) expect(available).toBe(lifecycle.status !== 'RETIRED');
  expect(models.filter(({ available }) => !available).map(({ name }) => name)).toEqual([
    'flux-pro-finetuned',
    'flux-pro-1.0-canny-finetuned',
    'flux-pro-1.0-depth-finetuned',
  ]);
});

it('takes a living model by itself, and one whose end is announced when asked to', async () => {
  const living = await generate(darkroom.api, 'generateFromPrompt', { profileId, prompt: 'a jar' });
  const announced = { profileId, prompt: 'a jug', model: 'bfl/flux-pro-1.1-ultra-finetuned' };
  const ending = await generate(darkroom.api, 'generateFromPrompt', announced);
  for (const id of [living, ending]) expect((await waitForEnd(darkroom.api, id)).status).toBe('SUCCEEDED');
  expect(darkroom.submits('a jar')[0]?.submit?.model).toMatch(/^flux-2-klein-/);
  expect(darkroom.submits('a jug')[0]?.submit?.model).toBe('flux-pro-1.1-ultra-finetuned');
  expect(JSON.stringify(darkroom.log)).not.toContain('a-real-key');
});
