import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newId } from '../../src/domain/ids.js';
import { rankedAtMost, type ListFilter, type ListOrder, type ListQuery, type Place } from '../../src/domain/listing.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';
import { writeLongHistory } from '../support/long-history.js';

const count = 600;
const profileId = newId();
let bench: LedgerBench;
let otherProjectId: string;
let all: Known[];

/** What a list is checked against, worked out here and not by the statements under test. */
type Known = {
  id: string;
  status: string;
  control: string;
  provider: string;
  model: string;
  profile: string;
  code: string | null;
  tags: string[];
  seed: number;
  rating: number | null;
  favourite: boolean;
  cost: number;
  ended: boolean;
  runMs: number;
  prompt: string;
};

beforeAll(async () => {
  bench = await openLedger();
  otherProjectId = await bench.addProject('other');
  await writeLongHistory(bench, { count, otherProjectId, profileId });
  const rows = await bench.sql(
    `select id::text, status::text, control::text, provider, model, profile_id::text as profile, error_code as code,
       coalesce(tags, '{}') as tags, result_seed::integer as seed, rating::integer, favourite,
       cost_estimated_micros::integer as cost, finished_at is not null as ended, prompt,
       round(extract(epoch from finished_at - started_at) * 1000)::integer as "runMs"
     from generation where project_id = $1::uuid order by id desc`,
    bench.projectId,
  );
  all = rows as Known[];
});

afterAll(async () => {
  await bench.stop();
});

const ask = (filter: ListFilter, orderBy: ListOrder = 'NEWEST', search: string | null = null): ListQuery => ({
  filter,
  orderBy,
  search,
});

/** Nothing but the id is read. */
const none = new Set<never>();

/** The ids of the whole list, read page by page. */
async function read(query: ListQuery, options: { backwards?: boolean; size?: number } = {}): Promise<string[]> {
  const { backwards = false, size = 101 } = options;
  const pages: string[][] = [];
  let place: Place | null = null;
  for (;;) {
    const { rows } = await bench.store.history.listBriefly(
      bench.projectId,
      query,
      { limit: size, place, backwards },
      none,
    );
    pages.push(rows.map(({ row }) => row.id));
    if (rows.length < size) return (backwards ? pages.toReversed() : pages).flat();
    place = (backwards ? rows[0] : rows.at(-1))?.place ?? null;
  }
}

const by = (value: (each: Known) => number, up: boolean) => (one: Known, two: Known) =>
  (value(one) - value(two) || (one.id < two.id ? -1 : 1)) * (up ? 1 : -1);

const filters: readonly [what: string, ListFilter, (each: Known) => boolean][] = [
  ['nothing', {}, () => true],
  ['a status', { status: ['FAILED'] }, (each) => each.status === 'FAILED'],
  ['statuses', { status: ['QUEUED', 'MODERATED'] }, (each) => ['QUEUED', 'MODERATED'].includes(each.status)],
  ['no status', { status: [] }, () => false],
  ['a profile', { profileId }, (each) => each.profile === profileId],
  ['a control kind', { control: ['CANNY'] }, (each) => each.control === 'CANNY'],
  ['control kinds', { control: ['FILL', 'CANNY'] }, (each) => each.control !== 'NONE'],
  ['a provider', { provider: ['fal', 'comfyui'] }, (each) => each.provider !== 'bfl'],
  ['models', { model: ['fal/flux', 'fal/flux'] }, (each) => each.model === 'fal/flux'],
  ['an error', { errorCode: ['PROVIDER_LOST'] }, (each) => each.code === 'PROVIDER_LOST'],
  ['a tag', { anyTag: ['batch 3'] }, (each) => each.tags.includes('batch 3')],
  ['tags', { anyTag: ['batch 3', 'old'] }, (each) => each.tags.length > 0],
  ['all of some tags', { allTags: ['batch 3', 'old'] }, (each) => each.tags.includes('batch 3')],
  ['a seed', { seed: 7 * 398 }, (each) => each.seed === 7 * 398],
  ['a seed of what is queued', { seed: 7 * 600 }, (each) => each.seed === 7 * 600],
  ['ratings', { rating: { from: 2, to: 4 } }, ({ rating }) => rating !== null && rating >= 2 && rating <= 4],
  ['favourites', { favourite: true }, (each) => each.favourite],
  ['no favourites', { favourite: false }, (each) => !each.favourite],
  ['a picture', { hasImage: true }, (each) => each.status === 'SUCCEEDED'],
  ['no picture', { hasImage: false }, (each) => each.status !== 'SUCCEEDED'],
  ['a cost', { costMicros: { from: 500, to: 50_000 } }, ({ cost }) => cost >= 500 && cost <= 50_000],
  ['a run time', { runMs: { to: 9_000 } }, (each) => each.ended && each.runMs <= 9_000],
  ['a whole time', { totalMs: { from: 9_000 } }, (each) => each.ended && each.runMs + 1_000 >= 9_000],
  [
    'many things',
    { status: ['SUCCEEDED'], control: ['CANNY'], provider: ['bfl'], costMicros: { from: 1 }, favourite: false },
    (each) => each.status === 'SUCCEEDED' && each.control === 'CANNY' && each.provider === 'bfl' && !each.favourite,
  ],
];

