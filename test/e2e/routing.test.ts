// Which route a request takes by the catalogue, by what its project prefers and by what it asks.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { still } from '../sandbox/images.js';
import type { Api, Variables } from '../support/api.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { boundProfile, routedFields, routedOf, routedSchema } from '../support/routes.js';
import { generate, tryGenerate, userErrorSchema, waitFor, waitForEnd } from '../support/generations.js';

const models = {
  bfl: 'bfl/flux-pro-1.0-canny-finetuned',
  cometapi: 'cometapi/flux-pro-1-0-canny-finetuned',
  fal: 'fal/flux-control-lora-canny',
  fal2: 'fal/flux-lora-canny',
} as const;
const active = { status: 'ACTIVE', since: null, source: 'a test', successor: null };
const gone = { status: 'RETIRED', since: '2026-01-01', source: 'a test', successor: 'bfl/flux-2-klein-9b-finetuned' };

/** The catalogue's difference: these models live, the other canny models do not. */
function living(...names: (keyof typeof models)[]): unknown[] {
  const ids = new Set<string>(names.map((name) => models[name]));
  return Object.values(models).map((id) => ({ id, lifecycle: ids.has(id) ? active : gone }));
}

const folder = mkdtempSync(join(tmpdir(), 'darkroom-routing-'));
let darkroom: Darkroom | null = null;

afterEach(async () => {
  await darkroom?.stop();
  darkroom = null;
});

afterAll(() => rmSync(folder, { recursive: true }));

/** A Darkroom with an account of each of three providers, real as far as it can tell. */
async function start(changes: readonly unknown[], onlyFor: Record<string, string[]> = {}): Promise<Bench> {
  const [modelsFile, accountsFile] = [join(folder, 'models.json'), join(folder, 'accounts.json')];
  writeFileSync(modelsFile, JSON.stringify({ models: changes }));
  darkroom = await startDarkroom({
    environment(url) {
      const accountOf = (id: string, baseUrl: string): Variables => ({
        id,
        provider: id,
        baseUrl,
        keyVariable: 'A_KEY',
        allowHttp: true,
        activeTasks: 1,
        ...(onlyFor[id] === undefined ? {} : { projects: onlyFor[id] }),
      });
      const accounts = [accountOf('bfl', url), accountOf('cometapi', url), accountOf('fal', `${url}/fal`)];
      writeFileSync(accountsFile, JSON.stringify(accounts));
      return { A_KEY: 'a-key', MODELS_FILE: modelsFile, ACCOUNTS_FILE: accountsFile };
    },
  });
  const { api } = darkroom;
  const [profileId, imageId] = [await boundProfile(api, bindings), await api.upload(await still(256, 256))];
  const input = { profileId, prompt: 'a jar', controlImage: { imageId } };
  return { darkroom, api, input };
}
type Bench = { darkroom: Darkroom; api: Api; input: { profileId: string; prompt: string; controlImage: Variables } };

const bindings = [
  { provider: 'bfl', finetuneId: 'my-finetune' },
  { provider: 'cometapi', finetuneId: 'my-finetune' },
  { provider: 'fal', loraUrl: 'https://weights.example/jar.safetensors' },
];

const spanSchema = z.object({ earliestMs: z.number(), latestMs: z.number() }).nullable();
const estimateSchema = routedSchema.extend({
  parameters: z.record(z.string(), z.unknown()),
  costMicros: z.number().nullable(),
  position: z.number().nullable(),
  wait: spanSchema,
  run: spanSchema,
  total: spanSchema,
  warnings: z.array(z.object({ code: z.string(), message: z.string() })),
  userErrors: z.array(userErrorSchema),
});
async function estimate(api: Api, input: Variables, control = 'CANNY'): Promise<z.infer<typeof estimateSchema>> {
  const document = `query ($control: ControlKind!, $input: EstimateInput!) { estimate(control: $control, input: $input) {
    ${routedFields} parameters { steps guidance cannyLowThreshold } costMicros position
    wait { earliestMs latestMs } run { earliestMs latestMs } total { earliestMs latestMs } warnings { code message }
    userErrors { code message path minimum maximum given retryable } } }`;
  return (await api.ask(z.object({ estimate: estimateSchema }), document, { control, input })).estimate;
}

async function setRouting(api: Api, input: Variables): Promise<string[]> {
  const shape = z.object({ setRouting: z.object({ userErrors: z.array(z.object({ message: z.string() })) }) });
  const document = 'mutation ($input: SetRoutingInput!) { setRouting(input: $input) { userErrors { message } } }';
  return (await api.ask(shape, document, { input })).setRouting.userErrors.map(({ message }) => message);
}

