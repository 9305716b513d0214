import { once } from 'node:events';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';

let darkroom: Darkroom;
let revoked: string;

beforeAll(async () => {
  darkroom = await startDarkroom({ expectedErrors: [/A request failed/] });
  const { apiKey, projectId } = await darkroom.addProject('leaving');
  await darkroom.sql('update api_key set revoked_at = now() where project_id = $1', projectId);
  revoked = apiKey;
});

afterAll(async () => {
  await darkroom.stop();
});

const credentials: readonly [what: string, authorization: () => string | null][] = [
  ['no key', () => null],
  ['an empty header', () => ''],
  ['an unknown key', () => `Bearer dk_${'x'.repeat(43)}`],
  ['a revoked key', () => `Bearer ${revoked}`],
  ['another scheme', () => `Basic ${Buffer.from('a:b').toString('base64')}`],
  ['a key without its scheme', () => darkroom.apiKey],
  ['two keys', () => `Bearer ${darkroom.apiKey} ${darkroom.apiKey}`],
  ['half a key', () => `Bearer ${darkroom.apiKey.slice(0, -1)}`],
];

it.each(credentials)('lets nobody in over HTTP with %s', async (_what, authorization) => {
  const api = darkroom.as(authorization());
  for (const document of [
    '{ viewer { keyName } }',
    '{ __typename viewer { keyName } }',
    'mutation { archiveProfile(input: { id: "x" }) { profile { id } } }',
  ]) {
    const answer = await api.send(document);
    expect(answer.status).toBe(401);
    expect(answer.errors.map((error) => error.extensions.code)).toEqual(['UNAUTHENTICATED']);
    expect(answer.data ?? null).toBeNull();
  }
  const upload = await api.fetch('/images', { method: 'POST', body: 'x' });
  expect(upload.status).toBe(401);
  expect(upload.headers.get('content-type')).toContain('application/problem+json');
  expect(await upload.json()).toMatchObject({ code: 'UNAUTHENTICATED', status: 401 });
});

/** Opens a socket, says hello with these parameters, and waits for what comes of it. */
async function greet(payload: unknown): Promise<number | 'acknowledged'> {
  const socket = new WebSocket(`${darkroom.url.replace('http', 'ws')}/graphql`, 'graphql-transport-ws');
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload }));
  const closed = once(socket, 'close').then(([code]: unknown[]) => z.number().parse(code));
  const heard = once(socket, 'message').then(() => 'acknowledged' as const);
  const first = await Promise.race([closed, heard]);
  socket.close();
  await closed;
  return first;
}

it.each(credentials)('lets nobody in over WebSocket with %s', async (_what, authorization) => {
  const given = authorization();
  expect(await greet(given === null ? undefined : { authorization: given })).toBe(4403);
});

it('takes the key over WebSocket under either spelling, and as text only', async () => {
  const bearer = `Bearer ${darkroom.apiKey}`;
  expect(await greet({ authorization: bearer })).toBe('acknowledged');
  expect(await greet({ Authorization: bearer })).toBe('acknowledged');
  expect(await greet({ authorization: [bearer] })).toBe(4403);
  expect(await greet({ authorization: { bearer } })).toBe(4403);
});

it('closes sockets that do not speak the protocol, and those at another address', async () => {
  const closeOf = async (socket: WebSocket): Promise<number> =>
    await new Promise<number>((resolve) => socket.on('close', resolve).on('error', () => undefined));
  const address = `${darkroom.url.replace('http', 'ws')}/graphql`;
  // The client itself gives up here: the server agrees to no protocol but its own.
  expect(await closeOf(new WebSocket(address, 'graphql-ws'))).toBe(1006);

  const early = new WebSocket(address, 'graphql-transport-ws');
  await once(early, 'open');
  early.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query: '{ viewer { keyName } }' } }));
  expect(await closeOf(early)).toBe(4401);

  const large = new WebSocket(address, 'graphql-transport-ws');
  await once(large, 'open');
  large.send(JSON.stringify({ type: 'connection_init', payload: { text: 'x'.repeat(1024 * 1024) } }));
  expect(await closeOf(large)).toBe(1009);

  const elsewhere = new WebSocket(`${darkroom.url.replace('http', 'ws')}/elsewhere`, 'graphql-transport-ws');
  const [error]: unknown[] = await once(elsewhere, 'error');
  expect(String(error)).toContain('404');
});

it('shows its schema to all who ask, and nothing else', async () => {
  const { status, data } = await darkroom.as(null).send('{ __schema { queryType { name } } __typename }');
  expect([status, data]).toEqual([200, { __schema: { queryType: { name: 'Query' } }, __typename: 'Query' }]);
});

const hidden = /profile|relation|column|prisma|select|\/src\/|at /i;

it('hides its own faults behind a request id that the log has, at both doors', async () => {
  const { api } = darkroom;
  // The table is away for a moment, as if a part of Darkroom were broken.
  await darkroom.sql('alter table binding rename to binding_away');
  try {
    const answer = await api.send('{ profiles { nodes { slug } } viewer { keyName } }');
    const [error] = answer.errors;
    expect(answer.errors).toHaveLength(1);
    expect(error).toMatchObject({ path: ['profiles'], extensions: { code: 'INTERNAL' } });
    const requestId = z.string().parse(error?.extensions['requestId']);
    expect(answer.headers.get('x-request-id')).toBe(requestId);
    expect(error?.message).toBe(`Something went wrong here; the log has it under request id ${requestId}.`);
    expect(JSON.stringify(answer.errors)).not.toMatch(/binding|prisma/i);

    const inbox = api.subscribe(z.unknown(), '{ profiles { nodes { slug } } }');
    const told = await inbox.ended.then(
      () => '',
      (thrown: unknown) => String(thrown),
    );
    expect(told).toContain('INTERNAL');
    expect(told).not.toMatch(/binding|prisma/i);
    const socketId = /request id ([\w-]+)/.exec(told)?.[1];

    const faults = darkroom.log.filter((line) => line['msg'] === 'A request failed');
    expect(faults.map((line) => line['requestId'])).toEqual([requestId, socketId]);
    for (const line of faults) expect(JSON.stringify(line['err'])).toMatch(hidden);
  } finally {
    await darkroom.sql('alter table binding_away rename to binding');
  }
  expect((await api.send('{ profiles { nodes { slug } } }')).errors).toEqual([]);
});

it('writes no key and no prompt into its log', async () => {
  const { api, apiKey } = darkroom;
  const input = { profileId: await darkroom.profile(), prompt: 'a very private jar', width: 256, height: 256 };
  await api.send(
    'mutation ($input: GenerateFromPromptInput!) { generateFromPrompt(input: $input) { generation { id } } }',
    { input },
  );
  await expect.poll(() => darkroom.submits('private')).toHaveLength(1);
  const written = JSON.stringify(darkroom.log);
  expect(written).not.toContain(apiKey);
  expect(written).not.toContain('private jar');
});
