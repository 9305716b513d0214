// Every upstream through the whole of Darkroom, each spoken to by its own adapter at the sandbox's dialect of it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { still } from '../sandbox/images.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, readGeneration, waitFor, waitForEnd } from '../support/generations.js';

const lora = 'https://weights.example/jar.safetensors';
const bindings = [
  { provider: 'bfl', finetuneId: 'my-finetune' },
  { provider: 'cometapi', finetuneId: 'my-finetune' },
  { provider: 'fal', loraUrl: lora },
  { provider: 'replicate', loraUrl: lora },
  { provider: 'comfyui', finetuneId: 'my-finetune.safetensors' },
];
let darkroom: Darkroom;
let profileId: string;
let imageId: string;

beforeAll(async () => {
  darkroom = await startDarkroom({
    sandbox: { timeScale: 100 },
    environment: (sandboxUrl) => ({
      BFL_API_KEY: 'bfl-key-1',
      BFL_BASE_URL: sandboxUrl,
      COMETAPI_API_KEY: 'comet-key-1',
      COMETAPI_BASE_URL: sandboxUrl,
      FAL_KEY: 'fal-key-1',
      FAL_BASE_URL: `${sandboxUrl}/fal`,
      REPLICATE_API_TOKEN: 'replicate-key-1',
      REPLICATE_BASE_URL: `${sandboxUrl}/replicate`,
      COMFYUI_BASE_URL: `${sandboxUrl}/comfyui`,
      SUBMIT_TIMEOUT_SECONDS: '5',
    }),
    expectedErrors: [/A lost answer/],
  });
  const created = await darkroom.api.ask(
    z.object({ createProfile: z.object({ profile: z.object({ id: z.string() }) }) }),
    'mutation { createProfile(input: { slug: "jar", name: "Jar", triggerWord: "JAR" }) { profile { id } } }',
  );
  profileId = created.createProfile.profile.id;
  for (const binding of bindings) {
    const document = 'mutation ($input: BindProfileInput!) { bindProfile(input: $input) { userErrors { code } } }';
    const bound = z.object({ bindProfile: z.object({ userErrors: z.tuple([]) }) });
    await darkroom.api.ask(bound, document, { input: { profileId, ...binding } });
  }
  imageId = await darkroom.api.upload(await still(256, 256));
});

afterAll(async () => {
  await darkroom.stop();
});

async function canny(provider: string, prompt: string): Promise<string> {
  const input = { profileId, prompt, provider, controlImage: { imageId } };
  return await generate(darkroom.api, 'generateFromCanny', input);
}

async function cancel(id: string): Promise<void> {
  const document = 'mutation ($id: ID!) { cancelGeneration(id: $id) { userErrors { code } } }';
  await darkroom.api.ask(z.unknown(), document, { id });
}

async function firstAttempt(id: string): Promise<{ state: string; stopAskedAt: string | null }> {
  const shape = z.object({
    generation: z.object({ attempts: z.array(z.object({ state: z.string(), stopAskedAt: z.string().nullable() })) }),
  });
  const document = 'query ($id: ID!) { generation(id: $id) { attempts { state stopAskedAt } } }';
  const [attempt] = (await darkroom.api.ask(shape, document, { id })).generation.attempts;
  if (attempt === undefined) throw new Error('There is no attempt.');
  return attempt;
}

describe('a canny generation', () => {
  it.each(['cometapi', 'fal', 'replicate', 'comfyui'])('is made by %s', async (provider) => {
    const state = await waitForEnd(darkroom.api, await canny(provider, `made by ${provider}`));
    expect(state.error).toBeNull();
    expect(state).toMatchObject({ status: 'SUCCEEDED', promptSent: `JAR, made by ${provider}` });
    expect(state.images).toHaveLength(1);
    expect(darkroom.submits(`made by ${provider}`)).toHaveLength(1);
  });

  it.each(['cometapi', 'fal', 'replicate', 'comfyui'])('that %s withholds or fails says so', async (provider) => {
    const failed = await waitForEnd(darkroom.api, await canny(provider, `a jar [sandbox: error]`));
    expect(failed).toMatchObject({ status: 'FAILED', error: { code: 'PROVIDER_FAILED' } });
    expect(failed.error?.message).toBeTruthy();
  });
});

describe('a generation that is canceled while it runs', () => {
  it.each(['fal', 'replicate', 'comfyui'])('is stopped at %s, once', async (provider) => {
    const prompt = `stop at ${provider} [sandbox: duration=2000s]`;
    const id = await canny(provider, prompt);
    await waitFor(darkroom.api, id, ({ status }) => status === 'RUNNING');
    await cancel(id);
    await waitFor(darkroom.api, id, ({ attempts }) => attempts[0]?.state === 'DONE');
    expect(await firstAttempt(id)).toMatchObject({ state: 'DONE', stopAskedAt: expect.any(String) });
    expect((await readGeneration(darkroom.api, id)).status).toBe('CANCELED');
    expect(darkroom.submits(`stop at ${provider}`)).toHaveLength(1);
  });
});

it('a submit to ComfyUI whose answer was lost is found there by its own id, and not sent again', async () => {
  const id = await canny('comfyui', 'lost and found [sandbox: lost-reply]');
  const state = await waitForEnd(darkroom.api, id);
  expect(state).toMatchObject({ status: 'SUCCEEDED', attempts: [{ state: 'DONE' }] });
  expect(darkroom.submits('lost and found')).toHaveLength(1);
});

it('a submit elsewhere whose answer was lost stays UNCONFIRMED, and is not sent again', async () => {
  for (const provider of ['fal', 'replicate']) {
    const id = await canny(provider, `lost at ${provider} [sandbox: lost-reply]`);
    await waitFor(darkroom.api, id, ({ status }) => status === 'UNCONFIRMED');
    expect(darkroom.submits(`lost at ${provider}`)).toHaveLength(1);
    await cancel(id);
  }
});

it('no key reaches a delivery host', () => {
  expect(darkroom.sandbox.log().filter(({ keyLeaked }) => keyLeaked)).toEqual([]);
});
