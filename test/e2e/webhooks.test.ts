import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { keyOf } from '../../src/domain/ids.js';
import { webhookSecret, webhookToken } from '../../src/domain/webhook.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, waitFor, waitForEnd } from '../support/generations.js';
import { eventually } from '../support/eventually.js';

let darkroom: Darkroom;
let profileId = '';

/** Looks are so rare that only a webhook can be what ended a generation in time. */
const environment = {
  BFL_WEBHOOKS: 'true',
  // Nothing listens there: each test delivers by hand.
  WEBHOOK_URL: 'http://127.0.0.1:9',
  LOOK_DELAY_MS: '3600000',
};

beforeAll(async () => {
  darkroom = await startDarkroom({ environment });
  profileId = await darkroom.profile();
});

afterAll(async () => await darkroom.stop());

async function ask(prompt: string): Promise<string> {
  return await generate(darkroom.api, 'generateFromPrompt', { profileId, prompt, width: 256, height: 256 });
}

type Attempt = { token: string; secret: string };

async function attemptOf(id: string): Promise<Attempt> {
  const generationId = keyOf('Generation', id) ?? '';
  return await eventually(async () => {
    const [row] = await darkroom.sql(
      'select webhook_key from attempt where generation_id = $1 and n = 1',
      generationId,
    );
    const key = z.instanceof(Buffer).parse(row?.['webhook_key']);
    return { token: webhookToken(key, { generationId, n: 1 }), secret: webhookSecret(key) };
  });
}

function taskOf(prompt: string): string {
  const task = darkroom.sandbox.tasks().find(({ request }) => String(request['prompt']).endsWith(prompt));
  if (task === undefined) throw new Error(`There is no task for ${prompt}.`);
  return task.id;
}

async function deliver(
  token: string,
  body: unknown,
  options: { secret?: string; signature?: string; provider?: string } = {},
): Promise<number> {
  const { secret, provider = 'bfl' } = options;
  const text = JSON.stringify(body);
  const signature =
    options.signature ??
    (secret === undefined ? null : `sha256=${createHmac('sha256', secret).update(text).digest('hex')}`);
  const response = await fetch(`${darkroom.url}/webhooks/${provider}/${token}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(signature === null ? {} : { 'x-bfl-signature': signature }) },
    body: text,
  });
  return response.status;
}

async function finished(prompt: string): Promise<void> {
  const task = () => darkroom.sandbox.tasks().find(({ request }) => String(request['prompt']).endsWith(prompt));
  await vi.waitFor(() => expect(task()?.finishedAt ?? Infinity).toBeLessThan(Date.now()), { timeout: 10_000 });
}

it('looks once at what a webhook says is done', async () => {
  const id = await ask('one');
  await waitFor(darkroom.api, id, ({ status }) => status === 'RUNNING');
  const { token, secret } = await attemptOf(id);
  await finished('one');
  expect(await deliver(token, { id: taskOf('one'), status: 'Ready' }, { secret })).toBe(200);
  const ended = await waitForEnd(darkroom.api, id);
  expect(ended).toMatchObject({ status: 'SUCCEEDED', attempts: [{ looks: 1 }] });
  // Doubled and replayed ones, and one that now lies, change nothing.
  expect(await deliver(token, { id: taskOf('one'), status: 'Ready' }, { secret })).toBe(200);
  expect(await deliver(token, { id: taskOf('one'), status: 'Error', error: 'x' }, { secret })).toBe(200);
  await eventually(async () => expect(await darkroom.sql('select from webhook_hint')).toEqual([]));
  expect(await waitForEnd(darkroom.api, id)).toEqual(ended);
});

it('believes the provider and not the webhook: one that comes early or lies only costs a look', async () => {
  const prompt = 'early [sandbox: duration=300s]';
  const id = await ask(prompt);
  await waitFor(darkroom.api, id, ({ status }) => status === 'RUNNING');
  const { token, secret } = await attemptOf(id);
  expect(await deliver(token, { id: taskOf(prompt), status: 'Error', error: 'it is broken' }, { secret })).toBe(200);
  const looked = () => darkroom.sandbox.log().filter(({ path }) => path.includes(taskOf(prompt))).length;
  await eventually(() => expect(looked()).toBe(1));
  expect(await waitFor(darkroom.api, id, () => true)).toMatchObject({ status: 'RUNNING' });
  await finished(prompt);
  expect(await deliver(token, { id: taskOf(prompt), status: 'Ready' })).toBe(200);
  expect(await waitForEnd(darkroom.api, id)).toMatchObject({ status: 'SUCCEEDED', attempts: [{ looks: 2 }] });
});

it('settles by its token what was never answered', async () => {
  const prompt = 'lost [sandbox: lost-reply]';
  const id = await ask(prompt);
  await waitFor(darkroom.api, id, ({ status }) => status === 'UNCONFIRMED');
  const { token, secret } = await attemptOf(id);
  await finished(prompt);
  expect(await deliver(token, { id: taskOf(prompt), status: 'Ready' }, { secret })).toBe(200);
  await waitFor(darkroom.api, id, ({ status }) => status !== 'UNCONFIRMED');
  // The look at once finds it done.
  expect(await waitForEnd(darkroom.api, id)).toMatchObject({ status: 'SUCCEEDED', attempts: [{ state: 'DONE' }] });
  expect(darkroom.submits(prompt)).toHaveLength(1);
});

it('refuses what is forged, and nothing comes of it', async () => {
  const prompt = 'forged [sandbox: lost-reply, duration=86000s]';
  const id = await ask(prompt);
  await waitFor(darkroom.api, id, ({ status }) => status === 'UNCONFIRMED');
  const { token, secret } = await attemptOf(id);
  const body = { id: taskOf(prompt), status: 'Ready' };
  expect(await deliver(token, body, { signature: 'sha256=00' })).toBe(403);
  expect(await deliver(token, body, { secret: `${secret}0` })).toBe(403);
  expect(await deliver(token, { status: 'Ready' }, { secret })).toBe(403);
  expect(await deliver(token, body, { secret, provider: 'fal' })).toBe(404);
  expect(await deliver(`${token.slice(0, -4)}AAAA`, body, { secret })).toBe(404);
  expect(await deliver('nonsense', body)).toBe(404);
  expect(await darkroom.sql('select from webhook_hint')).toEqual([]);
  expect(await waitFor(darkroom.api, id, () => true)).toMatchObject({ status: 'UNCONFIRMED' });
});

it('takes no body that is too long, and keeps address and secret out of what it shows', async () => {
  const response = await fetch(`${darkroom.url}/webhooks/bfl/x`, { method: 'POST', body: 'x'.repeat(1_100_000) });
  expect(response.status).toBe(413);
  const rows = await darkroom.sql('select request::text as request from attempt');
  for (const { request } of rows) expect(request).not.toContain('webhook');
});
