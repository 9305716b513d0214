import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { newId } from '../../src/domain/ids.js';
import { planOf, type ListFilter, type ListOrder, type ListQuery, type Place } from '../../src/domain/listing.js';
import { Prisma } from '../../src/store/generated/client.js';
import { pagesSql } from '../../src/store/generation-page.js';
import { listedColumns } from '../../src/store/listed-columns.js';
import { listSql } from '../../src/store/list.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';
import { writeLongHistory } from '../support/long-history.js';

const count = 50_000;
const page = 21;
const profileId = newId();
let bench: LedgerBench;

beforeAll(async () => {
  bench = await openLedger();
  await writeLongHistory(bench, { count, otherProjectId: await bench.addProject('other'), profileId });
});

afterAll(async () => {
  await bench.stop();
});

type Step = {
  'Node Type': string;
  'Relation Name'?: string | undefined;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number | undefined;
  Plans?: Step[] | undefined;
};
const stepSchema: z.ZodType<Step> = z.lazy(() =>
  z.looseObject({
    'Node Type': z.string(),
    'Relation Name': z.string().optional(),
    'Actual Rows': z.number(),
    'Actual Loops': z.number(),
    'Rows Removed by Filter': z.number().optional(),
    Plans: z.array(stepSchema).optional(),
  }),
);
const answerSchema = z.tuple([z.object({ 'QUERY PLAN': z.tuple([z.looseObject({ Plan: stepSchema })]) })]);

function stepsOf(step: Step): Step[] {
  return [step, ...(step.Plans ?? []).flatMap(stepsOf)];
}

/** What the database did for a list. */
async function stepsFor(query: ListQuery, place: Place | null, backwards = false): Promise<Step[]> {
  const sql = listSql(listedColumns, bench.projectId, query, { limit: page, place, backwards });
  const answer = await bench.store.database.prisma.$queryRaw(
    Prisma.sql`/* planned anew */ explain (analyze, format json) ${sql}`,
  );
  return stepsOf(answerSchema.parse(answer)[0]['QUERY PLAN'][0].Plan);
}

/** Rows looked at in tables, and the longest sort. */
function effort(steps: Step[]): { read: number; sorted: number; whole: string[] } {
  const scans = steps.filter((step) => step['Relation Name'] !== undefined);
  const rowsOf = (step: Step): number =>
    (step['Actual Rows'] + (step['Rows Removed by Filter'] ?? 0)) * step['Actual Loops'];
  return {
    read: scans.reduce((sum, step) => sum + rowsOf(step), 0),
    sorted: Math.max(0, ...steps.filter((step) => step['Node Type'].includes('Sort')).map(rowsOf)),
    // Months without any row may be read whole.
    whole: scans.flatMap((step) =>
      step['Node Type'] === 'Seq Scan' && rowsOf(step) > 0 ? [step['Relation Name'] ?? ''] : [],
    ),
  };
}

const ask = (filter: ListFilter, orderBy: ListOrder = 'NEWEST'): ListQuery => ({ filter, search: null, orderBy });
const monthAgo = new Date(Date.now() - 60 * 86_400_000);

