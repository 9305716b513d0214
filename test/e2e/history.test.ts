import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { publicId } from '../../src/domain/ids.js';
import type { Variables } from '../support/api.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { writePast } from '../support/history.js';

let darkroom: Darkroom;
let own: Awaited<ReturnType<Darkroom['addProject']>>;
let other: Awaited<ReturnType<Darkroom['addProject']>>;
let ids: string[];
let foreign: string;

beforeAll(async () => {
  darkroom = await startDarkroom();
  own = await darkroom.addProject('own');
  other = await darkroom.addProject('other');
  const profileId = own.profileId.slice(4);
  const start = Date.now() + 3_600_000;
  const past = Array.from({ length: 7 }, (_, n) => ({
    projectId: own.projectId,
    profileId,
    at: new Date(start + n * 60_000),
    status: n === 3 ? ('FAILED' as const) : ('SUCCEEDED' as const),
  }));
  ids = (await writePast(darkroom, past)).map((key) => publicId('Generation', key)).toReversed();
  const [key = ''] = await writePast(darkroom, [{ projectId: other.projectId, profileId }]);
  foreign = publicId('Generation', key);
});

afterAll(async () => {
  await darkroom.stop();
});

const pageSchema = z.object({
  generations: z.object({
    nodes: z.array(z.object({ id: z.string() })),
    pageInfo: z.object({
      hasNextPage: z.boolean(),
      hasPreviousPage: z.boolean(),
      startCursor: z.string().nullable(),
      endCursor: z.string().nullable(),
    }),
    totalCount: z.object({ value: z.number(), exact: z.boolean() }),
  }),
});
const pageDocument = `query (
  $filter: GenerationFilter, $search: String, $orderBy: GenerationOrder! = NEWEST, $first: Int, $after: String, $last: Int, $before: String
) {
  generations(filter: $filter, search: $search, orderBy: $orderBy, first: $first, after: $after, last: $last, before: $before) {
    nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount { value exact }
  }
}`;

async function page(variables: Variables = {}) {
  return (await own.api.ask(pageSchema, pageDocument, variables)).generations;
}
const idsOf = ({ nodes }: { nodes: { id: string }[] }): string[] => nodes.map(({ id }) => id);

