import postgres from 'postgres';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { checkEmpty, fill } from '../../scripts/seed/fill.js';
import { readOptions, type SeedOptions } from '../../scripts/seed/options.js';
import { ensurePartitions } from '../../src/store/partitions.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';
import { noteUsage } from '../../src/store/usage-roll.js';
import { settleUsage } from '../support/usage.js';

const until = new Date('2026-11-01T00:00:00Z');
const options: SeedOptions = {
  generations: 400,
  projects: 2,
  days: 40,
  seed: 7,
  database: '',
  until,
  force: false,
};

let bench: LedgerBench;

beforeEach(async () => {
  bench = await openLedger();
  await ensurePartitions(bench.store.database, new Date('2026-09-01T00:00:00Z'), until);
});

afterEach(async () => {
  await bench.stop();
});

async function seed(wanted: SeedOptions): Promise<void> {
  const sql = postgres(bench.url, { max: 4, onnotice: () => undefined });
  try {
    await checkEmpty(sql, wanted);
    await fill(sql, { ...wanted, alone: false }, { onProgress: () => undefined });
  } finally {
    await sql.end();
  }
}

const digest = `select md5(string_agg(t::text, ';' order by t::text)) as md5 from`;
async function digestOf(): Promise<unknown[]> {
  const tables = ['generation', 'attempt', 'image', 'generation_image'];
  const found = await Promise.all(tables.map(async (table) => await bench.sql(`${digest} ${table} t`)));
  const events = await bench.sql(`${digest} (select generation_id, n, status, position from generation_event) t`);
  return [...found, events].flat().map((row) => row['md5']);
}

/** Partitions with fewer indexes than their table has. */
const lacking = `
  select c.relid::regclass::text as part from (values ('generation'), ('attempt'), ('generation_event'), ('generation_image'),
      ('generation_tag'), ('generation_text')) as t (name), pg_partition_tree(t.name::regclass) c
  where (select count(*) from pg_index where indrelid = c.relid) <>
    (select count(*) from pg_index where indrelid = t.name::regclass)`;

it('makes histories that the ledger could have made, the same for the same seed', async () => {
  await seed(options);
  await bench.checkHistory();
  const [sum] = await bench.sql(`
    select count(*)::int as generations, count(distinct project_id)::int as projects, min(created_at) as first,
      max(created_at) as last, count(distinct status)::int as statuses,
      (select count(*)::int from generation_event) as events, (select last::int from event_position) as position,
      (select count(*)::int from image) as images
    from generation`);
  expect(sum).toMatchObject({ generations: 400, projects: 2, events: sum?.['position'] });
  expect(Number(sum?.['statuses'])).toBeGreaterThanOrEqual(4);
  expect(Number(sum?.['images'])).toBeGreaterThan(300);
  const first = sum?.['first'];
  const last = sum?.['last'];
  expect(first instanceof Date && last instanceof Date && first < last && last < until).toBe(true);

  const [wrong] = await bench.sql(`
    select count(*) filter (where t.words is distinct from darkroom_words(g.project_id, g.prompt))::int as words,
      count(*) filter (where array_length(g.tags, 1) is distinct from (
        select count(*) from generation_tag where generation_id = g.id and tag = any (g.tags)))::int as tags
    from generation g left join generation_text t on t.generation_id = g.id`);
  expect(wrong).toEqual({ words: 0, tags: 0 });
  expect(await bench.sql(lacking)).toEqual([]);

  await noteUsage(bench.store.database);
  await settleUsage(bench.store);
  const [counted] = await bench.sql('select sum(generations)::int as n, sum(images)::int as images from usage_cell');
  expect(counted).toEqual({ n: 400, images: sum?.['images'] });

  const before = await digestOf();
  await bench.stop();
  bench = await openLedger();
  await ensurePartitions(bench.store.database, new Date('2026-09-01T00:00:00Z'), until);
  await seed(options);
  expect(await digestOf()).toEqual(before);
});

it('leaves a database with generations of its own alone, unless it is told otherwise', async () => {
  await bench.accept(1);
  await expect(seed(options)).rejects.toThrow(/generations of its own.*--force/);
  await seed({ ...options, generations: 10, force: true });
  expect(await bench.sql('select count(*)::int as n from generation')).toEqual([{ n: 11 }]);
});

it('says which numbers it takes', () => {
  expect(() => readOptions(['--generations', '0'], {})).toThrow(/--generations must be .* 1 to 20000000; 0 was given/);
  expect(() => readOptions(['--generations', '5', '--until', 'today'], {})).toThrow(/--until must be a day/);
  expect(readOptions(['--generations', '5'], { DATABASE_URL: 'postgres://x' })?.database).toBe('postgres://x');
  expect(readOptions([], {})).toBeNull();
});