/** Every condition and order that docs/history.md calls fast, with how many values it brings together. */
const fast: readonly [what: string, ListQuery, values: number][] = [
  ['nothing', ask({}), 1],
  ['a span of time', ask({ createdFrom: monthAgo, createdTo: new Date(monthAgo.getTime() + 86_400_000) }), 1],
  ['a seed', ask({ seed: 7 * 20_001 }), 1],
  ['a person', ask({ subject: 'person 5' }), 1],
  ['favourites', ask({ favourite: true }), 1],
  ['a rating', ask({ rating: { from: 5 } }), 1],
  ['ratings', ask({ rating: { from: 2, to: 4 } }), 3],
  ['an error', ask({ errorCode: ['PROVIDER_LOST'] }), 1],
  ['a tag', ask({ anyTag: ['old'] }), 1],
  ['tags', ask({ anyTag: ['old', 'batch 1', 'none'] }), 3],
  ['the one of all tags', ask({ allTags: ['batch 2'] }), 1],
  ['a profile', ask({ profileId }), 1],
  ['a status', ask({ status: ['FAILED'] }), 1],
  ['statuses', ask({ status: ['FAILED', 'MODERATED', 'RUNNING'] }), 3],
  ['a picture', ask({ hasImage: true }), 1],
  ['a model that was given up long ago', ask({ model: ['comfyui/old'] }), 1],
  ['models', ask({ model: ['comfyui/old', 'fal/flux'] }), 2],
  ['a provider that was given up long ago', ask({ provider: ['comfyui'] }), 1],
  ['a control kind that was given up long ago', ask({ control: ['FILL'] }), 1],
  ['control kinds', ask({ control: ['FILL', 'CANNY'] }), 2],
  ['a cost, the dearest first', ask({ costMicros: { from: 10, to: 90_000 } }, 'COSTLIEST'), 1],
  ['a run time, the longest first', ask({ runMs: { from: 2_000 } }, 'SLOWEST'), 1],
  ['nothing, the best rated first', ask({}, 'BEST_RATED'), 1],
];

describe.each([false, true])('read backwards: %s', (backwards) => {
  it.each(fast)('a list by %s reads a page and no more', async (_what, query, values) => {
    expect(planOf(query).bounded).toBe(false);
    const { read, sorted, whole } = effort(await stepsFor(query, null, backwards));
    expect(whole).toEqual([]);
    // Each value's page is found, a row ahead in every month, and the page's rows are fetched; what is queued is looked at.
    expect(read).toBeLessThanOrEqual(page * values + page + 20 + 12);
    expect(sorted).toBeLessThanOrEqual(page * (values + 1));
  });
});

it('reads pages asked for at once, and nothing of others for a project without generations', async () => {
  const window = { first: page, after: null };
  for (const projectIds of [[bench.projectId], [newId()], [bench.projectId, newId(), bench.projectId]]) {
    const asked = projectIds.map((projectId) => ({ projectId, window }));
    const steps = await bench.store.database.transaction(async (tx) => {
      // As it is planned once it has been asked a few times.
      await tx.$executeRaw`set local plan_cache_mode = force_generic_plan`;
      const sql = pagesSql(listedColumns, page, asked);
      return stepsOf(
        answerSchema.parse(await tx.$queryRaw(Prisma.sql`explain (analyze, format json) ${sql}`))[0]['QUERY PLAN'][0]
          .Plan,
      );
    });
    const pages = projectIds.filter((id) => id === bench.projectId).length;
    const { read, whole } = effort(steps);
    expect(whole).toEqual([]);
    // A row ahead in every month.
    expect(read).toBeLessThanOrEqual(pages * (page + 12));
  }
});

it('estimates how long a long list is, and counts a short one', async () => {
  const whole = await bench.store.history.count(bench.projectId, ask({}));
  expect(whole.exact).toBe(false);
  expect(Math.abs(whole.value - count * 0.9)).toBeLessThan(count * 0.1);
  const [row] = await bench.sql(
    "select count(*)::integer as n from generation where project_id = $1::uuid and status = 'FAILED'",
    bench.projectId,
  );
  expect(await bench.store.history.count(bench.projectId, ask({ status: ['FAILED'] }))).toEqual({
    value: row?.['n'],
    exact: true,
  });
});

it('goes on from a place in the middle as cheaply as it begins', async () => {
  const [row] = await bench.sql(
    'select id::text from generation where project_id = $1::uuid order by id offset 15000 limit 1',
    bench.projectId,
  );
  for (const [, query, values] of fast) {
    const value = { COSTLIEST: '50000', SLOWEST: '15000000', BEST_RATED: '3' }[query.orderBy as string] ?? null;
    const { read, whole } = effort(await stepsFor(query, { id: String(row?.['id']), value, newest: null }));
    expect([query, whole]).toEqual([query, []]);
    expect(read).toBeLessThanOrEqual(page * values + page + 20 + 12);
  }
});
