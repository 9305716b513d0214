import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import type { Api } from '../support/api.js';
import { startDarkroom, type Darkroom, type DarkroomOptions } from '../support/darkroom.js';
import { generate, userErrorSchema, waitFor, waitForEnd } from '../support/generations.js';

let darkroom: Darkroom;
let profileId = '';

async function start(options: DarkroomOptions = {}): Promise<void> {
  const environment = { ACCOUNT_PROBE_SECONDS: '1' };
  darkroom = await startDarkroom({ environment, ...options });
  profileId = await darkroom.profile();
}

afterEach(async () => await darkroom.stop());

const accountSchema = z.object({
  id: z.string(),
  slotsInUse: z.number().nullable(),
  paused: z.object({ code: z.string(), message: z.string(), nextProbeAt: z.string().nullable() }).nullable(),
});
const waitingSchema = z.object({ reason: z.string(), message: z.string() });
const fields = 'id slotsInUse paused { code message nextProbeAt }';
type Account = z.infer<typeof accountSchema>;

async function account(api: Api = darkroom.api): Promise<Account> {
  const shape = z.object({
    providers: z.array(z.object({ name: z.string(), accounts: z.tuple([accountSchema]) })),
  });
  const { providers } = await api.ask(shape, `{ providers { name accounts { ${fields} } } }`);
  return providers.find(({ name }) => name === 'bfl')?.accounts[0] ?? Promise.reject(new Error('There is no account.'));
}

async function untilAccount(condition: (account: Account) => boolean): Promise<Account> {
  while (true) {
    const now = await account();
    if (condition(now)) return now;
  }
}

const payloadSchema = z.object({
  payload: z.object({ account: accountSchema.nullable(), userErrors: z.array(userErrorSchema) }),
});

function mutationOf(name: 'pauseProvider' | 'resumeProvider', reason?: string): string {
  const argument = reason === undefined ? '' : `, reason: ${JSON.stringify(reason)}`;
  return `mutation ($account: ID!) { payload: ${name}(account: $account${argument}) {
    account { ${fields} } userErrors { code message path minimum maximum given retryable } } }`;
}

async function ask(prompt: string): Promise<string> {
  return await generate(darkroom.api, 'generateFromPrompt', { profileId, prompt, width: 256, height: 256 });
}

it('waits while the account has no credits, says so, and goes on by itself when it has some', async () => {
  await start();
  darkroom.sandbox.setCredits(3, 'sandbox-key');
  const ids = await Promise.all(['one', 'two', 'three'].map(ask));
  const paused = await untilAccount(({ paused: pause }) => pause?.message.includes('USD 0.03 is left') === true);
  expect(paused.paused).toMatchObject({ code: 'PROVIDER_OUT_OF_CREDITS' });
  expect(Date.parse(paused.paused?.nextProbeAt ?? '')).toBeGreaterThan(Date.now());
  for (const id of ids) expect(await waitFor(darkroom.api, id, ({ status }) => status === 'QUEUED')).toBeDefined();
  const shape = z.object({ generations: z.object({ nodes: z.array(z.object({ waiting: waitingSchema })) }) });
  const { generations } = await darkroom.api.ask(shape, '{ generations { nodes { waiting { reason message } } } }');
  expect(generations.nodes).toHaveLength(3);
  for (const { waiting } of generations.nodes) {
    expect(waiting).toMatchObject({ reason: 'ACCOUNT_PAUSED', message: expect.stringContaining('out of credits') });
  }
  const before = darkroom.submits().length;
  expect(before).toBeLessThanOrEqual(3);

  darkroom.sandbox.setCredits(1_000, 'sandbox-key');
  for (const id of ids) expect(await waitForEnd(darkroom.api, id)).toMatchObject({ status: 'SUCCEEDED' });
  expect(await account()).toMatchObject({ paused: null });
  expect(darkroom.sandbox.tasks()).toHaveLength(3);
});

it('waits while the key is refused, and probes again', async () => {
  await start({ sandbox: { keys: ['another'] } });
  const id = await ask('a jar');
  const state = await waitFor(darkroom.api, id, ({ error }) => error !== null);
  expect(state).toMatchObject({ status: 'QUEUED', error: { code: 'PROVIDER_UNAUTHORIZED' } });
  const probes = () => darkroom.sandbox.log().filter(({ path }) => path.startsWith('/v1/credits')).length;
  await untilAccount(({ paused }) => paused?.message.includes('Not authenticated') === true && probes() > 0);
  expect(darkroom.submits()).toHaveLength(1);
});

it('fails what is refused again and again while the account is well', async () => {
  await start();
  const id = await ask('not for us [sandbox: 403]');
  const ended = await waitForEnd(darkroom.api, id);
  expect(ended).toMatchObject({ status: 'FAILED', error: { code: 'PROVIDER_UNAUTHORIZED' } });
  expect(ended.attempts).toHaveLength(5);
  expect(await waitForEnd(darkroom.api, await ask('a jar'))).toMatchObject({ status: 'SUCCEEDED' });
}, 60_000);

it('lets an operator pause and resume an account, and nobody else', async () => {
  await start();
  const { api } = darkroom;
  const paused = await api.ask(payloadSchema, mutationOf('pauseProvider', 'We move house.'), { account: 'sandbox' });
  expect(paused.payload).toMatchObject({
    account: { paused: { code: 'PAUSED_BY_OPERATOR', message: 'We move house.', nextProbeAt: null } },
    userErrors: [],
  });
  const id = await ask('a jar');
  const other = await darkroom.addProject('tenants');
  expect(await account(other.api)).toMatchObject({ slotsInUse: null, paused: { message: 'We move house.' } });
  for (const name of ['pauseProvider', 'resumeProvider'] as const) {
    const { errors } = await other.api.send(mutationOf(name), { account: 'sandbox' });
    expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  }
  expect(await account()).toMatchObject({ slotsInUse: 0, paused: { code: 'PAUSED_BY_OPERATOR' } });
  const unknown = await api.ask(payloadSchema, mutationOf('resumeProvider'), { account: 'elsewhere' });
  expect(unknown.payload.userErrors).toMatchObject([{ code: 'NOT_FOUND', path: ['account'], given: 'elsewhere' }]);
  const wordless = await api.ask(payloadSchema, mutationOf('pauseProvider', ''), { account: 'sandbox' });
  expect(wordless.payload.userErrors).toMatchObject([{ path: ['reason'] }]);
  expect(darkroom.submits()).toEqual([]);

  await api.ask(payloadSchema, mutationOf('resumeProvider'), { account: 'sandbox' });
  expect(await waitForEnd(api, id)).toMatchObject({ status: 'SUCCEEDED' });
});
