import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lowestIdAt } from '../../src/domain/ids.js';
import { createKeepingWork } from '../../src/store/keeping-work.js';
import { ensurePartitions } from '../../src/store/partitions.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';
import { hashOfName, removals, writeGeneration } from '../support/past.js';
import { settleUsage } from '../support/usage.js';

let bench: LedgerBench;
const sql: LedgerBench['sql'] = async (text, ...values) => await bench.sql(text, ...values);

const now = new Date();
const month = (back: number, day = 10): Date =>
  new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, day, 12));
const firstOf = (back: number): Date => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1));

beforeEach(async () => {
  bench = await openLedger();
  await ensurePartitions(bench.store.database, month(4), now);
});

afterEach(async () => await bench.stop());

async function tablesOf(back: number): Promise<string[]> {
  const at = firstOf(back);
  const name = `y${at.getUTCFullYear()}m${String(at.getUTCMonth() + 1).padStart(2, '0')}`;
  const rows = await bench.sql(
    "select relname::text as name from pg_class where relkind = 'r' and relname like '%' || $1",
    name,
  );
  return rows.map((row) => String(row['name']).replace(`_${name}`, '')).sort();
}

const all = ['attempt', 'generation', 'generation_event', 'generation_image', 'generation_tag', 'generation_text'];

it('drops the events of a month before the rest, the images that nobody uses any more, and keeps what was counted', async () => {
  const { store, projectId } = bench;
  await writeGeneration(sql, { projectId, at: month(3), control: 'shared', result: 'old' });
  await writeGeneration(sql, { projectId, at: month(0, 1), control: 'shared', result: 'young' });
  await settleUsage(store);
  const counted = await sql(
    'select coalesce(sum(generations), 0)::int as n, sum(images)::int as images from usage_day where level = 3',
  );
  expect(counted).toEqual([{ n: 2, images: 2 }]);

  while (((await store.events.number()) ?? 0) > 0);
  expect(await store.eventLog.since(projectId, 1, 100)).toMatchObject({ last: 6, gone: false });
  expect(await store.keepingWork.dropMonths({ eventsBefore: firstOf(2), before: null, now })).toEqual([
    expect.stringMatching(/^generation_event_y/),
    expect.stringMatching(/^generation_event_y/),
    expect.stringMatching(/^generation_event_y/),
  ]);
  expect(await tablesOf(3)).toEqual(all.filter((name) => name !== 'generation_event'));
  // Whoever read as far as that is told to begin anew, and whoever read on misses nothing.
  expect(await store.eventLog.since(projectId, 1, 100)).toMatchObject({ last: 6, gone: true });
  expect(await store.eventLog.since(projectId, 3, 100)).toMatchObject({ last: 6, gone: false });
  expect(await sql('select count(*)::int as n from generation')).toEqual([{ n: 2 }]);
  await store.keepingWork.dropMonths({ eventsBefore: firstOf(2), before: firstOf(2), now });
  expect(await tablesOf(3)).toEqual([]);
  expect(await tablesOf(1)).toEqual(all);
  expect(await sql('select count(*)::int as n from generation')).toEqual([{ n: 1 }]);

  const { remove, removed } = removals();
  while ((await store.keepingWork.removeReleased(remove)) > 0);
  expect(removed).toEqual([hashOfName('old')]);
  // Counted anew, all of it, the figures of what is gone are as they were.
  await sql('insert into usage_change (slot) select distinct slot from usage_cell');
  await settleUsage(store);
  expect(
    await sql(
      'select coalesce(sum(generations), 0)::int as n, sum(images)::int as images from usage_day where level = 3',
    ),
  ).toEqual(counted);
  // What was dropped comes not back with the next upkeep.
  await ensurePartitions(store.database, now);
  expect(await tablesOf(3)).toEqual([]);
});

