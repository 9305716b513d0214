import * as fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { attemptStates, generationStatuses, type AttemptState } from '../../src/domain/lifecycle.js';
import { percentilesOf, sketchError } from '../../src/domain/sketch.js';
import type { UsageDimension, UsageRow } from '../../src/domain/usage.js';
import { noteUsage } from '../../src/store/usage-roll.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';
import {
  cellsOf,
  question,
  rawUsage,
  settleUsage,
  writeAttempt,
  writePicture,
  writeUsage,
  type Ask,
  type PastUsage,
} from '../support/usage.js';

let bench: LedgerBench;
const sql: Ask = async (text, ...values) => await bench.sql(text, ...values);
let projects: string[];

beforeAll(async () => {
  bench = await openLedger();
  projects = [bench.projectId, await bench.addProject('second')];
  await sql(
    "insert into usage_zone (zone, built_from) values ('Europe/Berlin', 'infinity'), ('Asia/Kathmandu', 'infinity')",
  );
});

afterAll(async () => {
  await bench.stop();
});

beforeEach(async () => {
  for (const table of ['generation', 'attempt', 'generation_image']) await sql(`delete from ${table}`);
  await settleUsage(bench.store);
});

/** Around the end of summer time in Berlin. */
const start = Date.parse('2026-10-23T20:00:00Z');
const from = new Date('2026-10-20T00:00:00Z');
const to = new Date('2026-11-01T00:00:00Z');
const zones = ['UTC', 'Europe/Berlin', 'Asia/Kathmandu', 'America/St_Johns'];

const micros = fc.option(fc.integer({ min: 0, max: 100_000 }), { freq: 2 });
const attempt = fc.record({ state: fc.constantFrom(...attemptStates), looks: fc.integer({ min: 0, max: 40 }) });
const past: fc.Arbitrary<PastUsage> = fc.record({
  projectId: fc.nat({ max: 1 }).map((n) => projects[n] ?? ''),
  profile: fc.nat({ max: 3 }),
  at: fc.integer({ min: 0, max: 96 * 60 }).map((minutes) => new Date(start + minutes * 60_000)),
  status: fc.constantFrom(...generationStatuses),
  queuedMs: fc.option(fc.integer({ min: 0, max: 600_000 })),
  runMs: fc.integer({ min: 0, max: 120_000 }),
  settledMicros: micros,
  estimatedMicros: micros,
  attempts: fc.array(attempt, { maxLength: 3 }),
  images: fc.nat({ max: 2 }),
  tags: fc.subarray(['red', 'blue', 'green']),
});

const pick = fc.nat({ max: 1_000 });
type Step =
  | { kind: 'accept'; past: PastUsage }
  | { kind: 'settle'; pick: number; micros: number }
  | { kind: 'cancel' | 'erase' | 'picture' | 'unpicture' | 'route' | 'send'; pick: number }
  | { kind: 'retry'; pick: number; attempt: { state: AttemptState; looks: number } }
  | { kind: 'look'; pick: number; looks: number }
  | { kind: 'count' | 'countTwice' | 'killed' };
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: past.map((each) => ({ kind: 'accept' as const, past: each })) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('settle' as const), pick, micros: fc.nat({ max: 90_000 }) }) },
  {
    weight: 8,
    arbitrary: fc.record({ kind: fc.constantFrom('cancel', 'erase', 'picture', 'unpicture', 'route', 'send'), pick }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('retry' as const), pick, attempt }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('look' as const), pick, looks: fc.nat({ max: 99 }) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('count', 'countTwice', 'killed') }) },
);

async function take(each: Step, ids: { id: string; projectId: string }[]): Promise<void> {
  const { store } = bench;
  if (each.kind === 'accept') {
    ids.push({ id: await writeUsage(sql, each.past), projectId: each.past.projectId });
    return;
  }
  if (each.kind === 'count') return void (await store.usage.catchUp());
  if (each.kind === 'countTwice') return void (await Promise.all([store.usage.catchUp(), store.usage.catchUp()]));
  if (each.kind === 'killed') return await dieWhileCounting();
  if (!('pick' in each)) return;
  const chosen = ids[each.pick % Math.max(1, ids.length)];
  if (chosen === undefined) return;
  const { id, projectId } = chosen;
  switch (each.kind) {
    case 'settle':
      await sql(
        'update generation set cost_settled_micros = coalesce(cost_settled_micros, 0) + $2::bigint where id = $1::uuid',
        id,
        each.micros,
      );
      break;
    case 'cancel':
      await sql(
        "update generation set status = 'CANCELED', finished_at = created_at, moderation_stage = null where id = $1::uuid",
        id,
      );
      break;
    case 'route':
      await sql("update generation set provider = 'fal', model = 'fal/x', account = 'fal' where id = $1::uuid", id);
      break;
    case 'erase':
      ids.splice(each.pick % ids.length, 1);
      await sql('delete from generation_image where generation_id = $1::uuid', id);
      await sql('delete from attempt where generation_id = $1::uuid', id);
      await sql('delete from generation where id = $1::uuid', id);
      break;
    case 'picture':
      await writePicture(sql, id, projectId, 5 + each.pick);
      break;
    case 'unpicture':
      await sql(
        'delete from image where id in (select image_id from generation_image where generation_id = $1::uuid)',
        id,
      );
      break;
    case 'retry':
      await writeAttempt(sql, id, projectId, 7, each.attempt);
      break;
    case 'send':
      await sql(
        "update attempt set state = 'SENT' where generation_id = $1::uuid and state in ('INTENDED', 'ACCEPTED')",
        id,
      );
      break;
    case 'look':
      await sql(
        `update attempt set looks = $2, state = 'DONE', finished_at = now() where generation_id = $1::uuid and n = 1`,
        id,
        each.looks,
      );
      break;
  }
}

