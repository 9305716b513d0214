import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import type { Api, Variables } from '../support/api.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, readGeneration, userErrorSchema, waitForEnd } from '../support/generations.js';
import { flat } from '../images/pictures.js';

let darkroom: Darkroom;
let profileId = '';

beforeAll(async () => {
  darkroom = await startDarkroom({ sandbox: { image: 'small' } });
  profileId = await darkroom.profile();
});

afterAll(async () => await darkroom.stop());

const payloadSchema = z.object({
  payload: z.object({ generation: z.object({ id: z.string() }).nullable(), userErrors: z.array(userErrorSchema) }),
});

async function rerun(
  api: Api,
  variables: Variables,
): Promise<{ id: string; userErrors: z.infer<typeof userErrorSchema>[] }> {
  const document = `mutation ($id: ID!, $provider: String, $model: String, $overrides: ParametersInput, $reuse: Boolean, $key: String) {
    payload: rerunGeneration(id: $id, provider: $provider, model: $model, overrides: $overrides, reuseSeed: $reuse, idempotencyKey: $key) {
      generation { id } userErrors { code message path minimum maximum given retryable } } }`;
  const { payload } = await api.ask(payloadSchema, document, variables);
  return { id: payload.generation?.id ?? '', userErrors: payload.userErrors };
}

const linksSchema = z.object({
  generation: z.object({
    asked: z.record(z.string(), z.unknown()),
    rerunOf: z.object({ id: z.string() }).nullable(),
    reruns: z.array(z.object({ id: z.string() })),
    model: z.object({ id: z.string() }),
    tags: z.array(z.string()),
  }),
});

async function links(id: string): Promise<z.infer<typeof linksSchema>['generation']> {
  const document = `query ($id: ID!) { generation(id: $id) {
    asked { steps guidance seed width height } rerunOf { id } reruns { id } model { id } tags } }`;
  return (await darkroom.api.ask(linksSchema, document, { id })).generation;
}

const nothing = { guidance: null, seed: null, width: null, height: null };

it('runs a generation again with what was asked for, and keeps both ends of the link', async () => {
  const controlImage = { imageId: await darkroom.api.upload(await flat({ width: 300, height: 300 }).png().toBuffer()) };
  const input = { profileId, prompt: 'again', controlImage, steps: 20, tags: ['spring'] };
  const first = await generate(darkroom.api, 'generateFromCanny', input);
  const { id, userErrors } = await rerun(darkroom.api, { id: first, overrides: { guidance: 40 } });
  expect(userErrors).toEqual([]);
  const [old, anew] = [await readGeneration(darkroom.api, first), await waitForEnd(darkroom.api, id)];
  expect(anew).toMatchObject({
    status: 'SUCCEEDED',
    prompt: 'again',
    parameters: { ...old.parameters, guidance: 40 },
    controlImage: { id: old.controlImage?.id },
  });
  expect(await links(id)).toMatchObject({
    asked: { ...nothing, steps: 20, guidance: 40 },
    rerunOf: { id: first },
    reruns: [],
    tags: ['spring'],
  });
  expect(await links(first)).toMatchObject({ asked: { ...nothing, steps: 20 }, rerunOf: null, reruns: [{ id }] });
});

it('takes another model’s own defaults, and leaves out what that model does not take', async () => {
  const first = await generate(darkroom.api, 'generateFromPrompt', {
    profileId,
    prompt: 'to ultra',
    steps: 20,
    seed: 4,
  });
  const { id } = await rerun(darkroom.api, { id: first, model: 'bfl/flux-pro-1.1-ultra-finetuned' });
  expect(await waitForEnd(darkroom.api, id)).toMatchObject({
    parameters: { steps: null, seed: 4, finetuneStrength: 1.2, aspectRatio: '16:9' },
  });
  // Left out and not forgotten: where steps are taken again, they are asked for again.
  const { id: back } = await rerun(darkroom.api, { id, model: 'flux-pro-finetuned' });
  expect(await links(back)).toMatchObject({
    asked: { ...nothing, steps: 20, seed: 4 },
    model: { id: 'bfl/flux-pro-finetuned' },
  });
});

it('gives the same rerun for the same key, and a new one without', async () => {
  const first = await generate(darkroom.api, 'generateFromPrompt', { profileId, prompt: 'once' });
  const { id } = await rerun(darkroom.api, { id: first, key: 'k1' });
  expect(await rerun(darkroom.api, { id: first, key: 'k1' })).toEqual({ id, userErrors: [] });
  expect((await rerun(darkroom.api, { id: first, key: 'k1', provider: 'bfl' })).userErrors).toMatchObject([
    { code: 'CONFLICT', path: ['idempotencyKey'] },
  ]);
  const { id: other } = await rerun(darkroom.api, { id: first });
  expect((await links(first)).reruns).toEqual([{ id: other }, { id }]);
});

it('refuses what cannot be, and says why', async () => {
  const first = await generate(darkroom.api, 'generateFromPrompt', { profileId, prompt: 'no', steps: 4 });
  const errors = async (variables: Variables, api = darkroom.api): Promise<unknown> =>
    (await rerun(api, { id: first, ...variables })).userErrors;
  expect(await errors({ overrides: { steps: 500 } })).toMatchObject([
    { code: 'OUT_OF_RANGE', path: ['overrides', 'steps'], maximum: 50, given: '500' },
  ]);
  expect(await errors({ overrides: { cannyLowThreshold: 5 } })).toMatchObject([
    { code: 'UNSUPPORTED', path: ['overrides', 'cannyLowThreshold'] },
  ]);
  expect(await errors({ provider: 'nobody' })).toMatchObject([{ code: 'NO_ROUTE', path: ['provider'] }]);
  expect(await errors({ id: 'gen_nothing' })).toMatchObject([{ code: 'NOT_FOUND', path: ['id'] }]);
  const other = await darkroom.addProject('strangers');
  expect(await errors({}, other.api)).toMatchObject([{ code: 'NOT_FOUND', path: ['id'], given: first }]);
});

it('refuses to run again what was made from an image that is gone, or with a profile that is archived', async () => {
  const slug = 'short-lived';
  const made = await darkroom.addProject(slug);
  const controlImage = { imageId: await made.api.upload(await flat({ width: 320, height: 256 }).png().toBuffer()) };
  const input = { profileId: made.profileId, prompt: 'gone', controlImage };
  const first = await generate(made.api, 'generateFromCanny', input);
  const second = await generate(made.api, 'generateFromPrompt', { profileId: made.profileId, prompt: 'gone too' });
  await darkroom.sql('delete from image where id = $1', controlImage.imageId.slice('img_'.length));
  expect(await rerun(made.api, { id: first })).toMatchObject({ userErrors: [{ code: 'NOT_FOUND', path: ['id'] }] });
  await darkroom.sql('update profile set archived_at = now() where project_id = $1', made.projectId);
  expect(await rerun(made.api, { id: second })).toMatchObject({ userErrors: [{ code: 'CONFLICT', path: ['id'] }] });
});