it('with all of its routes living a canny request goes by the first, as it is', async () => {
  const { api, input } = await start(living('bfl', 'cometapi', 'fal'));
  const id = await generate(api, 'generateFromCanny', { ...input, cannyLowThreshold: 20, safetyTolerance: 0 });
  expect(await waitForEnd(api, id)).toMatchObject({ status: 'SUCCEEDED', parameters: { cannyLowThreshold: 20 } });
  const { route, routes, adjustments } = await routedOf(api, id);
  expect(route).toEqual({ model: models.bfl, account: 'bfl', state: 'TAKEN', reason: null });
  expect(adjustments).toEqual([]);
  expect(routes.map(({ model, state }) => [model, state])).toEqual([
    [models.bfl, 'TAKEN'],
    [models.cometapi, 'OPEN'],
    [models.fal, 'OPEN'],
    [models.fal2, 'CLOSED'],
    ['fal/flux-pro-v1-canny-finetuned', 'CLOSED'],
  ]);
});

it('with the first retired in the catalogue the same request succeeds on the next, and says so', async () => {
  const { api, input } = await start(living('cometapi', 'fal'));
  const id = await generate(api, 'generateFromCanny', input);
  expect(await waitForEnd(api, id)).toMatchObject({ status: 'SUCCEEDED' });
  const { route, routes } = await routedOf(api, id);
  expect(route?.model).toBe(models.cometapi);
  expect(routes).toContainEqual({
    model: models.bfl,
    account: 'bfl',
    state: 'CLOSED',
    reason: { code: 'RETIRED', message: 'a test' },
  });
});

it('what the last living route cannot honour is told, or refused when it must be exact', async () => {
  const { api, input } = await start(living('fal'));
  const asked = { ...input, cannyLowThreshold: 20, cannyHighThreshold: 90, guidance: 60, safetyTolerance: 0 };
  const id = await generate(api, 'generateFromCanny', asked);
  expect(await waitForEnd(api, id)).toMatchObject({ status: 'SUCCEEDED', parameters: { guidance: 35 } });
  const { route, adjustments } = await routedOf(api, id);
  expect(route?.model).toBe(models.fal);
  expect(adjustments).toContainEqual({
    parameter: 'guidance',
    asked: 60,
    sent: 35,
    source: 'INPUT',
    reason: `${models.fal} takes 0 to 35.`,
  });
  expect(adjustments).toContainEqual(
    expect.objectContaining({ parameter: 'cannyLowThreshold', asked: 20, sent: null }),
  );

  const { id: none, userErrors } = await tryGenerate(api, 'generateFromCanny', { ...asked, strict: true });
  expect(none).toBeNull();
  expect(userErrors.map(({ code, path }) => `${code} ${path.join('.')}`)).toEqual(
    expect.arrayContaining(['OUT_OF_RANGE input.guidance', 'UNSUPPORTED input.cannyLowThreshold']),
  );
  // What nobody takes is refused as ever, with the range that holds for callers.
  const wrong = await tryGenerate(api, 'generateFromCanny', { ...input, cannyLowThreshold: 501 });
  expect(wrong.userErrors).toMatchObject([
    { code: 'OUT_OF_RANGE', path: ['input', 'cannyLowThreshold'], maximum: 500 },
  ]);
});

it('with all of them retired it is refused, and the successors are named', async () => {
  const { darkroom: whole, api, input } = await start(living());
  const { id, userErrors } = await tryGenerate(api, 'generateFromCanny', input);
  expect(id).toBeNull();
  expect(userErrors).toMatchObject([{ code: 'MODEL_RETIRED', path: ['input', 'model'] }]);
  for (const part of [...Object.values(models), gone.successor]) expect(userErrors[0]?.message).toContain(part);
  const estimated = await estimate(api, input);
  expect(estimated).toMatchObject({ route: null, userErrors: [{ code: 'MODEL_RETIRED' }], costMicros: null });
  expect(new Set(estimated.routes.map(({ reason }) => reason?.code))).toEqual(new Set(['RETIRED']));
  expect(await whole.sql('select from generation')).toEqual([]);
  expect(whole.submits()).toEqual([]);
});

it('the project says which routes it prefers', async () => {
  const cheap = { id: models.fal, lifecycle: active, priceMicros: 1_000 };
  const dear = { id: models.bfl, lifecycle: active, priceMicros: 90_000 };
  const { api, input } = await start([...living('cometapi'), cheap, dear]);
  const takes = async (): Promise<string | undefined> => (await estimate(api, input)).route?.model;
  expect(await takes()).toBe(models.bfl);
  expect(await setRouting(api, { prefer: 'CHEAPEST' })).toEqual([]);
  expect(await takes()).toBe(models.fal);
  expect(await setRouting(api, { providers: ['cometapi', 'fal'] })).toEqual([]);
  expect(await takes()).toBe(models.cometapi);
  expect(await setRouting(api, { providers: ['replicate', 'fal', 'fal'] })).toEqual([
    'No account of provider replicate is configured here; there are: bfl, cometapi, fal.',
    'fal is named twice.',
  ]);
  const shape = z.object({ viewer: z.object({ project: z.object({ routing: z.unknown() }) }) });
  const { viewer } = await api.ask(shape, '{ viewer { project { routing { prefer providers } } } }');
  expect(viewer.project.routing).toEqual({ prefer: 'ORDER', providers: ['cometapi', 'fal'] });
  expect(await setRouting(api, { prefer: 'FASTEST' })).toEqual([]);
  await waitForEnd(api, await generate(api, 'generateFromCanny', { ...input, provider: 'fal' }));
  // What has run goes before what has not.
  await waitUntil(async () => (await takes()) === models.fal);
});

