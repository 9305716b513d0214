import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, inject, it } from 'vitest';
import { createLogger } from '../../src/logger.js';
import { migrate } from '../../src/store/migrate.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const logger = createLogger('silent');

const first = {
  // Semicolons where a careless cut would fall: in a body, a string and a comment.
  '1_first': `create table a (x text default ';'); -- one; two
    create function f() returns int language plpgsql as $$ begin perform 1; return 2; end $$;`,
};
const second = { '2_second': 'create table b (x int);' };
const broken = { '2_second': 'create table b (x int); insert into nowhere values (1);' };

let folder: string;
let database: TestDatabase;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'darkroom-migrations-'));
  database = await createTestDatabase();
  await ask('drop schema public cascade; create schema public');
});

afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

async function ask(sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows;
  } finally {
    await client.end();
  }
}

async function run(migrations: Record<string, string>): Promise<string[]> {
  await rm(folder, { recursive: true });
  for (const [name, sql] of Object.entries(migrations)) {
    await mkdir(join(folder, name), { recursive: true });
    await writeFile(join(folder, name, 'migration.sql'), sql);
  }
  return (await migrate({ url: database.url, logger, folder })).applied;
}

it('applies what is missing, once', async () => {
  expect(await run(first)).toEqual(['1_first']);
  expect(await run(first)).toEqual([]);
  expect(await run({ ...first, ...second })).toEqual(['2_second']);
  expect(await ask('select f()')).toEqual([[2]]);
});

it('applies the migrations of this version to an empty database, and then nothing', async () => {
  const { applied } = await migrate({ url: database.url, logger });
  expect(applied).not.toEqual([]);
  expect(await migrate({ url: database.url, logger })).toEqual({ applied: [] });
});

it('lets one of several migrate at a time', async () => {
  await mkdir(join(folder, '1_slow'), { recursive: true });
  await writeFile(join(folder, '1_slow', 'migration.sql'), 'create table a (x int); select pg_sleep(0.2);');
  const results = await Promise.all(Array.from({ length: 4 }, () => migrate({ url: database.url, logger, folder })));
  expect(results.flatMap(({ applied }) => applied)).toEqual(['1_slow']);
  expect(await ask('select count(*)::int from _prisma_migrations')).toEqual([[1]]);
});

it('names a migration that fails, undoes it whole, and applies it once it is mended', async () => {
  await expect(run({ ...first, ...broken })).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: 'The migration 2_second failed and was undone: relation "nowhere" does not exist',
  });
  expect(await ask("select to_regclass('a') is null, to_regclass('b') is null")).toEqual([[false, true]]);
  expect(await run({ ...first, ...second })).toEqual(['2_second']);
});

it('applies a migration again that was cut short', async () => {
  await run(first);
  await ask(`insert into _prisma_migrations (id, checksum, migration_name) values ('x', 'y', '2_second')`);
  expect(await run({ ...first, ...second })).toEqual(['2_second']);
});

it('refuses the database of a newer version', async () => {
  await run({ ...first, ...second });
  await expect(run(first)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message:
      'The database belongs to another, probably newer version of Darkroom: this one does not know the migration ' +
      '2_second it has had. Start that version, or restore a backup made before it.',
  });
});

it('refuses a migration that was edited after it had been applied', async () => {
  await run(first);
  await expect(run({ '1_first': 'select 1' })).rejects.toThrow(
    'The migration 1_first differs from what this database was built with.',
  );
});

it('refuses a database with the tables of others', async () => {
  await ask('create table theirs (x int)');
  await expect(run(first)).rejects.toThrow('The database holds tables that are not from Darkroom.');
});

it('says so when the server cannot be reached', async () => {
  const nowhere = new URL(inject('databaseServer'));
  nowhere.port = '1';
  await expect(migrate({ url: nowhere.href, logger, folder })).rejects.toThrow('ECONNREFUSED');
});
