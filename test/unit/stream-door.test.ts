import { createClient } from 'graphql-sse';
import { request } from 'node:http';
import { afterEach, expect, it, vi } from 'vitest';
import { key, openStreamDoors, type Doors } from './fake-doors.js';
import { eventually } from '../support/eventually.js';

let doors: Doors;
const leaving: AbortController[] = [];

afterEach(async () => {
  for (const each of leaving.splice(0)) each.abort();
  await doors.stop();
});

type Asked = { query?: unknown; variables?: unknown; operationName?: unknown };

async function post(body: Asked | string, headers: Record<string, string> = { authorization: key }): Promise<Response> {
  const control = new AbortController();
  leaving.push(control);
  return await fetch(doors.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', ...headers },
    body: typeof body === 'string' ? body : JSON.stringify(body),
    signal: control.signal,
  });
}

const forever = { query: 'subscription { forever }' };

it('speaks graphql-sse', async () => {
  doors = await openStreamDoors();
  const client = createClient({ url: doors.url, headers: { authorization: key }, retryAttempts: 0 });
  const heard: unknown[] = [];
  for (const query of ['subscription { text(count: 3, size: 2) }', '{ hello }', 'mutation { change }', '{ nothing }']) {
    for await (const result of client.iterate({ query })) heard.push(result);
  }
  const [one, two, three, four, five, mistake] = heard;
  expect([one, two, three]).toEqual(Array.from({ length: 3 }, () => ({ data: { text: 'xx' } })));
  expect([four, five]).toEqual([{ data: { hello: 'hi' } }, { data: { change: 'done' } }]);
  expect(mistake).toMatchObject({ errors: [{ message: expect.stringContaining('nothing') }] });
});

it('takes a query in the address too, but no mutation', async () => {
  doors = await openStreamDoors();
  const get = async (parameters: Record<string, string>): Promise<Response> =>
    await fetch(`${doors.url}?${new URLSearchParams(parameters).toString()}`, { headers: { authorization: key } });
  const query = 'subscription S($n: Int!) { text(count: $n, size: 1) }';
  const answer = await get({ query, operationName: 'S', variables: '{"n":1}' });
  expect(answer.headers.get('content-type')).toBe('text/event-stream; charset=utf-8');
  expect(answer.headers.get('cache-control')).toBe('no-cache, no-transform');
  expect(await answer.text()).toBe(':\n\nevent: next\ndata: {"data":{"text":"x"}}\n\nevent: complete\ndata:\n\n');
  expect((await get({ query: 'mutation { change }' })).status).toBe(400);
  expect((await get({ query, variables: '{' })).status).toBe(400);
});

it.each<[string, Asked | string, Record<string, string>, number, string]>([
  ['no key', forever, {}, 401, 'UNAUTHENTICATED'],
  ['a wrong key', forever, { authorization: 'Bearer bad' }, 401, 'UNAUTHENTICATED'],
  ['a key while the database is away', forever, { authorization: 'Bearer away' }, 503, 'UNAVAILABLE'],
  ['no JSON', '{', { authorization: key }, 400, 'BAD_REQUEST'],
  ['no query', {}, { authorization: key }, 400, 'BAD_REQUEST'],
  ['variables that are none', { query: '{ hello }', variables: 3 }, { authorization: key }, 400, 'BAD_REQUEST'],
  ['no JSON type', '{}', { authorization: key, 'content-type': 'text/plain' }, 400, 'BAD_REQUEST'],
  ['a body too large', 'x'.repeat(2 ** 21), { authorization: key }, 413, 'TOO_LARGE'],
  [
    'too many aliases',
    { query: `{ ${Array.from({ length: 51 }, (_, n) => `a${n}: hello`).join(' ')} }` },
    { authorization: key },
    400,
    'QUERY_TOO_COMPLEX',
  ],
])('refuses %s as POST /graphql does', async (_what, body, headers, status, code) => {
  doors = await openStreamDoors();
  const answer = await post(body, headers);
  expect([answer.status, await answer.json()]).toEqual([
    status,
    { errors: [expect.objectContaining({ extensions: { code } })] },
  ]);
});

