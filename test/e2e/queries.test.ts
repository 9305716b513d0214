import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { publicId } from '../../src/domain/ids.js';
import { still } from '../sandbox/images.js';
import type { Api, Variables } from '../support/api.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { writePast, type Past } from '../support/history.js';

let darkroom: Darkroom;
let own: Awaited<ReturnType<Darkroom['addProject']>>;
let other: Awaited<ReturnType<Darkroom['addProject']>>;
let ids: string[];
let foreign: string;

/** From an hour on, a minute apart: within the months that have partitions whatever today's date is. */
const start = Date.now() + 3_600_000;
const at = (minute: number): Date => new Date(start + minute * 60_000);

beforeAll(async () => {
  darkroom = await startDarkroom();
  own = await darkroom.addProject('own');
  other = await darkroom.addProject('other');
  const profileId = own.profileId.replace('prf_', '');
  const details: Partial<Past>[] = [
    { status: 'SUCCEEDED', control: 'CANNY' },
    { status: 'FAILED', control: 'CANNY' },
    { status: 'MODERATED', control: 'DEPTH' },
    { status: 'SUCCEEDED', provider: 'elsewhere' },
    { status: 'RUNNING' },
    { status: 'SUCCEEDED', profileId: other.profileId.replace('prf_', '') },
  ];
  const past = (each: Partial<Past>, n: number): Past => ({ projectId: own.projectId, profileId, at: at(n), ...each });
  ids = (await writePast(darkroom, details.map(past))).map((key) => publicId('Generation', key));
  const [key = ''] = await writePast(darkroom, [{ projectId: other.projectId, profileId, at: at(0), full: true }]);
  foreign = publicId('Generation', key);
});

afterAll(async () => {
  await darkroom.stop();
});

