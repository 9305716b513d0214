import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';

let darkroom: Darkroom;

beforeAll(async () => {
  darkroom = await startDarkroom();
});

afterAll(async () => {
  await darkroom.stop();
});

const times = (count: number, part: (n: number) => string): string =>
  Array.from({ length: count }, (_, n) => part(n)).join(' ');

/** 3 + 2 × `pairs` levels. */
const deep = (pairs: number, leaf = 'id'): string =>
  `{ generations(first: 1) { nodes { ${times(pairs, () => 'events { generation {')} ${leaf} ${times(pairs, () => '} }')} } } }`;
const aliased = (count: number): string => `{ ${times(count, (n) => `a${n}: viewer { keyName }`)} }`;
/** 3,701 fields for each page. */
const costly = (pages: number): string =>
  `{ ${times(pages, (n) => `p${n}: generations(first: 100) { nodes { events { generation { attempts { n } } } } }`)} }`;
/** 65 tokens for each page. */
const long = (pages: number): string => {
  const filter = `{ status: [${times(50, () => 'FAILED')}] }`;
  return `{ ${times(pages, (n) => `p${n}: generations(first: 1, filter: ${filter}) { __typename }`)} }`;
};

const cases: readonly [what: string, good: string, bad: string, told: RegExp][] = [
  ['depth', deep(6), deep(6, 'profile { id }'), /depth is 16; at most 15/],
  ['aliases', aliased(50), aliased(51), /aliases is 51; at most 50/],
  ['cost', costly(13), costly(14), /cost is 51814; at most 50000/],
  ['tokens', long(50), long(62), /token/i],
];

it.each(cases)('bounds the %s of an operation over HTTP', async (_what, good, bad, told) => {
  expect((await darkroom.api.send(good)).errors).toEqual([]);
  const answer = await darkroom.api.send(bad);
  expect(answer.status).toBe(400);
  expect(answer.errors).toHaveLength(1);
  expect(answer.errors[0]?.message).toMatch(told);
  expect(answer.errors[0]?.extensions.code).toMatch(/^(QUERY_TOO_COMPLEX|GRAPHQL_PARSE_FAILED)$/);
});

it.each(cases)('bounds the %s of an operation over WebSocket', async (_what, good, bad, told) => {
  await darkroom.api.subscribe(z.unknown(), good).ended;
  await expect(darkroom.api.subscribe(z.unknown(), bad).ended).rejects.toThrow(told);
});

it('counts what fragments and variables hide', async () => {
  const { api } = darkroom;
  const hidden = `query ($n: Int!) { ...All } fragment All on Query {
    ${times(14, (n) => `p${n}: generations(first: $n) { ...Page }`)}
  } fragment Page on GenerationConnection { nodes { events { generation { attempts { n } } } } }`;
  expect((await api.send(hidden, { n: 100 })).errors[0]?.extensions.code).toBe('QUERY_TOO_COMPLEX');
  expect((await api.send(hidden, { n: 1 })).errors).toEqual([]);
});

it('weighs the operation that is run, and none that is only sent along', async () => {
  const body = JSON.stringify({ query: `query A { viewer { keyName } } query B ${costly(14)}`, operationName: 'A' });
  const headers = { 'content-type': 'application/json' };
  const response = await darkroom.api.fetch('/graphql', { method: 'POST', headers, body });
  expect(await response.json()).toEqual({ data: { viewer: { keyName: 'first key' } } });
});

it('takes no large body from somebody without a key, and a bounded one from all others', async () => {
  const headers = { 'content-type': 'application/json' };
  const query = JSON.stringify({ query: '{ __typename }', extensions: { filler: 'x'.repeat(101 * 1024) } });
  const init = { method: 'POST', headers, body: query };
  expect((await darkroom.as(null).fetch('/graphql', init)).status).toBe(401);
  expect((await darkroom.api.fetch('/graphql', init)).status).toBe(200);
});

it.each([
  ['no JSON', '{'],
  ['JSON that is no request', '[]'],
  ['a request without a query', '{}'],
  ['an empty query', '{"query":""}'],
  ['a query with a mistake', '{"query":"{ viewer { nothing } }"}'],
  ['variables that are none', '{"query":"{ __typename }","variables":3}'],
  ['an operation that is not there', '{"query":"query A { __typename }","operationName":"B"}'],
])('answers %s with 400 and no word of its own inside', async (_what, body) => {
  const headers = { 'content-type': 'application/json' };
  const response = await darkroom.api.fetch('/graphql', { method: 'POST', headers, body });
  expect(response.status).toBe(400);
  expect(await response.text()).not.toMatch(/node_modules|\.[jt]s:\d|stack/i);
});