it('hides its own faults, before the stream and in it', async () => {
  doors = await openStreamDoors();
  const hidden = {
    message: expect.stringContaining('request-1'),
    extensions: { code: 'INTERNAL', requestId: 'request-1' },
  };
  const before = await post(forever, { authorization: 'Bearer fault' });
  expect([before.status, await before.json()]).toEqual([500, { errors: [hidden] }]);
  const text = await (await post({ query: '{ broken }' })).text();
  expect(text).toContain('"code":"INTERNAL"');
  expect(text).not.toContain('secret');
  expect(doors.errors).toHaveBeenCalledTimes(2);
});

it('tells in the stream what a subscription was refused for', async () => {
  doors = await openStreamDoors();
  const text = await (await post({ query: 'subscription { refused }' })).text();
  expect(text).toMatch(/event: next\ndata: .*after is no cursor.*"code":"BAD_REQUEST".*\n\nevent: complete\n/);
});

it('leaves the stream of a client that went, and bounds what one key holds open', async () => {
  doors = await openStreamDoors({ openPerKey: 2 });
  await post(forever);
  await post(forever);
  await eventually(() => expect(doors.open.size).toBe(2));
  const refused = await post(forever);
  expect([refused.status, await refused.json()]).toMatchObject([
    503,
    { errors: [{ extensions: { code: 'UNAVAILABLE' } }] },
  ]);
  leaving[0]?.abort();
  await eventually(() => expect(doors.open.size).toBe(1));
  await eventually(async () => expect((await post(forever)).status).toBe(200));
});

it('pings', async () => {
  doors = await openStreamDoors({ timings: { pingMs: 20 } });
  const reader = (await post(forever)).body?.getReader();
  let text = '';
  while (text.length < 12) text += new TextDecoder().decode((await reader?.read())?.value);
  expect(text).toBe(':\n\n'.repeat(text.length / 3));
});

/** Asks by plain HTTP and reads nothing. */
function askAndNotRead(query: string): { gone: Promise<void>; destroy: () => void } {
  const asking = request(doors.url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: key },
  });
  const gone = new Promise<void>((resolve) => {
    asking.on('response', (response) => response.pause());
    asking.on('socket', (socket) => socket.on('connect', () => socket.pause()));
    asking.on('error', () => undefined).on('close', resolve);
  });
  asking.end(JSON.stringify({ query }));
  return { gone, destroy: () => asking.destroy() };
}

it('asks for no more than a reader takes, and cuts off one that reads nothing', async () => {
  doors = await openStreamDoors({ timings: { pingMs: 300 }, openPerKey: 1 });
  const deaf = askAndNotRead('subscription { text(count: 10000, size: 100000) }');
  let before = -1;
  await vi.waitFor(
    () => {
      const asked = doors.asked();
      const stands = asked === before && asked > 0;
      before = asked;
      expect(stands).toBe(true);
    },
    { interval: 200, timeout: 10_000 },
  );
  expect(before).toBeLessThan(400);
  // The key's only place is free again.
  await vi.waitFor(async () => expect((await post({ query: '{ hello }' })).status).toBe(200), { timeout: 5_000 });
  deaf.destroy();
  await deaf.gone;
});

it('at a stop lets streams end that are told to, and cuts off the rest in time', async () => {
  doors = await openStreamDoors({ timings: { drainMs: 200 } });
  const ends = await post(forever);
  const deaf = askAndNotRead('subscription { text(count: 10000, size: 100000) }');
  await eventually(() => expect([doors.open.size, doors.asked() > 0]).toEqual([1, true]));
  const from = performance.now();
  const closing = doors.door.close();
  doors.endAll();
  expect(await ends.text()).toBe(':\n\nevent: complete\ndata:\n\n');
  await closing;
  expect(performance.now() - from).toBeLessThan(1_500);
  deaf.destroy();
  await deaf.gone;
});
