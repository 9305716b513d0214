import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';

let darkroom: Darkroom;
let foreign: string;

beforeAll(async () => {
  darkroom = await startDarkroom();
  foreign = (await darkroom.addProject('foreign')).profileId;
});

afterAll(async () => {
  await darkroom.stop();
});

type Ask = { body: object; headers?: Record<string, string> };

/** Status, type and text of an answer; who asked when makes no difference. */
async function answerTo({ body, headers }: Ask): Promise<{ status: number; type: string | null; text: string }> {
  const response = await darkroom.api.fetch('/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  expect(response.headers.get('cache-control')).toBe('no-store');
  const text = (await response.text()).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'id');
  return { status: response.status, type: response.headers.get('content-type'), text };
}

const page = 'query Page($first: Int) { generations(first: $first) { nodes { id prompt } pageInfo { hasNextPage } } }';
const two = 'query One { viewer: __typename } query Two { models { id } }';
const preview = 'query ($image: ImageInput!) { cannyPreview(image: $image, low: 1, high: 2) { width } }';
const newer = 'application/graphql-response+json, application/json;q=0.9';

// Each is a document that was answered well first, so that it is known; then something is different.
it.each<[string, Ask, Partial<Ask>]>([
  ['the same', { body: { query: page, variables: { first: 1 } } }, {}],
  [
    'other values',
    { body: { query: page, variables: { first: 1 } } },
    { body: { query: page, variables: { first: 3 } } },
  ],
  ['no variables', { body: { query: page } }, { body: { query: page, variables: null, operationName: null } }],
  ['an argument out of range', { body: { query: page } }, { body: { query: page, variables: { first: 1_000 } } }],
  ['a value of another type', { body: { query: page } }, { body: { query: page, variables: { first: 'x' } } }],
  ['variables that are no object', { body: { query: page } }, { body: { query: page, variables: [1] } }],
  ['something more in the body', { body: { query: page } }, { body: { query: page, extensions: {}, more: 1 } }],
  ['another key', { body: { query: page } }, { headers: { authorization: 'Bearer nothing' } }],
  ['no key', { body: { query: page } }, { headers: { authorization: '' } }],
  ['another type of body', { body: { query: page } }, { headers: { 'content-type': 'text/plain' } }],
  ['another type of answer', { body: { query: page } }, { headers: { accept: newer } }],
  ['a type that there is not', { body: { query: page } }, { headers: { accept: 'image/png' } }],
  [
    'the other of two operations',
    { body: { query: two, operationName: 'One' } },
    { body: { query: two, operationName: 'Two' } },
  ],
  ['no operation named', { body: { query: two, operationName: 'One' } }, { body: { query: two } }],
  [
    'two inputs where one is wanted',
    { body: { query: preview, variables: { image: { imageId: 'img_x' } } } },
    { body: { query: preview, variables: { image: { imageId: 'img_x', base64: 'eA==' } } } },
  ],
])('answers a known document with %s as it answers a new one', async (_name, first, change) => {
  const changed = { ...first, ...change };
  // Not known yet: nobody has asked for it with this comment.
  const fresh = JSON.stringify(changed.body).replace('"query":"', `"query":"# ${_name}\\n`);
  const expected = await answerTo({ ...changed, body: JSON.parse(fresh) as object });
  for (let times = 0; times < 3; times += 1) await answerTo(first);
  const positions = /"locations":\[[^\]]*\]/g;
  for (let times = 0; times < 3; times += 1) {
    const answer = await answerTo(changed);
    expect({ ...answer, text: answer.text.replaceAll(positions, '') }).toEqual({
      ...expected,
      text: expected.text.replaceAll(positions, ''),
    });
  }
});

it('asks each key what it may see, whoever asked before', async () => {
  const query = 'query ($id: ID!) { node(id: $id) { id } }';
  const other = { body: { query, variables: { id: foreign } } };
  const own = { body: { query, variables: { id: await darkroom.profile() } } };
  for (let times = 0; times < 3; times += 1) expect((await answerTo(own)).text).toContain('"id":"prf_');
  for (let times = 0; times < 3; times += 1) expect((await answerTo(other)).text).toContain('"node":null');
});