/** A process whose connection ends between counting and committing. */
async function dieWhileCounting(): Promise<void> {
  const other = bench.connect(1);
  await expect(
    other.transaction(async (tx) => {
      await tx.$executeRaw`delete from usage_change`;
      await tx.$executeRaw`delete from usage_cell`;
      await tx.$executeRaw`select pg_terminate_backend(pg_backend_pid())`;
    }),
  ).rejects.toThrow(/connection|terminat/i);
}

function near(sketch: UsageRow['queue'], sorted: readonly number[] | null): void {
  const found = percentilesOf(sketch);
  expect(found?.count ?? 0).toBe(sorted?.length ?? 0);
  if (found === null || sorted === null) return;
  for (const [quantile, ms] of [
    [0.5, found.p50Ms],
    [0.95, found.p95Ms],
    [0.99, found.p99Ms],
  ] as const) {
    const exact = sorted[Math.floor(quantile * (sorted.length - 1))] ?? 0;
    expect(Math.abs(ms - exact)).toBeLessThanOrEqual(exact * sketchError + 0.5);
  }
}

async function compare(zone: string, unit: 'DAY' | 'WEEK' | 'MONTH'): Promise<void> {
  for (const projectId of projects) {
    const asked = question({ dimensions: ['PROFILE', 'STATUS', 'ERROR'], unit, timeZone: zone, from, to });
    const { rows } = await bench.store.usage.read(projectId, asked);
    const raw = await rawUsage(sql, projectId, zone, unit.toLowerCase());
    const text = (row: unknown[]): string => JSON.stringify(row);
    const found = new Map(
      rows.map((row) => [text([row.start?.getTime(), row.profileId, row.status, row.errorCode]), row] as const),
    );
    expect(found.size).toBe(raw.length);
    for (const row of raw) {
      const mine = found.get(text([row['start'], row['profile'], row['status'], row['error']]));
      expect({
        generations: mine?.generations,
        images: mine?.images,
        bytes: mine?.imageBytes,
        looks: mine?.looks,
        settled: mine?.settledMicros,
        known: mine?.settledKnown,
        estimated: mine?.estimatedMicros,
        unknown: mine?.settledUnknown,
        before: mine?.moderatedInput,
      }).toEqual({
        generations: row['generations'],
        images: row['images'],
        bytes: row['bytes'],
        looks: row['looks'],
        settled: row['settled'],
        known: row['known'],
        estimated: row['estimated'],
        unknown: row['unknown'],
        before: row['before'],
      });
      if (mine === undefined) continue;
      near(mine.queue, row['queued'] as number[] | null);
      near(mine.run, row['ran'] as number[] | null);
    }
  }
}

const total = (counts: readonly number[]): number => counts.reduce((sum, count) => sum + count, 0);

/** The figures of rows that belong together, in a form to be compared. */
function fold(rows: readonly UsageRow[], keys: readonly ('profileId' | 'model')[]): Record<string, number[]> {
  const sums: Record<string, number[]> = {};
  for (const row of rows) {
    const key = JSON.stringify([row.start, ...keys.map((name) => row[name])]);
    const { generations, live, succeeded, moderated, failed, expired, canceled, looks, settledMicros, images } = row;
    const outcome = [live, succeeded, moderated, failed, expired, canceled];
    const figures = [
      generations,
      ...outcome,
      looks,
      settledMicros,
      images,
      total(row.queue.counts),
      total(row.run.counts),
    ];
    sums[key] = figures.map((figure, i) => figure + (sums[key]?.[i] ?? 0));
  }
  return sums;
}

/** Days are kept at several levels: all must say the same. */
async function compareLevels(timeZone: string): Promise<void> {
  const read = async (dimensions: UsageDimension[]): Promise<UsageRow[]> =>
    (await bench.store.usage.read(bench.projectId, question({ dimensions, unit: 'DAY', timeZone, from, to }))).rows;
  const every = await read(['PROFILE', 'MODEL', 'STATUS']);
  expect(fold(await read([]), [])).toEqual(fold(every, []));
  expect(fold(await read(['PROFILE']), ['profileId'])).toEqual(fold(every, ['profileId']));
  expect(fold(await read(['MODEL']), ['model'])).toEqual(fold(every, ['model']));
}

it('says what the ledger says, whatever happened, and so does a rebuild', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(past, { minLength: 8, maxLength: 16 }),
      fc.array(step, { minLength: 20, maxLength: 80 }),
      async (pasts, steps) => {
        const ids: { id: string; projectId: string }[] = [];
        for (const each of pasts) await take({ kind: 'accept', past: each }, ids);
        await settleUsage(bench.store);
        for (const each of steps) await take(each, ids);
        await settleUsage(bench.store);
        for (const zone of zones) await compare(zone, 'DAY');
        for (const zone of zones) await compareLevels(zone);
        await compare('Europe/Berlin', 'WEEK');
        await compare('Asia/Kathmandu', 'MONTH');
        const before = await cellsOf(sql);
        await sql('delete from usage_day');
        await noteUsage(bench.store.database);
        await settleUsage(bench.store);
        expect(await cellsOf(sql)).toBe(before);
      },
    ),
    { seed: 20_261_121, numRuns: 12, endOnFailure: true },
  );
});
