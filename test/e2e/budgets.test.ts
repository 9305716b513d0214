import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { lowestIdAt, publicId } from '../../src/domain/ids.js';
import type { Variables } from '../support/api.js';
import { readBudgets, setBudget, type BudgetNode } from '../support/budget-api.js';
import { fail } from '../support/budgets.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, tryGenerate, userErrorSchema, waitFor, waitForEnd } from '../support/generations.js';
import { openInstances } from '../support/instances.js';

/** What one of them costs by the price list. */
const price = 60_000;

let darkroom: Darkroom;
let profileId = '';

beforeAll(async () => {
  darkroom = await startDarkroom();
  profileId = await darkroom.profile();
});
afterAll(async () => await darkroom.stop());

const input = (details: Variables = {}): Variables => ({
  profileId,
  prompt: 'a jar',
  width: 256,
  height: 256,
  // With one route only, nothing is reserved for a dearer one.
  model: 'bfl/flux-pro-finetuned',
  ...details,
});

/** A project of its own, whose first profile is bound at the sandbox, with a budget. */
async function projectWith(slug: string, limitMicros: number) {
  const project = await darkroom.addProject(slug);
  await setBudget(darkroom.api, { project: slug, limitMicros });
  const own = (details: Variables = {}): Variables => input({ profileId: project.profileId, ...details });
  const budget = async (): Promise<BudgetNode> => (await readBudgets(project.api))[0] ?? fail('It has no budget.');
  return { ...project, own, budget };
}

it('100 submits at once to two processes fill a budget exactly', async () => {
  const instances = await openInstances();
  try {
    const apis = [(await instances.start()).api, (await instances.start()).api] as const;
    const budget = await setBudget(apis[0], { limitMicros: 37 * price + 1 });
    const profile = publicId('FinetuneProfile', instances.profileId);
    const tries = Array.from(
      { length: 100 },
      async (_, n) =>
        await tryGenerate(n % 2 === 0 ? apis[0] : apis[1], 'generateFromPrompt', input({ profileId: profile })),
    );
    const results = await Promise.all(tries);
    expect(results.filter(({ id }) => id !== null)).toHaveLength(37);
    const refused = results.flatMap(({ userErrors }) => userErrors);
    expect(refused).toHaveLength(63);
    expect(refused[0]).toMatchObject({
      code: 'BUDGET_EXCEEDED',
      path: ['input'],
      given: String(price),
      retryable: true,
    });
    expect(refused.every(({ maximum }) => maximum !== null && maximum < price)).toBe(true);
    const [now] = await readBudgets(apis[1]);
    expect(now).toEqual({ ...budget, reservedMicros: 37 * price, leftMicros: 1 });
    const rows = await instances.bench.sql('select count(*)::integer as n from generation');
    expect(rows).toEqual([{ n: 37 }]);
  } finally {
    await instances.stop();
  }
});

it('what was reserved becomes what was settled, and what was canceled is free again', async () => {
  const { api, own, budget } = await projectWith('settling', 2 * price);
  const id = await generate(api, 'generateFromPrompt', own());
  expect(await waitForEnd(api, id)).toMatchObject({ status: 'SUCCEEDED', cost: { settledMicros: price } });
  expect(await budget()).toMatchObject({ spentMicros: price, reservedMicros: 0, leftMicros: price });
  // Never submitted, so that it is certainly still waiting.
  const mutation = 'mutation { pauseProvider(account: "sandbox") { account { id } } }';
  await darkroom.api.ask(z.object({ pauseProvider: z.unknown() }), mutation);
  const waiting = await generate(api, 'generateFromPrompt', own());
  const { userErrors } = await tryGenerate(api, 'generateFromPrompt', own());
  expect(userErrors).toMatchObject([{ code: 'BUDGET_EXCEEDED', maximum: 0, given: String(price) }]);
  const cancel = 'mutation ($id: ID!) { cancelGeneration(id: $id) { userErrors { code } } }';
  await api.ask(z.object({ cancelGeneration: z.unknown() }), cancel, { id: waiting });
  expect(await budget()).toMatchObject({ reservedMicros: 0, leftMicros: price });
  const resume = 'mutation { resumeProvider(account: "sandbox") { account { id } } }';
  await darkroom.api.ask(z.object({ resumeProvider: z.unknown() }), resume);
});

