import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';

let darkroom: Darkroom;

beforeAll(async () => {
  darkroom = await startDarkroom();
});

afterAll(async () => {
  await darkroom.stop();
});

/** Every recommendation that is not followed, with why. No requirement is among them. */
const accepted: readonly (readonly [status: 'notice' | 'warn', name: string])[] = [
  // A GET that any web page could make a browser send is refused (cross-site request forgery); it needs a header of its
  // own, as the last test shows. These audits send none.
  ['notice', 'MAY accept application/x-www-form-urlencoded formatted GET requests'],
  [
    'notice',
    'MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/graphql-response+json',
  ],
  ['notice', 'MAY allow URL-encoded JSON string {variables} parameter in GETs when accepting application/json'],
  // A request that is wrong is answered 400 whatever type is accepted, as Apollo has it: proxies, logs and curl see at once
  // that nothing was done. The body is the same.
  ['warn', 'SHOULD use 200 status code on document parsing failure when accepting application/json'],
  ['warn', 'SHOULD use 200 status code on document validation failure when accepting application/json'],
  ['warn', 'SHOULD use a status code of 200 on variable coercion failure when accepting application/json'],
];

it.each([
  ['with a key', true],
  ['without a key', false],
])('speaks GraphQL over HTTP as its specification has it, %s', async (_with, withKey) => {
  const authorization: Record<string, string> = withKey ? { authorization: `Bearer ${darkroom.apiKey}` } : {};
  const audits = serverAudits({
    url: `${darkroom.url}/graphql`,
    fetchFn: async (url: string, init: RequestInit = {}) =>
      await fetch(url, { ...init, headers: { ...authorization, ...Object.fromEntries(new Headers(init.headers)) } }),
  });
  const results = await Promise.all(audits.map(async (audit) => await audit.fn()));
  const complaints = results.flatMap((result) => (result.status === 'ok' ? [] : [[result.status, result.name]]));
  expect(results.length).toBeGreaterThan(50);
  expect(complaints).toEqual(accepted);
});

it('answers a GET that no foreign page can send unasked', async () => {
  const query = encodeURIComponent('query ($name: String!) { __type(name: $name) { name } }');
  const variables = encodeURIComponent(JSON.stringify({ name: 'Query' }));
  const address = `/graphql?query=${query}&variables=${variables}`;
  const allowed = await darkroom.as(null).fetch(address, { headers: { 'apollo-require-preflight': 'true' } });
  expect(await allowed.json()).toEqual({ data: { __type: { name: 'Query' } } });
  expect((await darkroom.as(null).fetch(address)).status).toBe(400);
});
