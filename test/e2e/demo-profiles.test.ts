import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { newId } from '../../src/domain/ids.js';
import { openDatabase } from '../../src/store/database.js';
import { ensureProject } from '../../src/store/keys.js';
import { still } from '../sandbox/images.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, tryGenerate, waitForEnd } from '../support/generations.js';

const canny = {
  bfl: 'bfl/flux-pro-1.0-canny-finetuned',
  cometapi: 'cometapi/flux-pro-1-0-canny-finetuned',
};
const folder = mkdtempSync(join(tmpdir(), 'darkroom-models-'));
let darkroom: Darkroom;
let profileId: string;
let imageId: string;

beforeAll(async () => {
  const file = join(folder, 'models.json');
  const lifecycle = { status: 'RETIRED', since: '2026-11-01', source: 'a test' };
  writeFileSync(file, JSON.stringify({ models: [{ id: canny.bfl, lifecycle }] }));
  darkroom = await startDarkroom({
    everyBinding: true,
    environment: { MODELS_FILE: file },
    // As when a history is seeded before the first start.
    async prepare({ databaseUrl }) {
      const database = openDatabase(databaseUrl, { connections: 1 });
      await ensureProject(database, { id: newId(), slug: 'demo', name: 'Demo' });
      await database.close();
    },
  });
  profileId = await darkroom.profile();
  imageId = await darkroom.api.upload(await still(320, 256));
});

afterAll(async () => {
  await darkroom.stop();
  rmSync(folder, { recursive: true });
});

const input = (more: object = {}) => ({ profileId, prompt: 'a jar', ...more });
const routesSchema = z.object({
  generation: z.object({
    provider: z.string(),
    routes: z.array(
      z.object({ model: z.string(), state: z.string(), reason: z.object({ code: z.string() }).nullable() }),
    ),
  }),
});

it('go to every provider that the sandbox plays', async () => {
  const providers = ['bfl', 'cometapi', 'cometapi-responses', 'fal', 'replicate', 'comfyui'];
  const ids = await Promise.all(
    providers.map(async (provider) => await generate(darkroom.api, 'generateFromPrompt', input({ provider }))),
  );
  for (const id of ids) expect((await waitForEnd(darkroom.api, id)).status).toBe('SUCCEEDED');
  expect(new Set(darkroom.sandbox.log().flatMap(({ path, submit }) => (submit === null ? [] : [path]))).size).toBe(6);
});

it('go on by the next route when the operator says that a model is retired, on the sandbox too', async () => {
  const id = await generate(darkroom.api, 'generateFromCanny', input({ controlImage: { imageId } }));
  expect((await waitForEnd(darkroom.api, id)).status).toBe('SUCCEEDED');
  const document = 'query ($id: ID!) { generation(id: $id) { provider routes { model state reason { code } } } }';
  const { generation } = await darkroom.api.ask(routesSchema, document, { id });
  expect(generation.provider).toBe('cometapi');
  expect(generation.routes).toEqual([
    { model: canny.cometapi, state: 'TAKEN', reason: null },
    { model: 'fal/flux-control-lora-canny', state: 'OPEN', reason: null },
    { model: 'fal/flux-lora-canny', state: 'OPEN', reason: null },
    { model: 'replicate/flux-dev-controlnet-canny', state: 'OPEN', reason: null },
    { model: 'comfyui/flux-canny-lora', state: 'OPEN', reason: null },
    { model: canny.bfl, state: 'CLOSED', reason: { code: 'RETIRED' } },
  ]);
  const { userErrors } = await tryGenerate(
    darkroom.api,
    'generateFromCanny',
    input({ controlImage: { imageId }, provider: 'bfl' }),
  );
  expect(userErrors).toMatchObject([{ code: 'MODEL_RETIRED' }]);
});

it('are known to those who import what the sandbox has', async () => {
  const shape = z.object({
    importProfiles: z.object({
      imported: z.array(z.object({ slug: z.string() })),
      known: z.array(z.object({ slug: z.string() })),
      userErrors: z.array(z.unknown()),
    }),
  });
  for (const provider of ['bfl', 'replicate', 'comfyui']) {
    const document = `mutation { importProfiles(input: { provider: "${provider}" }) {
      imported { slug } known { slug } userErrors { code } } }`;
    const { importProfiles } = await darkroom.api.ask(shape, document);
    expect(importProfiles.userErrors).toEqual([]);
    expect(importProfiles.known.map(({ slug }) => slug).toSorted()).toEqual(['ink-sketch', 'studio-bottle']);
    expect(importProfiles.imported).toHaveLength(3);
  }
});

it.each([
  ['bfl', 'VALID'],
  ['replicate', 'VALID'],
  ['comfyui', 'VALID'],
  ['fal', 'UNKNOWN'],
  ['cometapi', 'UNKNOWN'],
])('are found at %s to be %s', async (provider, verdict) => {
  const shape = z.object({ checkBinding: z.object({ verdict: z.string() }) });
  const document = 'mutation ($input: CheckBindingInput!) { checkBinding(input: $input) { verdict } }';
  const { checkBinding } = await darkroom.api.ask(shape, document, { input: { profileId, provider } });
  expect(checkBinding.verdict).toBe(verdict);
});

it.each(['bfl', 'cometapi'])(
  'fail clearly where %s does not know the finetune, and `providers` shows it',
  async (provider) => {
    const document = 'mutation ($input: BindProfileInput!) { bindProfile(input: $input) { userErrors { code } } }';
    const other = await darkroom.profile('ink-sketch');
    const binding = { profileId: other, provider, finetuneId: 'unknown-jar' };
    await darkroom.api.ask(z.object({ bindProfile: z.object({ userErrors: z.tuple([]) }) }), document, {
      input: binding,
    });
    const id = await generate(darkroom.api, 'generateFromPrompt', { profileId: other, prompt: 'a jar', provider });
    expect(await waitForEnd(darkroom.api, id)).toMatchObject({
      status: 'FAILED',
      error: { code: 'FINETUNE_UNKNOWN', message: expect.stringContaining('unknown-jar does not exist') },
    });
    const faults = z.object({ accounts: z.array(z.object({ recentErrors: z.array(z.object({ code: z.string() })) })) });
    const shape = z.object({ providers: z.array(faults.extend({ name: z.string() })) });
    // Accounts are read anew every few seconds.
    await vi.waitFor(
      async () => {
        const { providers } = await darkroom.api.ask(
          shape,
          '{ providers { name accounts { recentErrors { code } } } }',
        );
        const seen = providers.find(({ name }) => name === provider)?.accounts[0]?.recentErrors;
        expect(seen).toContainEqual({ code: 'FINETUNE_UNKNOWN' });
      },
      { timeout: 30_000, interval: 200 },
    );
  },
);
