import { randomUUID } from 'node:crypto';
import { chmod, chown, mkdir, readFile, readdir, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DarkroomError } from '../errors.js';
import type { Logger } from '../logger.js';
import { canEnter, chooseAccount, type Account } from './postgres-account.js';

/** Where root keeps what PostgreSQL's own user cannot reach elsewhere: it outlives a reboot, unlike a temporary folder. */
export const sharedHome = '/var/lib/darkroom';

/** `folder` holds the cluster, `cluster` is PostgreSQL's data directory itself. */
export type PostgresHome = { folder: string; cluster: string; account: Account | null };

/**
 * The cluster lies in the data folder unless PostgreSQL must run as another user and that user cannot get there (root's
 * home, say). Then it lies in a folder of its own under `sharedHome`, named at random and remembered by a file in the data
 * folder: whoever deletes the data folder deletes the memory, and a new one never finds the old database.
 */
export async function findHome(dataFolder: string, logger: Logger): Promise<PostgresHome> {
  const marker = join(dataFolder, 'postgres.location');
  const remembered = (await readFile(marker, 'utf8').catch(() => '')).trim();
  if (remembered !== '') return outside(dataFolder, marker, remembered, logger);

  const cluster = join(dataFolder, 'postgres');
  const account = await chooseAccount(cluster);
  if (account === null || (await makePassable(dataFolder, account))) return { folder: dataFolder, cluster, account };
  if (await isThere(join(cluster, 'PG_VERSION'))) {
    throw new DarkroomError(
      'UNAVAILABLE',
      `The database in ${cluster} belongs to user ${account.uid}, who cannot get there: a folder above it is closed.`,
    );
  }
  const folder = join(sharedHome, randomUUID());
  await warnOfEarlier(dataFolder, logger);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  await writeFile(join(folder, 'belongs-to'), `${dataFolder}\n`);
  await writeFile(marker, `${folder}\n`);
  return outside(dataFolder, marker, folder, logger);
}

async function outside(dataFolder: string, marker: string, folder: string, logger: Logger): Promise<PostgresHome> {
  if (!(await isThere(folder))) {
    throw new DarkroomError(
      'UNAVAILABLE',
      `The database of the data folder ${dataFolder} was kept in ${folder}, which is gone. ` +
        `Bring it back, or delete ${marker} to begin with an empty database.`,
    );
  }
  const cluster = join(folder, 'postgres');
  logger.info({ folder }, 'the database lies outside the data folder, where the user of PostgreSQL can reach it');
  return { folder, cluster, account: await chooseAccount(cluster) };
}

/**
 * Where only the data folder itself is in the way, the account's group gets leave to pass through it (not to list it):
 * better than a database elsewhere, which a container would lose.
 */
async function makePassable(dataFolder: string, account: Account): Promise<boolean> {
  if (await canEnter(account, dataFolder)) return true;
  const { uid, mode } = await stat(dataFolder);
  if (uid !== 0 || !(await canEnter(account, dirname(dataFolder)))) return false;
  await chown(dataFolder, uid, account.gid);
  await chmod(dataFolder, (mode & 0o707) | 0o010);
  return canEnter(account, dataFolder);
}

async function warnOfEarlier(dataFolder: string, logger: Logger): Promise<void> {
  for (const name of await readdir(sharedHome).catch(() => [])) {
    const folder = join(sharedHome, name);
    const owner = await readFile(join(folder, 'belongs-to'), 'utf8').catch(() => '');
    if (owner.trim() === dataFolder) {
      logger.warn(
        { folder },
        'an earlier database of this data folder is still there, unused; delete it if not wanted',
      );
    }
  }
}

async function isThere(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
