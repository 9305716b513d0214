import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '../../src/logger.js';
import { migrate } from '../../src/store/migrate.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';

const logger = createLogger('silent');
let folder: string;
let database: TestDatabase;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'darkroom-migrations-'));
  database = await createTestDatabase();
  const client = new Client({ connectionString: database.url });
  await client.connect();
  await client.query('drop schema public cascade; create schema public');
  await client.end();
});

afterEach(async () => {
  await database.drop();
  await rm(folder, { recursive: true });
});

/** A migration that fails unless its own connection holds two locks: ours, and the one that Prisma's engine takes. */
const guarded = `do $$ begin
  if (select count(*) from pg_locks where locktype = 'advisory' and granted and pid = pg_backend_pid()) <> 2 then
    raise 'a lock is gone';
  end if;
end $$;`;

it('holds its lock while it migrates, also on a database where there is nothing yet', async () => {
  for (const name of ['1_first', '2_second']) {
    await mkdir(join(folder, name));
    await writeFile(join(folder, name, 'migration.sql'), guarded);
  }
  expect(await migrate({ url: database.url, logger, folder })).toEqual({ applied: ['1_first', '2_second'] });
});

it('lets many that start at once on an empty database come through, and one of them migrate', async () => {
  const results = await Promise.all(
    Array.from({ length: 8 }, async () => await migrate({ url: database.url, logger })),
  );
  expect(results.filter(({ applied }) => applied.length > 0)).toHaveLength(1);
});