describe.each([
  ['plain', {}],
  ['filtered', { filter: { hasImage: true } }],
  ['in another order', { orderBy: 'OLDEST' }],
])('a %s list', (_what, list: Variables) => {
  it('is read forwards and back again', async () => {
    const all = idsOf(await page({ ...list, first: 100 }));
    const first = await page({ ...list, first: 2 });
    const second = await page({ ...list, first: 2, after: first.pageInfo.endCursor });
    expect([...idsOf(first), ...idsOf(second)]).toEqual(all.slice(0, 4));
    expect(first.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    expect(second.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: true });
    const back = await page({ ...list, last: 2, before: second.pageInfo.startCursor });
    expect(idsOf(back)).toEqual(idsOf(first));
    expect(back.pageInfo).toMatchObject({ hasNextPage: true, hasPreviousPage: false });
    const end = await page({ ...list, last: 3 });
    expect(idsOf(end)).toEqual(all.slice(-3));
    expect(end.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
    expect(end.totalCount).toEqual({ value: all.length, exact: true });
  });
});

it('refuses a cursor of another list', async () => {
  const cursors = await Promise.all(
    [
      {},
      { orderBy: 'OLDEST' },
      { orderBy: 'CHEAPEST' },
      { filter: { hasImage: true } },
      { filter: { status: ['FAILED'] } },
    ].map(async (list) => ({ list, cursor: (await page(list)).pageInfo.endCursor })),
  );
  for (const { list, cursor } of cursors) {
    for (const { list: another } of cursors) {
      const answer = await own.api.send(pageDocument, { ...another, after: cursor });
      expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual(
        another === list || cursor === null ? [] : ['BAD_REQUEST'],
      );
    }
  }
});

const cursor = (text: string): string => Buffer.from(text).toString('base64url');
const many = (count: number): string[] => Array.from({ length: count }, (_, n) => `t${n}`);

const wrong: readonly [Variables, string][] = [
  [{ first: 101 }, 'first must be from 1 to 100; 101 was given.'],
  [{ first: 100_000 }, 'first must be from 1 to 100; 100000 was given.'],
  [{ last: 0 }, 'last must be from 1 to 100; 0 was given.'],
  [{ first: 1, last: 1 }, 'Give first and after, or last and before, not both.'],
  [{ before: 'nonsense' }, 'before is no cursor of this list.'],
  [{ orderBy: 'CHEAPEST', after: cursor('v2:0:9:9:9') }, 'after is no cursor of this list.'],
  [{ orderBy: 'RELEVANCE' }, 'orderBy: RELEVANCE needs a search.'],
  [{ orderBy: 'CHEAPEST', search: 'jar' }, 'orderBy: CHEAPEST was given.'],
  [{ search: '' }, 'search must have 1 to 200 characters; it has 0.'],
  [{ search: 'a'.repeat(201) }, 'search must have 1 to 200 characters; it has 201.'],
  [{ search: 'a\u0000' }, 'search holds a character that no text has.'],
  [{ search: 'the' }, 'search holds no word to look for'],
  [{ filter: { anyTag: many(10_000) } }, 'filter.anyTag takes at most 20 values; 10000 were given.'],
  [{ filter: { allTags: ['x'.repeat(65)] } }, 'filter.allTags[0] must have 1 to 64 characters; it has 65.'],
  [{ filter: { model: many(51) } }, 'filter.model takes at most 50 values; 51 were given.'],
  [{ filter: { provider: ['a\u0000'] } }, 'filter.provider[0] holds a character that no text has.'],
  [{ filter: { rating: { from: 0 } } }, 'filter.rating.from must be from 1 to 5; 0 was given.'],
  [
    { filter: { costMicros: { from: 2, to: 1 } } },
    'filter.costMicros.from (2) must not lie above filter.costMicros.to (1).',
  ],
  [{ filter: { runMs: { to: -1 } } }, 'filter.runMs.to must be from 0'],
  [
    { filter: { createdFrom: '2026-01-02T00:00:00Z', createdTo: '2026-01-01T00:00:00Z' } },
    'filter.createdFrom must not lie after filter.createdTo',
  ],
  [{ filter: { createdTo: '1969-01-01T00:00:00Z' } }, 'filter.createdTo must lie between the years 1970 and 9999'],
  [{ filter: { createdFrom: '0001-01-01T00:00:00Z' } }, '; "0001-01-01T00:00:00.000Z" was given.'],
];

it.each(wrong)('refuses %j', async (variables, message) => {
  const { errors } = await own.api.send(pageDocument, variables);
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_REQUEST' } }]);
  expect(errors[0]?.message).toContain(message);
});

it('tells a number that JSON cannot keep as it was written', async () => {
  const { errors } = await own.api.send('{ generations(filter: { seed: 9007199254740993 }) { nodes { id } } }');
  expect(errors[0]?.message).toContain('; 9007199254740993 was given.');
});

it.each([
  { filter: { costMicros: { to: Number.MAX_SAFE_INTEGER }, totalMs: { to: Number.MAX_SAFE_INTEGER } } },
  { filter: { seed: Number.MIN_SAFE_INTEGER } },
  { filter: { createdFrom: '9999-12-30T00:00:00Z' } },
  { search: 'wood :* & <-> || !! ( )' },
  { search: '-"" or or wood' },
])('takes %j, which matches nothing', async (variables) => {
  expect(await page(variables)).toMatchObject({ nodes: [], totalCount: { value: 0, exact: true } });
});

const shown = 'generation { rating favourite note version updatedAt } userErrors { code path maximum }';

it('rates, notes and keeps as a favourite, and finds it by that, without an event', async () => {
  const [id] = ids;
  const eventsOf = async (): Promise<unknown> =>
    await darkroom.sql('select count(*)::int from generation_event where generation_id = $1', (id ?? '').slice(4));
  const before = await eventsOf();
  const { data } = await own.api.send(
    `mutation ($id: ID!) {
      rateGeneration(id: $id, rating: 4) { ${shown} } favouriteGeneration(id: $id) { ${shown} }
      noteGeneration(id: $id, note: "the lid is wrong") { ${shown} }
    }`,
    { id },
  );
  const generation = { rating: 4, favourite: true, note: 'the lid is wrong', version: 1 };
  expect(data).toMatchObject({ rateGeneration: { userErrors: [] }, noteGeneration: { generation, userErrors: [] } });
  expect(await eventsOf()).toEqual(before);
  for (const filter of [
    { rating: { from: 4 } },
    { favourite: true },
    { rating: { from: 1, to: 5 }, favourite: true },
  ]) {
    expect(idsOf(await page({ filter }))).toEqual([id]);
  }
  expect(idsOf(await page({ orderBy: 'BEST_RATED' }))).toEqual([id]);
  const away = `mutation ($id: ID!) {
    rateGeneration(id: $id, rating: null) { ${shown} } favouriteGeneration(id: $id, favourite: false) { ${shown} }
    noteGeneration(id: $id, note: "") { ${shown} }
  }`;
  expect((await own.api.send(away, { id })).data).toMatchObject({
    noteGeneration: { generation: { rating: null, favourite: false, note: null } },
  });
  expect(idsOf(await page({ filter: { favourite: true } }))).toEqual([]);
});

const tagDocument = `mutation ($ids: [ID!]!, $add: [String!]! = [], $remove: [String!]! = []) {
  tagGenerations(ids: $ids, add: $add, remove: $remove) { generations { id tags } userErrors { code path message } }
}`;

it('tags several at once, and finds them by any and by all of the tags', async () => {
  const [one = '', two = '', three = ''] = ids;
  await own.api.send(tagDocument, { ids: [one, two], add: ['blue', 'old'], remove: ['never'] });
  const { data } = await own.api.send(tagDocument, { ids: [two, three], add: ['red'], remove: ['old'] });
  expect(data).toEqual({
    tagGenerations: {
      generations: [
        { id: two, tags: ['blue', 'red'] },
        { id: three, tags: ['red'] },
      ],
      userErrors: [],
    },
  });
  expect(idsOf(await page({ filter: { anyTag: ['blue'] } }))).toEqual([one, two]);
  expect(idsOf(await page({ filter: { anyTag: ['blue', 'red'] } }))).toEqual([one, two, three]);
  expect(idsOf(await page({ filter: { allTags: ['blue', 'red'] } }))).toEqual([two]);
  expect(idsOf(await page({ filter: { anyTag: ['old'] } }))).toEqual(ids.filter((id) => id !== two && id !== three));
});

it.each([
  ['an unknown one among them', () => ({ ids: [ids[0], foreign], add: ['mine'] }), 'NOT_FOUND', ['ids', '1']],
  ['no id', () => ({ ids: ['nonsense'], add: ['mine'] }), 'NOT_FOUND', ['ids', '0']],
  ['none', () => ({ ids: [], add: ['mine'] }), 'OUT_OF_RANGE', ['ids']],
  ['too many', () => ({ ids: Array.from({ length: 101 }, () => ids[0]), add: ['mine'] }), 'OUT_OF_RANGE', ['ids']],
  ['ten thousand tags', () => ({ ids: [ids[0]], add: many(10_000) }), 'OUT_OF_RANGE', ['add']],
  ['more tags than it may have', () => ({ ids: [ids[0]], add: many(20) }), 'OUT_OF_RANGE', ['ids', '0']],
  ['an empty tag', () => ({ ids: [ids[0]], add: [''] }), 'REQUIRED', ['add', '0']],
  ['nothing to do', () => ({ ids: [ids[0]] }), 'REQUIRED', ['add']],
  ['a contradiction', () => ({ ids: [ids[0]], add: ['mine'], remove: ['mine'] }), 'INVALID', ['remove']],
])('refuses to tag %s, and changes nothing', async (_what, variables, code, path) => {
  const { data } = await own.api.send(tagDocument, variables());
  expect(data).toMatchObject({ tagGenerations: { generations: null, userErrors: [{ code, path }] } });
  expect(idsOf(await page({ filter: { anyTag: ['mine', 't1'] } }))).toEqual([]);
});

it('refuses wrong ratings, long notes and what is another project’s', async () => {
  const [id] = ids;
  const document = `mutation ($id: ID!, $foreign: ID!, $note: String) {
    low: rateGeneration(id: $id, rating: 0) { ${shown} } high: rateGeneration(id: $id, rating: 6) { ${shown} }
    long: noteGeneration(id: $id, note: $note) { ${shown} } other: rateGeneration(id: $foreign, rating: 1) { ${shown} }
  }`;
  const { data } = await own.api.send(document, { id, foreign, note: 'x'.repeat(2_001) });
  const refused = (code: string, path: string) => ({ generation: null, userErrors: [{ code, path: [path] }] });
  expect(data).toMatchObject({
    low: refused('OUT_OF_RANGE', 'rating'),
    high: refused('OUT_OF_RANGE', 'rating'),
    long: refused('OUT_OF_RANGE', 'note'),
    other: refused('NOT_FOUND', 'id'),
  });
  expect(await darkroom.sql('select from generation where rating is not null')).toEqual([]);
});

it('finds a prompt that was accepted a moment ago', async () => {
  const document = `mutation ($input: GenerateFromPromptInput!) {
    generateFromPrompt(input: $input) { generation { id } userErrors { message } }
  }`;
  const profileId = own.profileId;
  const { data } = await own.api.send(document, { input: { profileId, prompt: 'Ein Gläschen für Zoë' } });
  const made = z.object({ generateFromPrompt: z.object({ generation: z.object({ id: z.string() }) }) }).parse(data);
  for (const search of ['gläschen', 'GLASCHEN zoe']) {
    await vi.waitFor(
      async () =>
        expect(idsOf(await page({ search, orderBy: 'RELEVANCE' }))).toEqual([made.generateFromPrompt.generation.id]),
      { timeout: 10_000 },
    );
  }
  expect((await other.api.ask(pageSchema, pageDocument, { search: 'zoe' })).generations.nodes).toEqual([]);
});
