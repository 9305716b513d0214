import { mkdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DarkroomError } from '../errors.js';

const MEGABYTE = 1_000_000;

/** Room below which a start would soon end in a full disk, amid a write. */
const NEEDED_BYTES = 200 * MEGABYTE;

/** Creates the folder where missing, then makes sure that it can be written and has room. */
export async function prepareDataFolder(folder: string, neededBytes = NEEDED_BYTES): Promise<void> {
  try {
    // A folder we make is ours alone; one that exists keeps its mode.
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const { bavail, bsize } = await statfs(folder);
    if (bavail * bsize < neededBytes) throw noRoom(folder, bavail * bsize, neededBytes);
    const probe = join(folder, `.probe-${process.pid}`);
    await writeFile(probe, 'x');
    await rm(probe, { force: true });
  } catch (error) {
    throw error instanceof DarkroomError ? error : folderFault(folder, error);
  }
}

function noRoom(folder: string, free: number, needed: number): DarkroomError {
  const [has, wants] = [free, needed].map((bytes) => `${Math.floor(bytes / MEGABYTE)} MB`);
  return new DarkroomError(
    'STORAGE_UNAVAILABLE',
    `The data folder ${folder} has ${has} free; Darkroom needs at least ${wants} to start.`,
  );
}

/** Says in words why a folder cannot be used. */
export function folderFault(folder: string, error: unknown): DarkroomError {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  const detail = error instanceof Error ? error.message : String(error);
  const reason = reasons[code] ?? detail;
  return new DarkroomError(
    'STORAGE_UNAVAILABLE',
    `The data folder ${folder} cannot be used: ${reason}${reason === detail ? '' : ` (${code})`}.`,
    { cause: error },
  );
}

const reasons: Record<string, string> = {
  EACCES: `user ${process.getuid?.() ?? ''} may not write in it`,
  EPERM: `user ${process.getuid?.() ?? ''} may not write in it`,
  EROFS: 'it is on a read-only file system',
  ENOSPC: 'its disk is full',
  EDQUOT: 'its disk quota is used up',
  ENOTDIR: 'it, or a part of its path, is a file',
  EEXIST: 'it, or a part of its path, is a file',
};
