import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lowestIdAt } from '../../src/domain/ids.js';
import { openDatabase, type Database } from '../../src/store/database.js';
import { checkPartitions, ensurePartitions } from '../../src/store/partitions.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

let test: TestDatabase;
let databases: Database[];

beforeEach(async () => {
  test = await createTestDatabase();
  databases = Array.from({ length: 4 }, () => openDatabase(test.url, { connections: 2 }));
});

afterEach(async () => {
  for (const database of databases) await database.close();
  await test.drop();
});

function first(): Database {
  const [database] = databases;
  if (database === undefined) throw new Error('no database');
  return database;
}

async function ask(text: string, ...values: unknown[]): Promise<Record<string, unknown>[]> {
  return await first().prisma.$queryRawUnsafe<Record<string, unknown>[]>(text, ...values);
}

async function partitionsOf(table: string): Promise<unknown[]> {
  const rows = await ask(
    `select inhrelid::regclass::text as name from pg_inherits where inhparent = $1::regclass order by 1`,
    table,
  );
  return rows.map((row) => row['name']);
}

const tables = ['generation', 'attempt', 'generation_image', 'generation_event', 'generation_tag', 'generation_text'];
const december = new Date('2026-12-15T12:00:00Z');

it('makes the month before a day, its own and the three after it, over the end of a year', async () => {
  await ensurePartitions(first(), december);
  for (const table of tables) {
    const months = ['y2026m11', 'y2026m12', 'y2027m01', 'y2027m02', 'y2027m03'];
    expect(await partitionsOf(table)).toEqual(months.map((month) => `${table}_${month}`));
  }
});

it('may be repeated, by many at once', async () => {
  await Promise.all([...databases, ...databases].map(async (database) => await ensurePartitions(database, december)));
  await ensurePartitions(first(), december);
  for (const table of tables) expect(await partitionsOf(table)).toHaveLength(5);
});

it('finishes what another process began: a table that is not attached yet', async () => {
  await ask('create table attempt_y2027m01 (like attempt including all)');
  await ensurePartitions(first(), december);
  expect(await partitionsOf('attempt')).toHaveLength(5);
});

it('puts the first and last ids of a month into that month', async () => {
  await ensurePartitions(first(), december);
  const start = new Date('2027-01-01T00:00:00Z');
  const lowest = lowestIdAt(start);
  const highest = lowestIdAt(new Date(start.getTime() - 1)).replace(/0000-0000-0{12}$/, '7fff-bfff-ffffffffffff');
  for (const [id, month] of [
    [lowest, 'y2027m01'],
    [highest, 'y2026m12'],
  ] as const) {
    await ask(
      `insert into generation_event (generation_id, n, project_id, status, control, provider)
       values ($1::uuid, 1, $1::uuid, 'QUEUED', 'NONE', 'bfl')`,
      id,
    );
    const [row] = await ask(
      'select tableoid::regclass::text as place from generation_event where generation_id = $1::uuid',
      id,
    );
    expect(row).toEqual({ place: `generation_event_${month}` });
  }
});

it('waits for no reader, and keeps no writer waiting', async () => {
  await ensurePartitions(first(), december);
  const reader = new Client({ connectionString: test.url });
  await reader.connect();
  await reader.query('begin; select * from generation; select * from generation_event');
  await ensurePartitions(first(), new Date('2027-06-01T00:00:00Z'));
  await ask("set lock_timeout = '2s'");
  await ask(
    `insert into generation_event (generation_id, n, project_id, status, control, provider)
     values ($1::uuid, 1, $1::uuid, 'QUEUED', 'NONE', 'bfl')`,
    lowestIdAt(december),
  );
  await reader.query('commit');
  await reader.end();
  expect(await partitionsOf('generation')).toHaveLength(10);
});

it('has the indexes and checks of its table in every partition', async () => {
  await ensurePartitions(first(), december);
  for (const table of tables) {
    const counted = await ask(
      `select c.relname::text as name, (select count(*)::int from pg_index where indrelid = c.oid) as indexes,
              (select count(*)::int from pg_constraint where conrelid = c.oid and contype = 'c') as checks
       from pg_class c where c.oid = $1::regclass or c.oid in (select inhrelid from pg_inherits where inhparent = $1::regclass)`,
      table,
    );
    const kinds = new Set(counted.map((row) => `${String(row['indexes'])} ${String(row['checks'])}`));
    expect([table, kinds.size]).toEqual([table, 1]);
  }
});

it('tells when the next month is missing', async () => {
  await expect(checkPartitions(first(), december)).rejects.toThrow('The partition generation_y2027m01 is missing.');
  await ensurePartitions(first(), december);
  await checkPartitions(first(), december);
  await checkPartitions(first(), new Date('2027-02-28T23:59:59Z'));
  await expect(checkPartitions(first(), new Date('2027-03-01T00:00:00Z'))).rejects.toThrow('generation_y2027m04');
  await ask('alter table generation_event detach partition generation_event_y2027m01');
  await expect(checkPartitions(first(), december)).rejects.toThrow('generation_event_y2027m01');
});