async function waitUntil(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition()));
}

it('an account that is for some projects does not exist for the others', async () => {
  const { darkroom: whole, api, input } = await start(living('bfl', 'cometapi', 'fal'), { bfl: ['others'] });
  const id = await generate(api, 'generateFromCanny', input);
  const { route, routes } = await routedOf(api, id);
  expect(route?.model).toBe(models.cometapi);
  expect(routes.map(({ model }) => model)).not.toContain(models.bfl);
  const { userErrors } = await tryGenerate(api, 'generateFromCanny', { ...input, provider: 'bfl' });
  expect(userErrors).toMatchObject([{ code: 'NO_ROUTE', path: ['input', 'provider'] }]);
  expect(userErrors[0]?.message).toContain('there are: cometapi, fal.');
  const others = await whole.addProject('others');
  const profileId = await boundProfile(others.api, bindings);
  const imageId = await others.api.upload(await still(256, 256));
  const theirs = await generate(others.api, 'generateFromCanny', { profileId, prompt: 'x', controlImage: { imageId } });
  expect((await routedOf(others.api, theirs)).route?.model).toBe(models.bfl);
  const shape = z.object({ providers: z.array(z.object({ name: z.string() })) });
  const stranger = await whole.addProject('strangers');
  const { providers } = await stranger.api.ask(shape, '{ providers { name } }');
  expect(providers.map(({ name }) => name)).toEqual(['cometapi', 'fal']);
  for (const [of, each] of [
    [api, id],
    [others.api, theirs],
  ] as const)
    await waitForEnd(of, each);
});

it('an estimate tells of route, price, queue and time, and leaves nothing behind', async () => {
  const priced = { id: models.bfl, lifecycle: { ...active, status: 'DEPRECATED' }, priceMicros: 50_000 };
  const { darkroom: whole, api, input } = await start([...living(), priced]);
  const first = await estimate(api, { ...input, guidance: 20 });
  expect(first).toMatchObject({
    route: { model: models.bfl, state: 'TAKEN' },
    parameters: { guidance: 20, steps: 50 },
    costMicros: 50_000,
    position: 1,
    wait: null,
    userErrors: [],
  });
  expect(first.warnings.map(({ code }) => code)).toEqual(['DEPRECATED', 'NO_FORECAST']);
  expect(await whole.sql('select from generation')).toEqual([]);

  for (const seed of [1, 2, 3]) await waitForEnd(api, await generate(api, 'generateFromCanny', { ...input, seed }));
  const running = await generate(api, 'generateFromCanny', { ...input, prompt: 'busy [sandbox: duration=3000s]' });
  await waitFor(api, running, ({ status }) => status === 'RUNNING');
  await generate(api, 'generateFromCanny', { ...input, prompt: 'in the queue' });
  const { generations } = await api.ask(
    z.object({ generations: z.unknown() }),
    '{ generations { nodes { status waiting { position } } } }',
  );
  expect(generations).toMatchObject({
    nodes: [{ status: 'QUEUED', waiting: { position: 1 } }, { status: 'RUNNING' }, {}, {}, {}],
  });
  await waitUntil(async () => (await estimate(api, input)).total !== null);
  const last = await estimate(api, input);
  // One runs, one waits before it.
  expect(last).toMatchObject({ position: 2, warnings: [{ code: 'DEPRECATED' }] });
  expect(last.wait?.latestMs ?? 0).toBeGreaterThan(last.wait?.earliestMs ?? 0);
  expect(last.total?.latestMs ?? 0).toBeGreaterThan(last.run?.latestMs ?? 0);
  expect(await estimate(api, { ...input, profileId: 'nobody' })).toMatchObject({
    route: null,
    userErrors: [{ code: 'NOT_FOUND', path: ['input', 'profileId'] }],
  });
  expect((await estimate(api, { profileId: input.profileId, prompt: '' })).userErrors).toMatchObject([
    { code: 'REQUIRED', path: ['input', 'controlImage'] },
  ]);
});

it('a wrong file of models stops the start, with file and field', async () => {
  await expect(start([{ id: models.bfl, priceMicros: -1 }])).rejects.toThrow(/MODELS_FILE .*models\.json.*priceMicros/);
  await expect(start([{ id: 'bfl/new-one', name: 'new-one' }])).rejects.toThrow(/MODELS_FILE .*bfl\/new-one.*control/);
});
