// What a certain refusal at one provider makes of a generation that another could make as well.
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { knownModels } from '../../src/catalogue/catalogue.js';
import type { Variables } from '../support/api.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { startFront, type Front } from '../support/front.js';
import { boundProfile, routedOf } from '../support/routes.js';
import { generate, readGeneration, waitFor, waitForEnd, type GenerationState } from '../support/generations.js';

let front: Front;
let darkroom: Darkroom;
let profileId: string;

/** Of BFL's models for prompts alone only this one is left, so that the next route is another provider's. */
const bflModel = 'bfl/flux-2-klein-9b-finetuned';
const falModel = 'fal/flux-lora';

beforeAll(async () => {
  let sandboxUrl = '';
  front = await startFront(() => sandboxUrl);
  const modelsFile = join(tmpdir(), `darkroom-models-${process.pid}.json`);
  await writeFile(modelsFile, JSON.stringify({ models: othersRetired() }));
  darkroom = await startDarkroom({
    environment: (url) => {
      sandboxUrl = url;
      return {
        BFL_API_KEY: 'bfl-key-1',
        BFL_BASE_URL: front.url,
        BFL_ACTIVE_TASKS: '2',
        FAL_KEY: 'fal-key-1',
        FAL_BASE_URL: `${url}/fal`,
        MODELS_FILE: modelsFile,
        ACCOUNT_PROBE_SECONDS: '1',
        UNCONFIRMED_SECONDS: '600',
      };
    },
    // The slots that are freed here may be those of tasks that were about to be accepted.
    expectedErrors: [/an attempt that had been given up/],
  });
  profileId = await boundProfile(darkroom.api, [
    { provider: 'bfl', finetuneId: 'my-finetune' },
    { provider: 'fal', loraUrl: 'https://weights.example/jar.safetensors', triggerWord: 'FALJAR' },
  ]);
});

beforeEach(async () => {
  Object.assign(front, { fault: null, probesFail: false, submits: 0 });
  await untilPaused(null);
  await darkroom.sql('delete from model_retirement');
  await darkroom.sql("update generation set status = 'CANCELED', finished_at = now() where finished_at is null");
  await freeSlots();
  while ((await bflNow()).seeminglyRetiredAt !== null);
});

afterAll(async () => {
  await darkroom.stop();
  await front.stop();
});

function othersRetired(): unknown[] {
  const gone = { status: 'RETIRED', since: '2026-01-01', source: 'a test', successor: null };
  return knownModels()
    .filter(
      ({ provider, control, id }) =>
        (provider === 'bfl' && control === 'NONE' && id !== bflModel) || id.startsWith('fal/flux-2'),
    )
    .map(({ id }) => ({ id, lifecycle: gone }));
}

async function ask(prompt: string, input: Variables = {}): Promise<string> {
  return await generate(darkroom.api, 'generateFromPrompt', { profileId, prompt, width: 256, height: 256, ...input });
}

async function end(prompt: string, input: Variables = {}): Promise<GenerationState> {
  return await waitForEnd(darkroom.api, await ask(prompt, input));
}

const modelSchema = z.object({ id: z.string(), seeminglyRetiredAt: z.string().nullable() });
async function bflNow(): Promise<z.infer<typeof modelSchema>> {
  const { models } = await darkroom.api.ask(
    z.object({ models: z.array(modelSchema) }),
    '{ models(provider: "bfl") { id seeminglyRetiredAt } }',
  );
  return models.find(({ id }) => id === bflModel) ?? Promise.reject(new Error('There is no such model.'));
}

const accountSchema = z.object({
  id: z.string(),
  paused: z.object({ code: z.string(), message: z.string() }).nullable(),
  recentErrors: z.array(z.object({ code: z.string(), message: z.string(), count: z.number() })),
});
async function bflAccount(): Promise<z.infer<typeof accountSchema>> {
  const { providers } = await darkroom.api.ask(
    z.object({ providers: z.array(z.object({ accounts: z.array(accountSchema) })) }),
    '{ providers { accounts { id paused { code message } recentErrors { code message count } } } }',
  );
  const found = providers.flatMap(({ accounts }) => accounts).find(({ id }) => id === 'bfl');
  return found ?? Promise.reject(new Error('There is no such account.'));
}

async function untilPaused(code: string | null): Promise<void> {
  await vi.waitFor(async () => expect((await bflAccount()).paused?.code ?? null).toBe(code), {
    timeout: 20_000,
    interval: 50,
  });
}

it('goes by the first route when all is well', async () => {
  const state = await end('all is well');
  expect(state).toMatchObject({ status: 'SUCCEEDED', finetuneId: 'my-finetune', promptSent: 'JAR, all is well' });
  const { route, routes } = await routedOf(darkroom.api, state.id);
  expect(route).toMatchObject({ model: bflModel, account: 'bfl', state: 'TAKEN', reason: null });
  expect(routes[1]).toMatchObject({ model: falModel, state: 'OPEN' });
});

