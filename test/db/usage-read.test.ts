import { afterAll, beforeAll, expect, it } from 'vitest';
import { attemptMove, generationMove } from '../../src/domain/change.js';
import { newId } from '../../src/domain/ids.js';
import type { UsageQuestion, UsageRow } from '../../src/domain/usage.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';
import { question, settleUsage, writeUsage, type Ask, type PastUsage } from '../support/usage.js';
import { idAt } from '../unit/fakes.js';

let bench: LedgerBench;
const sql: Ask = async (text, ...values) => await bench.sql(text, ...values);

beforeAll(async () => {
  bench = await openLedger();
});

afterAll(async () => {
  await bench.stop();
});

const usual: Omit<PastUsage, 'projectId' | 'at'> = {
  profile: 1,
  status: 'SUCCEEDED',
  queuedMs: 1_000,
  runMs: 9_000,
  settledMicros: 60_000,
  estimatedMicros: 50_000,
  attempts: [{ state: 'DONE', looks: 5 }],
  images: 1,
  tags: [],
};

/** Generations of a project of their own, counted. */
async function given(
  slug: string,
  rows: readonly (Omit<Partial<PastUsage>, 'at'> & { at: string })[],
): Promise<string> {
  const projectId = await bench.addProject(slug);
  for (const { at, ...row } of rows.map((each) => ({ ...each, at: new Date(each.at) }))) {
    await writeUsage(sql, { ...usual, projectId, ...row, at });
  }
  await settleUsage(bench.store);
  return projectId;
}

async function ask(projectId: string, details: Partial<UsageQuestion>): Promise<UsageRow[]> {
  const range = { from: new Date('2026-10-01T00:00:00Z'), to: new Date('2026-11-10T00:00:00Z') };
  return (await bench.store.usage.read(projectId, question({ ...range, ...details }))).rows;
}

const startsOf = (rows: readonly UsageRow[]): (string | undefined)[] => rows.map(({ start }) => start?.toISOString());

it('tells the two hours apart that have one name as clocks go back', async () => {
  const moments = ['2026-10-25T00:20:00Z', '2026-10-25T00:40:00Z', '2026-10-25T01:20:00Z', '2026-10-25T02:05:00Z'];
  const project = await given(
    'clocks',
    moments.map((at) => ({ at })),
  );
  const rows = await ask(project, { unit: 'HOUR', timeZone: 'Europe/Berlin' });
  expect(startsOf(rows)).toEqual(['2026-10-25T00:00:00.000Z', '2026-10-25T01:00:00.000Z', '2026-10-25T02:00:00.000Z']);
  expect(rows.map(({ generations }) => generations)).toEqual([2, 1, 1]);
  const [day] = await ask(project, { unit: 'DAY', timeZone: 'Europe/Berlin' });
  expect([day?.start?.toISOString(), day?.end?.toISOString()]).toEqual([
    '2026-10-24T22:00:00.000Z',
    '2026-10-25T23:00:00.000Z',
  ]);
});

it('begins hours and days where those do whose clocks are 45 minutes off', async () => {
  const project = await given('kathmandu', [{ at: '2026-10-10T18:14:59Z' }, { at: '2026-10-10T18:15:00Z' }]);
  const hours = await ask(project, { unit: 'HOUR', timeZone: 'Asia/Kathmandu' });
  expect(startsOf(hours)).toEqual(['2026-10-10T17:15:00.000Z', '2026-10-10T18:15:00.000Z']);
  const days = await ask(project, { unit: 'DAY', timeZone: 'Asia/Kathmandu' });
  expect(startsOf(days)).toEqual(['2026-10-09T18:15:00.000Z', '2026-10-10T18:15:00.000Z']);
});