it('a submit whose answer was lost keeps its part until it is settled, and sending it again takes another', async () => {
  const { api, own, budget } = await projectWith('unconfirmed', 2 * price);
  const id = await generate(api, 'generateFromPrompt', own({ prompt: 'a jar [sandbox: lost-reply]' }));
  await waitFor(api, id, ({ status }) => status === 'UNCONFIRMED');
  expect(await budget()).toMatchObject({ reservedMicros: 0, uncertainMicros: price });
  const shape = z.object({ retryGeneration: z.object({ userErrors: z.array(userErrorSchema) }) });
  const retry = async () =>
    await api.ask(
      shape,
      `mutation ($id: ID!) { retryGeneration(id: $id, confirmDuplicate: true) {
        userErrors { code message path minimum maximum given retryable } } }`,
      { id },
    );
  await setBudget(darkroom.api, { project: 'unconfirmed', limitMicros: price });
  expect((await retry()).retryGeneration.userErrors).toMatchObject([{ code: 'BUDGET_EXCEEDED', path: ['id'] }]);
  await setBudget(darkroom.api, { project: 'unconfirmed', limitMicros: 2 * price });
  expect((await retry()).retryGeneration.userErrors).toEqual([]);
  await vi.waitFor(async () => expect(await budget()).toMatchObject({ uncertainMicros: 2 * price }));
});

it('a sweep is reserved whole or refused whole', async () => {
  const { api, own, budget } = await projectWith('sweeping', 5 * price);
  const shape = z.object({
    generateSweep: z.object({ sweep: z.object({ id: z.string() }).nullable(), userErrors: z.array(userErrorSchema) }),
  });
  const sweep = async (guidances: number[]) =>
    await api.ask(
      shape,
      `mutation ($input: GenerateSweepInput!) { generateSweep(input: $input) {
        sweep { id } userErrors { code message path minimum maximum given retryable } } }`,
      {
        input: {
          profileId: own()['profileId'],
          prompt: 'a jar',
          parameters: { width: 256, height: 256 },
          maxCostMicros: 100 * price,
          columns: { guidance: guidances },
        },
      },
    );
  const { generateSweep: refused } = await sweep([1.5, 2, 2.5, 3, 3.5, 4]);
  expect(refused.sweep).toBeNull();
  expect(refused.userErrors).toMatchObject([
    { code: 'BUDGET_EXCEEDED', path: ['input'], maximum: 5 * price, given: String(6 * price) },
  ]);
  expect(refused.userErrors[0]?.message).toContain('The 6 cells');
  expect(await budget()).toMatchObject({ reservedMicros: 0 });
  expect((await sweep([1.5, 2, 2.5, 3, 3.5])).generateSweep.userErrors).toEqual([]);
  await vi.waitFor(async () => expect(await budget()).toMatchObject({ spentMicros: 5 * price, leftMicros: 0 }), 20_000);
});

it('a replay is reserved whole when it starts', async () => {
  const { api, own, budget } = await projectWith('replaying', 10 * price);
  for (let n = 0; n < 3; n += 1) await waitForEnd(api, await generate(api, 'generateFromPrompt', own({ seed: n })));
  const planned = z.object({ planReplay: z.object({ replay: z.object({ id: z.string() }).nullable() }) });
  const { planReplay: replay } = await api.ask(
    planned,
    `mutation { planReplay(input: { filter: {}, provider: "bfl", costLimitMicros: ${100 * price}, model: "bfl/flux-pro-finetuned", seed: 1, sample: 3 }) { replay { id } } }`,
  );
  const shape = z.object({ startReplay: z.object({ userErrors: z.array(userErrorSchema) }) });
  const start = async () =>
    await api.ask(
      shape,
      'mutation ($id: ID!) { startReplay(id: $id) { userErrors { code message path minimum maximum given retryable } } }',
      { id: replay.replay?.id },
    );
  await setBudget(darkroom.api, { project: 'replaying', limitMicros: 5 * price });
  expect((await start()).startReplay.userErrors).toMatchObject([
    { code: 'BUDGET_EXCEEDED', maximum: 2 * price, given: String(3 * price) },
  ]);
  await setBudget(darkroom.api, { project: 'replaying', limitMicros: 6 * price });
  expect((await start()).startReplay.userErrors).toEqual([]);
  const { userErrors } = await tryGenerate(api, 'generateFromPrompt', own());
  expect(userErrors).toMatchObject([{ code: 'BUDGET_EXCEEDED', maximum: 0 }]);
  await vi.waitFor(
    async () => expect(await budget()).toMatchObject({ spentMicros: 6 * price, reservedMicros: 0 }),
    20_000,
  );
});

it('an estimate says beforehand that a budget would refuse it', async () => {
  const { api, own } = await projectWith('estimating', price - 1);
  const shape = z.object({ estimate: z.object({ route: z.unknown(), userErrors: z.array(userErrorSchema) }) });
  const document = `query ($input: EstimateInput!) { estimate(control: NONE, input: $input) {
    route { model } userErrors { code message path minimum maximum given retryable } } }`;
  const ask = async () => (await api.ask(shape, document, { input: own() })).estimate;
  expect(await ask()).toMatchObject({ route: null, userErrors: [{ code: 'BUDGET_EXCEEDED', maximum: price - 1 }] });
  await setBudget(darkroom.api, { project: 'estimating', limitMicros: price });
  expect(await ask()).toMatchObject({ route: { model: 'bfl/flux-pro-finetuned' }, userErrors: [] });
});