it('a model that its provider has no longer is left for the next route, and for none that is asked later', async () => {
  front.fault = { status: 404, detail: 'Not Found' };
  const state = await end('gone upstream');
  expect(state).toMatchObject({ status: 'SUCCEEDED', finetuneId: null, promptSent: 'FALJAR, gone upstream' });
  expect(state.attempts).toMatchObject([{ state: 'REFUSED', httpStatus: 404 }, { state: 'DONE' }]);
  const { provider, route, routes, events } = await routedOf(darkroom.api, state.id);
  expect({ provider, route }).toMatchObject({ provider: 'fal', route: { model: falModel, account: 'fal' } });
  expect(routes[0]).toMatchObject({ model: bflModel, state: 'LEFT', reason: { code: 'MODEL_RETIRED_UPSTREAM' } });
  expect(events.filter(({ code }) => code !== null)).toEqual([
    { status: 'QUEUED', code: 'MODEL_RETIRED_UPSTREAM', provider: 'fal' },
  ]);
  expect((await bflNow()).seeminglyRetiredAt).not.toBeNull();
  expect(darkroom.log).toContainEqual(expect.objectContaining({ model: bflModel, msg: 'A model seems to be retired' }));

  const next = await end('asked later');
  expect(next.attempts).toHaveLength(1);
  expect((await routedOf(darkroom.api, next.id)).routes).toContainEqual(
    expect.objectContaining({
      model: bflModel,
      state: 'CLOSED',
      reason: expect.objectContaining({ code: 'SEEMINGLY_RETIRED' }),
    }),
  );
  expect(front.submits).toBe(1);
});