const pageSchema = z.object({
  generations: z.object({
    edges: z.array(z.object({ cursor: z.string(), node: z.object({ id: z.string() }) })),
    nodes: z.array(z.object({ id: z.string() })),
    pageInfo: z.object({
      hasNextPage: z.boolean(),
      hasPreviousPage: z.boolean(),
      startCursor: z.string().nullable(),
      endCursor: z.string().nullable(),
    }),
  }),
});
const pageDocument = `query ($filter: GenerationFilter, $first: Int, $after: String) {
  generations(filter: $filter, first: $first, after: $after) {
    edges { cursor node { id } } nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;

async function page(variables: Variables, api: Api = own.api) {
  return (await api.ask(pageSchema, pageDocument, { first: 20, ...variables })).generations;
}

/** The ids of these places in the list above, newest first. */
function of(...places: number[]): string[] {
  return places.map((place) => ids[place] ?? '');
}

const filters: readonly [what: string, Variables, number[]][] = [
  ['nothing', {}, [5, 4, 3, 2, 1, 0]],
  ['a status', { status: ['FAILED'] }, [1]],
  ['several statuses', { status: ['RUNNING', 'MODERATED'] }, [4, 2]],
  ['no status at all', { status: [] }, []],
  ['a control kind', { control: ['CANNY'] }, [1, 0]],
  ['two control kinds', { control: ['DEPTH', 'CANNY'] }, [2, 1, 0]],
  ['a provider', { provider: ['elsewhere'] }, [3]],
  ['an unknown provider', { provider: ['nobody'] }, []],
  ['the start of a time', { createdFrom: at(3).toISOString() }, [5, 4, 3]],
  ['the end of a time', { createdTo: at(3).toISOString() }, [2, 1, 0]],
  ['a span of time', { createdFrom: at(1).toISOString(), createdTo: at(3).toISOString() }, [2, 1]],
  ['all together', { status: ['SUCCEEDED'], control: ['CANNY'], createdTo: at(1).toISOString() }, [0]],
];

it.each(filters)('lists by %s', async (_what, filter, places) => {
  expect((await page({ filter })).nodes.map(({ id }) => id)).toEqual(of(...places));
});

it('lists by profile', async () => {
  expect((await page({ filter: { profileId: own.profileId } })).nodes).toHaveLength(5);
  expect((await page({ filter: { profileId: other.profileId } })).nodes.map(({ id }) => id)).toEqual(of(5));
});

it('goes through a list page by page, each entry once', async () => {
  const seen: string[] = [];
  let after: string | null = null;
  for (const [length, more] of [
    [4, true],
    [2, false],
  ] as const) {
    const { edges, pageInfo } = await page({ first: 4, after });
    expect(edges).toHaveLength(length);
    expect(pageInfo).toEqual({
      hasNextPage: more,
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor,
      endCursor: edges.at(-1)?.cursor,
    });
    seen.push(...edges.map(({ node }) => node.id));
    after = pageInfo.endCursor;
  }
  expect(seen).toEqual(of(5, 4, 3, 2, 1, 0));
  expect(await page({ first: 4, after })).toMatchObject({
    edges: [],
    pageInfo: { hasNextPage: false, endCursor: null },
  });
  expect((await page({ first: 6 })).pageInfo.hasNextPage).toBe(false);
});

const wrongArguments: readonly [what: string, Variables][] = [
  ['first: 0', { first: 0 }],
  ['first: 101', { first: 101 }],
  ['first: -1', { first: -1 }],
  ['a cursor that is none', { after: 'nonsense' }],
  ['a cursor of something else', { after: Buffer.from('v1:1').toString('base64url') }],
  ['an empty cursor', { after: '' }],
  ['a profile id that is none', { filter: { profileId: 'nonsense' } }],
  ['more providers than there are', { filter: { provider: Array.from({ length: 51 }, String) } }],
];

it.each(wrongArguments)('refuses %s', async (_what, variables) => {
  const answer = await own.api.send(pageDocument, { first: 20, ...variables });
  expect(answer.errors.map((error) => error.extensions.code)).toEqual(['BAD_REQUEST']);
});

it('takes the longest page', async () => {
  expect((await page({ first: 100 })).nodes).toHaveLength(6);
});

const nodeSchema = z.object({ node: z.looseObject({ __typename: z.string(), id: z.string() }).nullable() });
const nodeDocument = 'query ($id: ID!) { node(id: $id) { __typename id } }';

it('finds anything of its own project by its id, and nothing of another', async () => {
  const imageId = await own.api.upload(await still(256, 256));
  for (const [id, __typename] of [
    [ids[0], 'Generation'],
    [own.profileId, 'FinetuneProfile'],
    [imageId, 'Image'],
  ] as const) {
    expect(await own.api.ask(nodeSchema, nodeDocument, { id })).toEqual({ node: { __typename, id } });
    expect(await other.api.ask(nodeSchema, nodeDocument, { id })).toEqual({ node: null });
  }
  for (const id of ['', 'gen_', 'gen_1', 'nonsense', `gen_${imageId.slice(4)}`, `img_${(ids[0] ?? '').slice(4)}`]) {
    expect([id, await own.api.ask(nodeSchema, nodeDocument, { id })]).toEqual([id, { node: null }]);
  }
});

it('shows nothing of another project, whatever is asked for by id', async () => {
  const { data, errors } = await own.api.send(
    'query ($id: ID!, $profile: ID!) { generation(id: $id) { id } node(id: $id) { id } profile(id: $profile) { id } }',
    { id: foreign, profile: other.profileId },
  );
  expect([data, errors]).toEqual([{ generation: null, node: null, profile: null }, []]);
  expect((await page({}, other.api)).nodes).toEqual([{ id: foreign }]);

  for (const [document, input] of [
    [
      'mutation ($input: UpdateProfileInput!) { payload: updateProfile(input: $input) { profile { id } userErrors { code } } }',
      { id: other.profileId, name: 'mine' },
    ],
    [
      'mutation ($input: ArchiveProfileInput!) { payload: archiveProfile(input: $input) { profile { id } userErrors { code } } }',
      { id: other.profileId },
    ],
    [
      'mutation ($input: BindProfileInput!) { payload: bindProfile(input: $input) { profile { id } userErrors { code } } }',
      { profileId: other.profileId, provider: 'bfl', finetuneId: 'mine' },
    ],
    [
      'mutation ($input: UnbindProfileInput!) { payload: unbindProfile(input: $input) { profile { id } userErrors { code } } }',
      { profileId: other.profileId, provider: 'bfl' },
    ],
  ] as const) {
    const answer = await own.api.send(document, { input });
    expect(answer.data).toEqual({ payload: { profile: null, userErrors: [{ code: 'NOT_FOUND' }] } });
  }
  const [row] = await darkroom.sql('select name, archived_at from profile where id = $1', other.profileId.slice(4));
  expect(row).toEqual({ name: 'Own', archived_at: null });

  // Where a generation of one's own names something of another project, that is left out.
  const shown = await own.api.send('query ($id: ID!) { generation(id: $id) { profile { id } } }', { id: ids[5] });
  expect(shown.data).toEqual({ generation: { profile: null } });
});

it('ends a subscription to another project’s generation with an error', async () => {
  const inbox = own.api.subscribe(z.unknown(), 'subscription ($id: ID!) { generationChanged(id: $id) { id } }', {
    id: foreign,
  });
  await expect(inbox.ended).rejects.toThrow('NOT_FOUND');
});

it('says who is asking', async () => {
  const { data } = await own.api.send('{ viewer { keyName project { id slug name } } }');
  expect(data).toEqual({
    viewer: { keyName: 'key', project: { id: `prj_${own.projectId}`, slug: 'own', name: 'own' } },
  });
});
