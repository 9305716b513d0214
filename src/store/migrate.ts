import type { DiagnoseMigrationHistoryOutput, MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';
import { Pool } from 'pg';
import { z } from 'zod';
import { asError, DarkroomError } from '../errors.js';
import type { Logger } from '../logger.js';
import { migrationsFolder, readMigrations } from './migrations-folder.js';
import { openSchemaEngine, type SchemaEngine } from './schema-engine.js';

/** Any fixed number, so long as it is not the engine's own, whose wait gives up after ten seconds. */
const LOCK_KEY = 5_318_008_716;

/** Prisma's code for tables in a database that has no migrations yet. */
const NOT_EMPTY = 'P3005';

/** How Prisma's adapter passes on what PostgreSQL said. */
const faultSchema = z.object({ cause: z.object({ originalMessage: z.string() }) });

const filters = { externalTables: [], externalEnums: [] };

/**
 * Brings the database to this version's migrations, with Prisma's own bookkeeping: `prisma migrate deploy` may be used in
 * its stead. Of several processes starting at once one migrates, the others wait and find nothing to do.
 */
export async function migrate(options: {
  url: string;
  logger: Logger;
  folder?: string;
}): Promise<{ applied: string[] }> {
  const { url, logger, folder = migrationsFolder } = options;
  const migrationsList = await readMigrations(folder);
  const { pool, close } = await openOne(url, logger);
  let fault: unknown;
  try {
    await takeLock(pool, logger);
    const engine = await openSchemaEngine(pool, (error) => (fault = error));
    try {
      await forgetUnfinished(engine, migrationsList, logger);
      refuseOtherHistory(await diagnose(engine, migrationsList));
      const { appliedMigrationNames: applied } = await engine.applyMigrations({ migrationsList, filters });
      if (applied.length > 0) logger.info({ applied }, 'migrated the database');
      return { applied };
    } catch (error) {
      if (error instanceof DarkroomError) throw error;
      throw explained(error, fault, await undone(engine, migrationsList, pool, logger));
    } finally {
      engine.free();
    }
  } finally {
    await close();
  }
}

/**
 * A pool of one connection, for lock and migration: should we be killed, the lock lasts as long as a statement that still
 * runs. It is kept in hand throughout, because a pool throws away a connection on which a statement has failed, and our
 * lock with it; and the engine finds out that a database is new by a statement that fails.
 */
async function openOne(url: string, logger: Logger): Promise<{ pool: Pool; close: () => Promise<void> }> {
  const pool = new Pool({ connectionString: url, max: 1 });
  const client = await pool.connect().catch(async (error: unknown) => {
    await pool.end();
    throw error;
  });
  client.on('error', (error) => logger.warn({ err: error }, 'the connection of the migration was lost'));
  const release = client.release.bind(client);
  const kept = Object.assign(client, { release: () => undefined });
  Object.assign(pool, { query: client.query.bind(client), connect: async () => kept });
  return {
    pool,
    async close() {
      release(true);
      await pool.end();
    },
  };
}

async function takeLock(pool: Pool, logger: Logger): Promise<void> {
  await pool.query('set statement_timeout = 0; set lock_timeout = 0; set idle_session_timeout = 0');
  const { rows } = await pool.query<{ got: boolean }>('select pg_try_advisory_lock($1) as got', [LOCK_KEY]);
  if (rows[0]?.got === true) return;
  logger.info('waiting for another Darkroom to migrate the database');
  await pool.query('select pg_advisory_lock($1)', [LOCK_KEY]);
}

async function diagnose(engine: SchemaEngine, migrationsList: MigrationList): Promise<DiagnoseMigrationHistoryOutput> {
  return engine.diagnoseMigrationHistory({ migrationsList, optInToShadowDatabase: false, filters });
}

/**
 * A migration is one transaction, so one that did not finish, be it refused or cut short, did nothing. Prisma would have
 * a person say so before it goes on.
 */
async function forgetUnfinished(engine: SchemaEngine, list: MigrationList, logger?: Logger): Promise<string[]> {
  const { failedMigrationNames } = await diagnose(engine, list);
  for (const migrationName of failedMigrationNames) {
    logger?.warn({ migration: migrationName }, 'a migration was interrupted; applying it again');
    await engine.markMigrationRolledBack({ migrationName });
  }
  return failedMigrationNames;
}

/** Names what has just failed. The lock is asked for again, for the failure may have been the loss of its connection. */
async function undone(engine: SchemaEngine, list: MigrationList, pool: Pool, logger: Logger): Promise<string[]> {
  try {
    await takeLock(pool, logger);
    return await forgetUnfinished(engine, list);
  } catch (error) {
    logger.warn({ err: error }, 'the next start will see to the failed migration');
    return [];
  }
}

/** Refuses a database whose history is not the beginning of ours. */
function refuseOtherHistory({ editedMigrationNames, history }: DiagnoseMigrationHistoryOutput): void {
  const unknown = history !== null && 'unpersistedMigrationNames' in history ? history.unpersistedMigrationNames : [];
  if (unknown.length > 0) {
    throw new DarkroomError(
      'UNAVAILABLE',
      'The database belongs to another, probably newer version of Darkroom: this one does not know the ' +
        `${listed(unknown)} it has had. Start that version, or restore a backup made before it.`,
    );
  }
  if (editedMigrationNames.length > 0) {
    throw new DarkroomError(
      'UNAVAILABLE',
      `The ${listed(editedMigrationNames)} differs from what this database was built with. ` +
        'Undo the edit and put the change into a new migration.',
    );
  }
}

function listed(names: string[]): string {
  return `migration${names.length === 1 ? '' : 's'} ${names.join(', ')}`;
}

function explained(error: unknown, fault: unknown, failed: string[]): DarkroomError {
  if (error instanceof Error && 'code' in error && error.code === NOT_EMPTY) {
    return new DarkroomError(
      'UNAVAILABLE',
      'The database holds tables that are not from Darkroom. Give it an empty database of its own.',
      { cause: error },
    );
  }
  const said = faultSchema.safeParse(fault);
  const why = said.success ? said.data.cause.originalMessage : (asError(error).message.split('\n   0:')[0] ?? '');
  const what =
    failed.length === 0 ? 'The database could not be migrated' : `The ${listed(failed)} failed and was undone`;
  return new DarkroomError('UNAVAILABLE', `${what}: ${why}`, { cause: error });
}