it('a model that seemed retired is back when it succeeds for somebody who named it, or when an operator says so', async () => {
  front.fault = { status: 410, detail: 'Gone' };
  await end('gone');
  front.fault = null;
  expect(await end('named', { model: bflModel })).toMatchObject({ status: 'SUCCEEDED' });
  expect((await bflNow()).seeminglyRetiredAt).toBeNull();
  expect((await routedOf(darkroom.api, (await end('back')).id)).provider).toBe('bfl');

  // It has worked, so that now three answers in a row are needed.
  front.fault = { status: 404, detail: 'Not Found' };
  const shape = z.object({
    clearRetirement: z.object({ model: modelSchema.nullable(), userErrors: z.array(z.object({ code: z.string() })) }),
  });
  const document = `mutation { clearRetirement(model: "${bflModel}") { model { id seeminglyRetiredAt } userErrors { code } } }`;
  expect((await darkroom.api.ask(shape, document)).clearRetirement.userErrors).toEqual([{ code: 'NOT_FOUND' }]);
  await vi.waitFor(
    async () => {
      await end('again gone');
      expect((await bflNow()).seeminglyRetiredAt).not.toBeNull();
    },
    { timeout: 20_000 },
  );
  const cleared = await darkroom.api.ask(shape, document);
  expect(cleared.clearRetirement).toEqual({ model: { id: bflModel, seeminglyRetiredAt: null }, userErrors: [] });
  const other = await darkroom.addProject(`tenant-${Date.now()}`);
  expect((await other.api.send(document)).errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
});

it('names an unknown finetune as such, tries it elsewhere, and does not take the model for retired', async () => {
  front.fault = { status: 404, detail: 'Finetune not found' };
  const state = await end('unknown finetune');
  expect(state).toMatchObject({
    status: 'SUCCEEDED',
    attempts: [{ error: { code: 'FINETUNE_UNKNOWN' } }, { state: 'DONE' }],
  });
  expect((await bflNow()).seeminglyRetiredAt).toBeNull();
  const pinned = await end('unknown and pinned', { provider: 'bfl' });
  expect(pinned).toMatchObject({ status: 'FAILED', error: { code: 'FINETUNE_UNKNOWN' } });
});

it.each([
  [401, 'Not authenticated', 'PROVIDER_UNAUTHORIZED'],
  [402, 'Insufficient credits', 'PROVIDER_OUT_OF_CREDITS'],
] as const)('an account that is refused with %i is paused, and left at once', async (status, detail, code) => {
  Object.assign(front, { fault: { status, detail }, probesFail: true });
  const state = await end(`refused with ${status}`);
  expect(state).toMatchObject({ status: 'SUCCEEDED', attempts: [{ error: { code } }, { state: 'DONE' }] });
  await untilPaused(code);
  // Whoever comes while it is paused goes elsewhere at once.
  const next = await routedOf(darkroom.api, (await end('while it is paused')).id);
  expect(next.provider).toBe('fal');
  expect(next.routes).toContainEqual(
    expect.objectContaining({
      account: 'bfl',
      state: 'OPEN',
      reason: expect.objectContaining({ code: 'ACCOUNT_PAUSED' }),
    }),
  );
  expect(front.submits).toBe(1);
  await vi.waitFor(
    async () => expect((await bflAccount()).recentErrors).toContainEqual(expect.objectContaining({ code })),
    {
      timeout: 15_000,
      interval: 200,
    },
  );
});

it('moderation and a plain refusal are not carried to another provider', async () => {
  const moderated = await end('not for the eyes [sandbox: moderated]');
  expect(moderated).toMatchObject({ status: 'MODERATED', attempts: [{ state: 'DONE' }] });
  front.fault = { status: 422, detail: [{ loc: ['body', 'prompt'], msg: 'is not allowed', type: 'value_error' }] };
  const refused = await end('refused as wrong');
  expect(refused).toMatchObject({
    status: 'FAILED',
    error: { code: 'PROVIDER_REFUSED' },
    attempts: [{ httpStatus: 422 }],
  });
});

it('what waits for a paused account goes on elsewhere, and what is pinned to it waits', async () => {
  const running = ['one', 'two'].map(async (name) => await ask(`busy ${name} [sandbox: duration=3000s]`));
  for (const id of await Promise.all(running)) await waitFor(darkroom.api, id, ({ status }) => status === 'RUNNING');
  const [waiting, pinned] = [await ask('waits'), await ask('waits and is pinned', { provider: 'bfl' })];
  const pause = `mutation { pauseProvider(account: "bfl", reason: "We move house.") { userErrors { code } } }`;
  await darkroom.api.ask(z.unknown(), pause);
  expect(await waitForEnd(darkroom.api, waiting)).toMatchObject({ status: 'SUCCEEDED', attempts: [{ state: 'DONE' }] });
  const { routes, events } = await routedOf(darkroom.api, waiting);
  expect(routes[0]).toMatchObject({
    account: 'bfl',
    state: 'LEFT',
    reason: { code: 'ACCOUNT_PAUSED', message: 'We move house.' },
  });
  expect(events.slice(0, 2)).toEqual([
    { status: 'QUEUED', code: null, provider: 'bfl' },
    { status: 'QUEUED', code: 'ROUTE_CHANGED', provider: 'fal' },
  ]);
  expect(await readGeneration(darkroom.api, pinned)).toMatchObject({ status: 'QUEUED', attempts: [] });
  await darkroom.api.ask(z.unknown(), 'mutation { resumeProvider(account: "bfl") { userErrors { code } } }');
});

it('a host that is not there is left after some tries, and says so when it is pinned', async () => {
  await front.away();
  try {
    const stays = await ask('stays', { provider: 'bfl' });
    const state = await end('goes on');
    expect(state).toMatchObject({ status: 'SUCCEEDED' });
    const codes = state.attempts.map(({ error }) => error?.code ?? null);
    expect(codes.length).toBeLessThanOrEqual(4);
    expect(codes.at(-1)).toBeNull();
    const waiting = await waitFor(darkroom.api, stays, ({ attempts }) => attempts.some(({ error }) => error !== null));
    const errors = [...waiting.attempts, ...state.attempts].flatMap(({ error }) => error?.code ?? []);
    expect(new Set(errors)).toEqual(new Set(['PROVIDER_UNREACHABLE']));
    expect(['QUEUED', 'SUBMITTING']).toContain(waiting.status);
  } finally {
    await front.back();
  }
});

it('a submit that was not answered is never sent again, and many in a row open the circuit', async () => {
  // What went before may have left the circuit half open.
  await end('all is well again', { provider: 'bfl' });
  Object.assign(front, { fault: 'cut', probesFail: true });
  const id = await ask('cut off', { provider: 'bfl' });
  const state = await waitFor(darkroom.api, id, ({ status }) => status === 'UNCONFIRMED');
  expect(state.attempts).toHaveLength(1);
  let asked = 1;
  // One after the other, for longer than a blip takes.
  for (; (await bflAccount()).paused === null && asked < 200; asked += 1) {
    await freeSlots();
    const next = await ask(`cut off too ${asked}`, { provider: 'bfl' });
    await waitFor(darkroom.api, next, ({ status }) => status !== 'QUEUED' && status !== 'SUBMITTING');
  }
  const message: unknown = expect.stringContaining('in a row');
  expect((await bflAccount()).paused).toMatchObject({ code: 'CIRCUIT_OPEN', message });
  expect(asked).toBeGreaterThanOrEqual(5);
  expect((await readGeneration(darkroom.api, id)).attempts).toHaveLength(1);
  expect(darkroom.submits('cut off')).toEqual([]);
  expect((await routedOf(darkroom.api, (await end('after that')).id)).provider).toBe('fal');

  // Half-open: the probe finds it well, and the first submit that is not answered opens it again.
  front.probesFail = false;
  await untilPaused(null);
  front.probesFail = true;
  await freeSlots();
  await ask('the first after that', { provider: 'bfl' });
  await untilPaused('CIRCUIT_OPEN');
  expect((await bflAccount()).paused?.message).toContain('when it was tried');
});

/** What runs, or nobody knows of, gives its slot back after long; here at once. */
async function freeSlots(): Promise<void> {
  const held = "account = 'bfl' and state in ('SENT', 'ACCEPTED')";
  await darkroom.sql(`update attempt set state = 'LOST', finished_at = now() where ${held}`);
}