it('a project without a budget leaves nothing to be counted', async () => {
  const { api, own } = { ...(await darkroom.addProject('free')), own: input };
  const project = await darkroom.sql("select id::text from project where slug = 'free'");
  const [profile] = await darkroom.sql('select id::text from profile where project_id = $1', project[0]?.['id']);
  await generate(api, 'generateFromPrompt', own({ profileId: publicId('FinetuneProfile', String(profile?.['id'])) }));
  const entries = 'select from budget_entry where project_id = $1 and holder_id > $2::uuid';
  expect(await darkroom.sql(entries, project[0]?.['id'], lowestIdAt(new Date(0)))).toEqual([]);
});

it('for a generation with other routes the dearest is reserved, and only what is left may be', async () => {
  const { api, own, budget } = await projectWith('choosing', 10 * price);
  const mutation = (name: string) => `mutation { ${name}(account: "sandbox") { account { id } } }`;
  await darkroom.api.ask(z.unknown(), mutation('pauseProvider'));
  const free = own({ model: null });
  const ids = [await generate(api, 'generateFromPrompt', free)];
  const [{ reservedMicros }] = [await budget()];
  expect(reservedMicros).toBeGreaterThan(price);
  await setBudget(darkroom.api, { project: 'choosing', limitMicros: reservedMicros + price });
  ids.push(await generate(api, 'generateFromPrompt', free));
  expect(await budget()).toMatchObject({ reservedMicros: reservedMicros + price, leftMicros: 0 });
  const shape = z.object({
    generation: z.object({ routes: z.array(z.object({ reason: z.object({ code: z.string() }).nullable() })) }),
  });
  const query = 'query ($id: ID!) { generation(id: $id) { routes { reason { code } } } }';
  const { generation } = await api.ask(shape, query, { id: ids[1] });
  expect(generation.routes.map(({ reason }) => reason?.code)).toContain('BUDGET_EXCEEDED');
  await darkroom.api.ask(z.unknown(), mutation('resumeProvider'));
  for (const id of ids) await waitForEnd(api, id);
  expect(await budget()).toMatchObject({ reservedMicros: 0, spentMicros: 2 * price });
});

it('operators settle by hand what a provider billed otherwise', async () => {
  const { api, own, budget } = await projectWith('by-hand', 2 * price);
  const id = await generate(api, 'generateFromPrompt', own());
  await waitForEnd(api, id);
  const document = `mutation ($id: ID!, $n: Int!, $costMicros: SafeInt!) {
    settleAttempt(generationId: $id, attempt: $n, costMicros: $costMicros) {
      attempt { cost { settledMicros differenceMicros } } userErrors { code path } } }`;
  const settle = async (n: number, costMicros: number, as = darkroom.api) =>
    await as.send(document, { id, n, costMicros });
  expect((await settle(1, 1, api)).errors[0]?.extensions.code).toBe('FORBIDDEN');
  expect((await settle(2, 1)).data).toMatchObject({ settleAttempt: { userErrors: [{ code: 'NOT_FOUND' }] } });
  expect((await settle(1, -1)).data).toMatchObject({ settleAttempt: { userErrors: [{ code: 'OUT_OF_RANGE' }] } });
  expect((await settle(1, 45_000)).data).toEqual({
    settleAttempt: { attempt: { cost: { settledMicros: 45_000, differenceMicros: 45_000 - price } }, userErrors: [] },
  });
  expect(await budget()).toMatchObject({ spentMicros: 45_000 });
  const shape = z.object({ generation: z.object({ cost: z.object({ settledMicros: z.number() }) }) });
  const query = 'query ($id: ID!) { generation(id: $id) { cost { settledMicros } } }';
  expect((await api.ask(shape, query, { id })).generation.cost.settledMicros).toBe(45_000);
});

it('a request that is repeated is the same generation, also when nothing is left for another', async () => {
  const { api, own, budget } = await projectWith('repeating', price);
  const keyed = own({ idempotencyKey: 'once' });
  const tries = await Promise.all([1, 2, 3].map(async () => await generate(api, 'generateFromPrompt', keyed)));
  expect(new Set(tries).size).toBe(1);
  expect(await generate(api, 'generateFromPrompt', keyed)).toBe(tries[0]);
  const { userErrors } = await tryGenerate(api, 'generateFromPrompt', own({ idempotencyKey: 'twice' }));
  expect(userErrors).toMatchObject([{ code: 'BUDGET_EXCEEDED' }]);
  await waitForEnd(api, tries[0] ?? '');
  expect(await budget()).toMatchObject({ spentMicros: price, leftMicros: 0 });
});