it('counts a generation for each of its tags, and only those that match', async () => {
  const at = '2026-10-12T10:00:00Z';
  const project = await given('tags', [
    { at, tags: ['red', 'blue'], profile: 1 },
    { at, tags: ['red'], profile: 2, status: 'FAILED', images: 0 },
    { at, tags: [], profile: 3 },
  ]);
  const rows = await ask(project, { dimensions: ['TAG'] });
  expect(rows.map(({ tag, generations, images }) => [tag, generations, images])).toEqual([
    ['red', 2, 1],
    ['blue', 1, 1],
    [null, 1, 1],
  ]);
  expect(await ask(project, { filter: { tag: ['red'] } })).toMatchObject([{ generations: 2, failed: 1 }]);
  expect(await ask(project, { filter: { profileId: [idAt(2)] } })).toMatchObject([{ generations: 1, failed: 1 }]);
  expect(await ask(project, { filter: { status: ['SUCCEEDED'], model: ['bfl/1'] } })).toMatchObject([
    { generations: 2, succeeded: 2 },
  ]);
  expect(await ask(project, { filter: { provider: ['fal'] } })).toEqual([]);
});

it('takes the days of a new time zone from the quarters until they are made, and says the same', async () => {
  const project = await given('zones', [
    { at: '2026-10-02T14:50:00Z' },
    { at: '2026-11-02T15:10:00Z', queuedMs: null },
  ]);
  const asked = { unit: 'DAY', timeZone: 'Asia/Tokyo', dimensions: ['STATUS'] } as const;
  const before = await ask(project, asked);
  expect(before).toHaveLength(2);
  const zone = async (): Promise<unknown> =>
    (await sql("select built_from::text as built from usage_zone where zone = 'Asia/Tokyo'"))[0]?.['built'];
  expect(await zone()).toBe('infinity');
  await bench.store.usage.catchUp();
  expect(await zone()).toMatch(/^2026-/);
  expect(await ask(project, asked)).toEqual(before);
  await settleUsage(bench.store);
  expect(await zone()).toBe('-infinity');
  expect(await ask(project, asked)).toEqual(before);
});

it('adds what a late attempt cost to the hour of its generation, and says until when all is counted', async () => {
  const { store } = bench;
  const projectId = await bench.addProject('late');
  const [id = ''] = await bench.accept(1, { projectId, account: 'late' });
  const [instanceId, now] = [newId(), Date.now()];
  await store.worklist.admit({ account: 'late', instanceId, limit: 1, atMost: 1 });
  const move = async (
    change: Pick<Parameters<typeof store.ledger.change>[0], 'attempt' | 'generation'>,
  ): Promise<void> => void (await store.ledger.change({ generationId: id, ...change }));
  await move({ attempt: null, generation: generationMove('CANCELED') });
  const recently = { from: new Date(now - 3_600_000), to: new Date(now + 3_600_000) };
  const read = async () => await store.usage.read(projectId, question({ ...recently, dimensions: ['STATUS'] }));
  await settleUsage(store);
  expect((await read()).rows).toMatchObject([{ canceled: 1, settledUnknown: 0 }]);
  await move({ attempt: attemptMove(1, instanceId, 'SENT'), generation: null });
  await settleUsage(store);
  expect((await read()).rows).toMatchObject([
    { canceled: 1, settledMicros: 0, settledKnown: 0, settledUnknown: 1, looks: 0 },
  ]);

  await move({ attempt: attemptMove(1, instanceId, 'DONE', { settledMicros: 70_000, looks: 9 }), generation: null });
  const behind = await read();
  expect(behind.rows).toMatchObject([{ settledUnknown: 1 }]);
  const [note] = await sql('select min(at) as at from usage_change');
  expect(behind.asOf).toEqual(note?.['at']);
  await settleUsage(store);
  const counted = await read();
  expect(counted.rows).toMatchObject([
    { canceled: 1, settledMicros: 70_000, settledKnown: 1, settledUnknown: 0, looks: 9 },
  ]);
  expect(counted.asOf.getTime()).toBeGreaterThan(behind.asOf.getTime());
});
