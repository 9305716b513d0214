import { randomUUID } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Creates a file that must not exist yet. Replaced in tests, to make a disk fail. */
export type CreateFile = (path: string) => Promise<{
  writeFile(bytes: Buffer): Promise<void>;
  sync(): Promise<void>;
  close(): Promise<void>;
}>;

export const createFile: CreateFile = (path) => open(path, 'wx', 0o640);

/**
 * Writes a file so that at any moment, power cuts included, it is there as a whole or not at all; once this resolves it
 * is there. `incoming` is a folder on the same file system. Throws the system's error and leaves nothing behind.
 */
export async function durableWrite(options: {
  path: string;
  bytes: Buffer;
  incoming: string;
  create: CreateFile;
}): Promise<void> {
  const { path, bytes, incoming, create } = options;
  const folder = dirname(path);
  const firstMade = await mkdir(folder, { recursive: true });
  await mkdir(incoming, { recursive: true });
  const temporary = join(incoming, randomUUID());
  try {
    const file = await create(temporary);
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
  await syncFolder(folder);
  if (firstMade === undefined) return;
  // A new folder is safe only when the one that names it is.
  let made = folder;
  while (made.length >= firstMade.length) {
    made = dirname(made);
    await syncFolder(made);
  }
}

/** Makes renames and removals in a folder survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open folders; its file system keeps a journal of names itself.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
