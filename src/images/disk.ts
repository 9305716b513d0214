import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readdir, readFile, rm, stat, statfs } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { DarkroomError } from '../errors.js';
import { createFile, durableWrite, syncFolder, type CreateFile } from './durable-write.js';
import { derivedFolder, derivedPath, imagePath } from './image-path.js';
import type { ImageKey, ImageStore } from './store.js';

/** No write takes so long. */
const leftoverMs = 15 * 60_000;

export type DiskStore = ImageStore & {
  /** Makes the folder and removes what interrupted writes left a while ago. Tells how many files that were. */
  start(): Promise<number>;
  /** Removes what interrupted writes left more than 15 minutes ago. Tells how many files that were. */
  removeLeftovers(): Promise<number>;
  /** What the system still lets this process write to the disk of the folder. */
  freeBytes(): Promise<number>;
};

/**
 * The store in a folder, which several processes and, by a shared file system, several hosts may use at once.
 *
 *     <folder>/<projectId>/<ab>/<sha256>           the image
 *     <folder>/<projectId>/<ab>/<sha256>.d/<name>  what is made from it
 *     <folder>/incoming/<random>                   being written; here and not beside the image, so that leftovers are
 *                                                  found without walking through every folder
 *
 * `reserveBytes` (default 0) is what derived files must leave free on the disk. Images may use all there is: whether
 * anything new is taken is asked before (reserve.ts), and what was accepted is to be kept.
 */
export function createDiskStore(options: {
  folder: string;
  reserveBytes?: number;
  /** For tests of a failing disk. */
  create?: CreateFile;
}): DiskStore {
  const { reserveBytes = 0, create = createFile } = options;
  const folder = resolve(options.folder);
  const incoming = join(folder, 'incoming');

  async function write(path: string, bytes: Buffer): Promise<void> {
    await durableWrite({ path, bytes, incoming, create });
  }

  async function freeBytes(): Promise<number> {
    const disk = await statfs(folder);
    return disk.bavail * disk.bsize;
  }

  async function removeDerived(key: ImageKey): Promise<number> {
    const made = await unlessMissing(readdir(derivedFolder(folder, key)));
    if (made !== null) await rm(derivedFolder(folder, key), { recursive: true, force: true, maxRetries: 5 });
    return made?.length ?? 0;
  }

  /** Removes what interrupted writes left longer ago than this; gives how many files that were. */
  async function removeLeftovers(olderThanMs: number): Promise<number> {
    let removed = 0;
    for (const name of await readdir(incoming)) {
      const path = join(incoming, name);
      const found = await unlessMissing(stat(path));
      if (!found || Date.now() - found.mtimeMs < olderThanMs) continue;
      await rm(path, { force: true });
      removed += 1;
    }
    return removed;
  }

  return {
    removeLeftovers: async () => await guarded(async () => await removeLeftovers(leftoverMs)),

    freeBytes: async () => await guarded(freeBytes),

    async start() {
      return guarded(async () => {
        await mkdir(incoming, { recursive: true });
        return await removeLeftovers(leftoverMs);
      });
    },

    async put(key, bytes) {
      const path = imagePath(folder, key);
      if (hashOf(bytes) !== key.sha256) {
        throw new DarkroomError(
          'INTERNAL',
          'The bytes of an image do not have the hash that they were announced with.',
        );
      }
      await guarded(async () => {
        const size = (await unlessMissing(stat(path)))?.size;
        // Compared whole and not by size alone: a damaged file is mended by putting the image again.
        if (size === bytes.length && (await unlessMissing(readFile(path)))?.equals(bytes) === true) return;
        await write(path, bytes);
      });
    },

    async read(key) {
      const path = imagePath(folder, key);
      const bytes = await guarded(() => unlessMissing(readFile(path)));
      if (bytes && hashOf(bytes) !== key.sha256) {
        throw new DarkroomError('INTERNAL', `The stored image ${key.sha256} is damaged.`);
      }
      return bytes;
    },

    async holds(key) {
      const path = imagePath(folder, key);
      return await guarded(async () => (await unlessMissing(stat(path))) !== null);
    },

    async readDerived(key, name) {
      const path = derivedPath(folder, key, name);
      return guarded(() => unlessMissing(readFile(path)));
    },

    async putDerived(key, name, bytes) {
      const path = derivedPath(folder, key, name);
      await guarded(async () => {
        if ((await unlessMissing(stat(imagePath(folder, key)))) === null) return;
        const free = reserveBytes === 0 ? Infinity : await freeBytes();
        if (free - bytes.length < reserveBytes) {
          const cause = new Error(`${free} bytes are free, ${bytes.length} needed, ${reserveBytes} to be left.`);
          throw new DarkroomError('STORAGE_UNAVAILABLE', 'The image store is full.', { cause });
        }
        // Deleted while this was written, it takes the folder away, or leaves this behind.
        const written = await unlessMissing(write(path, bytes).then(() => true));
        if ((await unlessMissing(stat(imagePath(folder, key)))) === null) await removeDerived(key);
        else if (written === null) throw new Error(`The folder of ${path} vanished.`);
      });
    },

    async delete(key) {
      const path = imagePath(folder, key);
      return await guarded(async () => {
        const there = (await unlessMissing(stat(path))) !== null;
        // The image first: once it is gone, nothing more is made from it.
        await rm(path, { force: true });
        const derived = await removeDerived(key);
        await unlessMissing(syncFolder(dirname(path)));
        return derived + (there ? 1 : 0);
      });
    },

    async check() {
      const path = join(incoming, `check-${randomUUID()}`);
      await guarded(async () => {
        await write(path, Buffer.from('check'));
        await rm(path, { force: true });
      });
    },
  };
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

async function unlessMissing<Value>(work: Promise<Value>): Promise<Value | null> {
  try {
    return await work;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Whatever the system refuses is a store out of order; the caller hears why in a few words, the log has the rest. */
async function guarded<Value>(work: () => Promise<Value>): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    const code = codeOf(error);
    if (error instanceof DarkroomError || code === null) throw error;
    throw new DarkroomError('STORAGE_UNAVAILABLE', messages[code] ?? 'The image store is out of order.', {
      cause: error,
    });
  }
}

const messages: Readonly<Record<string, string>> = {
  ENOSPC: 'The image store is full.',
  EDQUOT: 'The image store is full.',
  EACCES: 'The image store does not let Darkroom in.',
  EPERM: 'The image store does not let Darkroom in.',
  EROFS: 'The image store is read-only.',
};

function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null;
}
