import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { DarkroomError } from '../errors.js';
import { folderFault } from './data-folder.js';

export type FolderLock = { release(): Promise<void> };

const SQLITE_BUSY = 5;

/**
 * Locks let go when their connection is collected as garbage, so they are kept here for callers that drop theirs.
 */
const held = new Set<DatabaseSync>();

/**
 * Makes this process the only Darkroom in `folder`; refuses when another one is.
 *
 * The lock is SQLite's on an empty file, because that is the one file lock Node has that the system itself releases: a
 * killed process leaves nothing behind to be judged stale, and it holds between containers that share the folder.
 */
export async function lockFolder(folder: string, name = 'darkroom', shownAs = folder): Promise<FolderLock> {
  const pidFile = join(folder, `${name}.pid`);
  let file: DatabaseSync | undefined;
  try {
    file = new DatabaseSync(join(folder, `${name}.lock`));
    // A journal in memory: the lock must not need room on the disk, nor leave a second file.
    file.exec('pragma journal_mode = memory; begin exclusive');
    writeFileSync(pidFile, `${process.pid}\n`);
  } catch (error) {
    file?.close();
    throw isBusy(error) ? inUse(shownAs, pidFile) : folderFault(shownAs, error);
  }
  const lock = file;
  held.add(lock);
  return {
    async release() {
      if (held.delete(lock)) lock.close();
    },
  };
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY;
}

function inUse(folder: string, pidFile: string): DarkroomError {
  let holder = '';
  try {
    holder = ` (process ${Number.parseInt(readFileSync(pidFile, 'utf8'), 10)})`;
  } catch {
    // The holder is between taking the lock and writing its number.
  }
  return new DarkroomError('UNAVAILABLE', `Another Darkroom${holder} is using the data folder ${folder}.`);
}
