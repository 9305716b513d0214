import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client, Pool } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { migrationsFolder } from '../../src/store/migrations-folder.js';
import { openSchemaEngine } from '../../src/store/schema-engine.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

/** As the migrations made it, and as Prisma would make it of prisma/schema.prisma. */
let migrated: TestDatabase;
let declared: TestDatabase;

beforeEach(async () => {
  migrated = await createTestDatabase();
  declared = await createTestDatabase();
});

afterEach(async () => {
  await migrated.drop();
  await declared.drop();
});

const schemaPath = join(migrationsFolder, '..', 'schema.prisma');

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

async function buildDeclared(): Promise<void> {
  const pool = new Pool({ connectionString: declared.url, max: 1 });
  try {
    await pool.query('drop schema public cascade; create schema public');
    const engine = await openSchemaEngine(pool);
    const { stdout } = await engine.diff({
      from: { tag: 'empty' },
      to: {
        tag: 'schemaDatamodel',
        files: [{ path: 'schema.prisma', content: await readFile(schemaPath, 'utf8') }],
      },
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    engine.free();
    await pool.query(stdout ?? '');
  } finally {
    await pool.end();
  }
}

/** Tables, plain or partitioned, without the partitions and without Prisma's own. */
const ours = `c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
  and c.relname <> '_prisma_migrations'`;

/** What Prisma can say of a database: partial indexes, checks and partitions are not among it. */
const catalogues = {
  enums: `select t.typname::text as enum, array_agg(e.enumlabel::text order by e.enumsortorder) as labels
    from pg_type t join pg_enum e on e.enumtypid = t.oid group by 1 order by 1`,
  columns: `select c.relname::text as table, a.attname::text as column, format_type(a.atttypid, a.atttypmod) as type,
      a.attnotnull as required, pg_get_expr(d.adbin, d.adrelid) as default
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
      left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where ${ours} order by 1, 2`,
  indexes: `select c.relname::text as table, i.relname::text as index, x.indisprimary as primary, x.indisunique as unique,
      array(select pg_get_indexdef(x.indexrelid, n, true) || ' ' || x.indoption[n - 1]
            from generate_series(1, x.indnkeyatts) n order by n) as columns
    from pg_index x join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
    where ${ours} and x.indpred is null order by 1, 2`,
  references: `select c.relname::text as table, k.conname::text as name, pg_get_constraintdef(k.oid) as definition
    from pg_constraint k join pg_class c on c.oid = k.conrelid
    where ${ours} and k.contype = 'f' order by 1, 2`,
};

async function catalogueOf(url: string): Promise<Record<string, unknown[]>> {
  const entries = Object.entries(catalogues).map(async ([name, sql]) => [name, await ask(url, sql)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

it('has, after its migrations, what prisma/schema.prisma says', async () => {
  await buildDeclared();
  const found = await catalogueOf(migrated.url);
  expect(found).toEqual(await catalogueOf(declared.url));
  expect(found['columns']?.length).toBeGreaterThan(100);
  expect(found['indexes']?.length).toBeGreaterThan(20);
});

it('would notice a type, a null, a default, an index or a label that differs', async () => {
  await buildDeclared();
  const before = await catalogueOf(declared.url);
  for (const change of [
    'alter table generation alter priority type bigint',
    'alter table generation alter prompt drop not null',
    "alter table generation alter status set default 'FAILED'",
    'drop index generation_project_id_id_idx',
    "alter type control_kind add value 'POSE'",
    'alter table binding drop constraint binding_profile_id_fkey',
  ]) {
    const known = await catalogueOf(declared.url);
    await ask(declared.url, change);
    expect({ change, found: await catalogueOf(declared.url) }).not.toEqual({ change, found: known });
  }
  expect(await catalogueOf(declared.url)).not.toEqual(before);
});

it('keeps beside the newest migration the schema that it leads to', async () => {
  const entries = await readdir(migrationsFolder, { withFileTypes: true });
  const folders = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).sort();
  const newest = folders.at(-1) ?? '';
  expect(await readFile(join(migrationsFolder, newest, 'schema.prisma'), 'utf8')).toBe(
    await readFile(schemaPath, 'utf8'),
  );
});
