import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { DarkroomError } from '../errors.js';
import type { Logger } from '../logger.js';
import { ensureCluster, SUPERUSER } from './cluster.js';
import { prepareDataFolder } from './data-folder.js';
import { lockFolder, type FolderLock } from './folder-lock.js';
import { stopOrphan } from './orphan-postmaster.js';
import { findBinaries } from './postgres-binaries.js';
import { findHome } from './postgres-home.js';
import { startPostmaster, type Postmaster } from './postmaster.js';

export type EmbeddedPostgres = { url: string; stop(): Promise<void> };

const DATABASE = 'darkroom';
const WRONG_PASSWORD = '28P01';

/**
 * PostgreSQL as a child of this process, with its data kept in the data folder. Whatever became of the last run, this one
 * starts from what is on the disk; of two at once, the second is refused.
 */
export async function startEmbeddedPostgres(options: {
  dataFolder: string;
  logger: Logger;
  /** PostgreSQL settings on top of ours. */
  settings?: Record<string, string>;
}): Promise<EmbeddedPostgres> {
  const { logger, settings = {} } = options;
  const dataFolder = resolve(options.dataFolder);
  const passwordFile = join(dataFolder, 'postgres.password');
  const locks: FolderLock[] = [];
  let server: Postmaster | undefined;

  async function stop(): Promise<void> {
    await server?.stop();
    for (const lock of locks.splice(0)) await lock.release();
  }

  try {
    await prepareDataFolder(dataFolder);
    locks.push(await lockFolder(dataFolder, 'postgres'));
    const home = await findHome(dataFolder, logger);
    if (home.folder !== dataFolder) {
      await prepareDataFolder(home.folder);
      // A copy of the data folder leads to the same database.
      locks.push(await lockFolder(home.folder, 'postgres', dataFolder));
    }
    const binaries = await findBinaries(home.account, logger);
    await stopOrphan(home.cluster, logger);
    const sync = settings['fsync'] !== 'off';
    const password = await ensureCluster({ home, binaries, passwordFile, sync, logger });
    const logFile = join(dataFolder, 'postgres.log');
    server = await startPostmaster({ program: binaries.postgres, home, logFile, settings, logger });
    const urlOf = (database: string) =>
      `postgresql://${SUPERUSER}:${password}@127.0.0.1:${server?.port}/${database}?sslmode=disable`;
    await ensureDatabase(urlOf('postgres'), passwordFile);
    logger.info({ folder: home.cluster, port: server.port }, 'PostgreSQL is ready');
    return { url: urlOf(DATABASE), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ensureDatabase(url: string, passwordFile: string): Promise<void> {
  const client = new Client({ connectionString: url });
  try {
    await client.connect();
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE]);
    if (rowCount === 0) await client.query(`create database ${DATABASE}`);
  } catch (cause) {
    if (!(cause instanceof Error && 'code' in cause && cause.code === WRONG_PASSWORD)) throw cause;
    throw new DarkroomError(
      'UNAVAILABLE',
      `The database does not accept the password in ${passwordFile}. Delete that file and start again: a new one is set.`,
      { cause },
    );
  } finally {
    await client.end();
  }
}