const orders: readonly [ListOrder, has: (each: Known) => boolean, (one: Known, two: Known) => number][] = [
  ['NEWEST', () => true, by(() => 0, false)],
  ['OLDEST', () => true, by(() => 0, true)],
  ['COSTLIEST', (each) => each.ended, by((each) => each.cost, false)],
  ['CHEAPEST', (each) => each.ended, by((each) => each.cost, true)],
  ['SLOWEST', (each) => each.ended, by((each) => each.runMs, false)],
  ['FASTEST', (each) => each.ended, by((each) => each.runMs, true)],
  ['BEST_RATED', (each) => each.rating !== null, by((each) => each.rating ?? 0, false)],
];

describe.each(orders)('in the order %s', (orderBy, has, compare) => {
  it.each(filters)('lists by %s, the same read forwards and backwards', async (_what, filter, matches) => {
    const expected = all.filter((each) => has(each) && matches(each)).toSorted(compare);
    const ids = expected.map(({ id }) => id);
    expect(await read(ask(filter, orderBy), { size: 53 })).toEqual(ids);
    expect(await read(ask(filter, orderBy), { backwards: true })).toEqual(ids);
    expect(await bench.store.history.count(bench.projectId, ask(filter, orderBy))).toEqual({
      value: ids.length,
      exact: true,
    });
  });
});

it.each([
  ['copper', (prompt: string) => prompt.includes('copper')],
  ['CAFE Creme', (prompt: string) => prompt.includes('Café')],
  ['café', (prompt: string) => prompt.includes('Café')],
  ['lanterns', (prompt: string) => prompt.includes('lantern')],
  ['"teapot of clay"', (prompt: string) => prompt.includes('teapot of clay')],
  ['jar or teapot', (prompt: string) => /jar|teapot/.test(prompt)],
  ['glass -bottle', (prompt: string) => prompt.includes('glass') && !prompt.includes('bottle')],
  ['nothing like it', () => false],
  ["'); drop table generation; --", () => false],
  ['((((a|b)*)*)*)$', () => false],
])('finds %s', async (search, matches) => {
  const found = all.filter(({ prompt }) => matches(prompt)).map(({ id }) => id);
  expect(await read(ask({}, 'NEWEST', search))).toEqual(found);
  expect(await read(ask({}, 'OLDEST', search), { backwards: true })).toEqual(found.toReversed());
  const relevant = await read(ask({}, 'RELEVANCE', search), { size: 40 });
  expect(relevant.toSorted()).toEqual(found.slice(0, rankedAtMost).toSorted());
  expect(await read(ask({}, 'RELEVANCE', search), { size: 40, backwards: true })).toEqual(relevant);
});

it('searches within a filter', async () => {
  const found = all.filter(({ prompt, status }) => prompt.includes('clay') && status === 'FAILED').map(({ id }) => id);
  expect(found.length).toBeGreaterThan(3);
  expect(await read(ask({ status: ['FAILED'] }, 'NEWEST', 'clay'))).toEqual(found);
});

it('puts what matches better first, and keeps its pages when something is added meanwhile', async () => {
  const [id = ''] = await bench.accept(1, { prompt: 'copper copper copper' });
  expect(await bench.store.indexPrompts()).toBe(1);
  const query = ask({}, 'RELEVANCE', 'copper');
  const first = await bench.store.history.listBriefly(
    bench.projectId,
    query,
    {
      limit: 11,
      place: null,
      backwards: false,
    },
    none,
  );
  expect(first.rows[0]?.row.id).toBe(id);
  const place = first.rows.at(-1)?.place ?? null;
  const next = async (): Promise<string[]> =>
    (
      await bench.store.history.listBriefly(bench.projectId, query, { limit: 11, place, backwards: false }, none)
    ).rows.map(({ row }) => row.id);
  const before = await next();
  await bench.accept(1, { prompt: 'copper copper copper copper' });
  expect(await bench.store.indexPrompts()).toBe(1);
  expect(await next()).toEqual(before);
});

it('refuses a search without a word to look for', async () => {
  await expect(read(ask({}, 'NEWEST', 'the of'))).rejects.toMatchObject({ code: 'BAD_REQUEST' });
});

it('stops a list that no index answers, and says what to narrow', async () => {
  const held = bench.connect(1);
  await held.transaction(async (tx) => {
    await tx.$executeRaw`lock table generation in access exclusive mode`;
    const asked = read(ask({ control: ['CANNY'], status: ['FAILED'] }));
    await expect(asked).rejects.toMatchObject({
      code: 'QUERY_TIMEOUT',
      message: expect.stringContaining('give filter.createdFrom'),
    });
  });
});