it('drops no month with something in it that has not ended, or that is not counted yet', async () => {
  const { store, projectId } = bench;
  const id = await writeGeneration(sql, { projectId, at: month(3), status: 'RUNNING' });
  await settleUsage(store);
  const cutoff = { eventsBefore: firstOf(2), before: firstOf(2), now };
  await store.keepingWork.dropMonths(cutoff);
  expect(await tablesOf(3)).toEqual(all);
  await sql("update generation set status = 'CANCELED', finished_at = now() where id = $1::uuid", id);
  await store.keepingWork.dropMonths(cutoff);
  expect(await tablesOf(3)).toContain('generation');
  await settleUsage(store);
  await store.keepingWork.dropMonths(cutoff);
  expect(await tablesOf(3)).toEqual([]);
});

it('never drops this month or the one before', async () => {
  await settleUsage(bench.store);
  const ahead = new Date(now.getTime() + 86_400_000 * 400);
  await bench.store.keepingWork.dropMonths({ eventsBefore: ahead, before: ahead, now });
  expect(await tablesOf(0)).toEqual(all);
  expect(await tablesOf(1)).toEqual(all);
  expect(await tablesOf(2)).toEqual([]);
});

it('keeps nobody waiting: eight who write and a reader that never ends', async () => {
  const { store, projectId } = bench;
  await writeGeneration(sql, { projectId, at: month(3), result: 'old' });
  await settleUsage(store);
  const reader = new Client({ connectionString: bench.url });
  await reader.connect();
  await reader.query('begin isolation level repeatable read');
  await reader.query('declare export cursor for select * from generation order by id');
  await reader.query('fetch 1 from export');

  let writing = true;
  let written = 0;
  const writers = Array.from({ length: 8 }, async () => {
    while (writing) written += (await bench.accept(5)).length;
  });
  // Looked at all the while: whether one of them waits for a lock of a table.
  const held: unknown[] = [];
  let looks = 0;
  const watch = new Client({ connectionString: bench.url });
  await watch.connect();
  const watching = (async () => {
    for (; writing; looks += 1) {
      const { rows } = await watch.query(
        `select pid, wait_event from pg_stat_activity where datname = current_database() and state = 'active'
           and wait_event_type = 'Lock' and wait_event = 'relation' and query like '%with input as materialized%'`,
      );
      held.push(...rows);
    }
    await watch.end();
  })();
  const cutoff = { eventsBefore: firstOf(2), before: firstOf(2), now };
  // As long as the reader reads, a turn waits half a second at most and gives up.
  for (let turn = 0; turn < 3; turn += 1) {
    const startedAt = performance.now();
    await store.keepingWork.dropMonths(cutoff);
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  }
  expect((await tablesOf(3)).length).toBeGreaterThan(0);
  // Its own view of the history is whole.
  expect((await reader.query('fetch all from export')).rowCount).toBe(0);
  expect((await reader.query('select id from generation where id < $1', [lowestIdAt(firstOf(1))])).rowCount).toBe(1);
  await reader.query('commit');
  await reader.end();
  for (let turn = 0; (await tablesOf(3)).length > 0 && turn < 50; turn += 1) await store.keepingWork.dropMonths(cutoff);
  writing = false;
  await Promise.all(writers);
  expect(await tablesOf(3)).toEqual([]);
  await watching;
  expect(held).toEqual([]);
  expect(written).toBeGreaterThan(100);
  expect(looks).toBeGreaterThan(50);
}, 90_000);

it('goes on where it was killed: detached and not dropped, or waiting to be detached', async () => {
  const { store, projectId } = bench;
  await writeGeneration(sql, { projectId, at: month(3), result: 'old' });
  await settleUsage(store);
  const at = firstOf(3);
  const name = `y${at.getUTCFullYear()}m${String(at.getUTCMonth() + 1).padStart(2, '0')}`;
  for (const table of ['generation_event', 'generation', 'generation_image']) {
    await sql(`alter table ${table} detach partition ${table}_${name}`);
  }
  const cutoff = { eventsBefore: firstOf(2), before: firstOf(2), now };
  const others = [bench.connect(), bench.connect()].map((database) => createKeepingWork(database, bench.url));
  // Several at once are one after the other, or none.
  await Promise.all([store.keepingWork, ...others].map(async (work) => await work.dropMonths(cutoff)));
  expect(await tablesOf(3)).toEqual([]);
  const { remove, removed } = removals();
  while ((await store.keepingWork.removeReleased(remove)) > 0);
  expect(removed).toEqual([hashOfName('old')]);
});
