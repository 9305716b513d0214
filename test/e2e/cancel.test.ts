import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, tryGenerate, userErrorSchema, waitFor, waitForEnd } from '../support/generations.js';
import type { Api } from '../support/api.js';

let darkroom: Darkroom;
let profileId = '';

beforeAll(async () => {
  darkroom = await startDarkroom({
    environment: { BFL_ACTIVE_TASKS: '4', SUBMIT_TIMEOUT_SECONDS: '1' },
    expectedErrors: [],
  });
  profileId = await darkroom.profile();
});

afterAll(async () => await darkroom.stop());

const payloadSchema = z.object({
  payload: z.object({
    generation: z.object({ id: z.string(), status: z.string() }).nullable(),
    stillRunning: z.array(z.object({ n: z.number(), state: z.string() })),
    userErrors: z.array(userErrorSchema),
  }),
});

async function cancel(api: Api, id: string): Promise<z.infer<typeof payloadSchema>['payload']> {
  const document = `mutation ($id: ID!) { payload: cancelGeneration(id: $id) {
    generation { id status } stillRunning { n state } userErrors { code message path minimum maximum given retryable }
  } }`;
  return (await api.ask(payloadSchema, document, { id })).payload;
}

const retrySchema = z.object({ payload: payloadSchema.shape.payload.omit({ stillRunning: true }) });

async function retry(id: string, confirmDuplicate?: boolean): Promise<z.infer<typeof retrySchema>['payload']> {
  const document = `mutation ($id: ID!, $confirm: Boolean) { payload: retryGeneration(id: $id, confirmDuplicate: $confirm) {
    generation { id status } userErrors { code message path minimum maximum given retryable } } }`;
  return (await darkroom.api.ask(retrySchema, document, { id, confirm: confirmDuplicate ?? false })).payload;
}

async function ask(prompt: string, more: Record<string, unknown> = {}): Promise<string> {
  const input = { profileId, prompt, width: 256, height: 256, ...more };
  return await generate(darkroom.api, 'generateFromPrompt', input);
}

it('cancels what runs: its slot stays taken until the provider is done, and its cost is added', async () => {
  const id = await ask('running [sandbox: duration=400s]');
  await waitFor(darkroom.api, id, ({ status }) => status === 'RUNNING');
  expect(await cancel(darkroom.api, id)).toMatchObject({
    generation: { id, status: 'CANCELED' },
    stillRunning: [{ n: 1, state: 'ACCEPTED' }],
    userErrors: [],
  });
  // Once more is no mistake.
  expect(await cancel(darkroom.api, id)).toMatchObject({ generation: { status: 'CANCELED' }, userErrors: [] });
  const settled = await waitFor(darkroom.api, id, ({ attempts }) => attempts[0]?.state === 'DONE');
  expect(settled).toMatchObject({ status: 'CANCELED', images: [], cost: { settledMicros: 60_000 } });
});

it('cancels what waits: nothing is ever sent', async () => {
  const hogs = await Promise.all(Array.from({ length: 4 }, async () => await ask('hog [sandbox: duration=200s]')));
  for (const hog of hogs) await waitFor(darkroom.api, hog, ({ status }) => status === 'RUNNING');
  const id = await ask('never sent');
  expect(await cancel(darkroom.api, id)).toMatchObject({ generation: { status: 'CANCELED' }, stillRunning: [] });
  for (const hog of hogs) await waitForEnd(darkroom.api, hog);
  // Whoever asks after it has been through the queue.
  await waitForEnd(darkroom.api, await ask('after it'));
  expect(darkroom.submits('never sent')).toEqual([]);
});

it('refuses what has ended, what is unknown, and what is another project’s', async () => {
  const id = await ask('a jar');
  await waitForEnd(darkroom.api, id);
  expect((await cancel(darkroom.api, id)).userErrors).toMatchObject([{ code: 'CONFLICT', path: ['id'], given: id }]);
  expect((await cancel(darkroom.api, 'gen_nothing')).userErrors).toMatchObject([{ code: 'NOT_FOUND', path: ['id'] }]);
  const other = await darkroom.addProject('strangers');
  const running = await ask('mine [sandbox: duration=100s]');
  expect((await cancel(other.api, running)).userErrors).toMatchObject([{ code: 'NOT_FOUND', path: ['id'] }]);
  expect(await waitForEnd(darkroom.api, running)).toMatchObject({ status: 'SUCCEEDED' });
});

it('fails at the deadline that was asked for, and says what cannot be stopped', async () => {
  const id = await ask('too late [sandbox: stuck]', { deadlineSeconds: 1 });
  const ended = await waitForEnd(darkroom.api, id);
  expect(ended).toMatchObject({ status: 'FAILED', error: { code: 'DEADLINE_EXCEEDED' } });
  expect(ended.error?.message).toContain('cannot be stopped');
});

it('sends an unanswered one again only for somebody who accepts to pay twice', async () => {
  const prompt = 'lost [sandbox: lost-reply, duration=300s]';
  const id = await ask(prompt);
  await waitFor(darkroom.api, id, ({ status }) => status === 'UNCONFIRMED');
  expect((await retry(id)).userErrors).toMatchObject([{ code: 'REQUIRED', path: ['confirmDuplicate'] }]);
  expect(darkroom.submits(prompt)).toHaveLength(1);

  expect(await retry(id, true)).toMatchObject({ generation: { id, status: 'QUEUED' }, userErrors: [] });
  await vi.waitFor(() => expect(darkroom.submits(prompt)).toHaveLength(2), { timeout: 10_000 });
  // The first one may still run, so it keeps its slot; nothing that happens to it moves the generation any more.
  const again = await waitFor(darkroom.api, id, ({ attempts }) => attempts.length === 2);
  expect(again.attempts[0]?.state).toBe('SENT');
  await waitFor(darkroom.api, id, ({ status }) => status === 'UNCONFIRMED');
  await darkroom.sql("update attempt set sent_at = now() - interval '1 day' where n = 1 and state = 'SENT'");
  await waitFor(darkroom.api, id, ({ attempts }) => attempts[0]?.state === 'LOST');
  expect(await waitFor(darkroom.api, id, () => true)).toMatchObject({ status: 'UNCONFIRMED' });
});

it('retries nothing that is not unconfirmed', async () => {
  const id = await ask('another jar');
  await waitForEnd(darkroom.api, id);
  expect((await retry(id, true)).userErrors).toMatchObject([{ code: 'CONFLICT', path: ['id'] }]);
  expect((await retry('gen_nothing', true)).userErrors).toMatchObject([{ code: 'NOT_FOUND', path: ['id'] }]);
  const tooSoon = await tryGenerate(darkroom.api, 'generateFromPrompt', { profileId, prompt: 'x', deadlineSeconds: 0 });
  expect(tooSoon.userErrors).toMatchObject([{ code: 'OUT_OF_RANGE', minimum: 1, maximum: 86_400, given: '0' }]);
});
