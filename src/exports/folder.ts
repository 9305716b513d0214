import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { mkdir, open, readdir, rm, stat, statfs, type FileHandle } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import type { ExportFile } from '../domain/export.js';
import { DarkroomError } from '../errors.js';

/** A file that is being written, by one writer. */
export type OpenExportFile = {
  write(bytes: Buffer): Promise<void>;
  /** Once this resolves, the file survives a crash. */
  end(): Promise<{ bytes: number; sha256: string }>;
  /** Closes it and takes it away. */
  drop(): Promise<void>;
};

/**
 * The files of kept exports, in a folder that several processes and, by a shared file system, several hosts may use:
 *
 *     <folder>/<claim>/<path>
 *
 * Each claim of an export writes below a name of its own, and an export shows the files of the claim that finished. So no half
 * file is ever seen, and whatever no export names is rubbish.
 */
export type ExportFolder = {
  create(claim: string, path: string): Promise<OpenExportFile>;
  /** The bytes from `start` to `end`, both included; null when there is no such file. */
  read(claim: string, path: string, range?: { start: number; end: number }): Promise<Readable | null>;
  remove(claim: string): Promise<void>;
  /** Removes all but these, unless they were made a moment ago. */
  sweep(wanted: readonly string[]): Promise<void>;
};

/** A claim is in the database before its folder is made, so nothing younger than the reading of both is rubbish. */
const youngMs = 10 * 60_000;
/** How often the free space is looked at, in bytes written. */
const lookEveryBytes = 16 * 1024 * 1024;

const claimPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const pathPattern = /^(?:[\w=-]+\/){0,2}[\w.-]+\.(?:csv|ndjson|parquet)$/;

/** `reserveBytes` is what exports leave free on the disk; they end with STORAGE_UNAVAILABLE before. */
export function createExportFolder(options: { folder: string; reserveBytes: number }): ExportFolder {
  const folder = resolve(options.folder);

  function pathOf(claim: string, path: string): string {
    // Nothing that passes leads out of the folder.
    if (!claimPattern.test(claim) || !pathPattern.test(path)) {
      throw new DarkroomError('BAD_REQUEST', 'This is no path of an export.');
    }
    return join(folder, claim, path);
  }

  async function checkSpace(): Promise<void> {
    const disk = await statfs(folder);
    if (disk.bavail * disk.bsize > options.reserveBytes) return;
    throw new DarkroomError('STORAGE_UNAVAILABLE', 'The disk has no room for the export.');
  }

  return {
    async create(claim, path) {
      const place = pathOf(claim, path);
      await mkdir(dirname(place), { recursive: true });
      await checkSpace();
      const file: FileHandle = await open(place, 'wx', 0o640);
      const hash = createHash('sha256');
      let bytes = 0;
      let looked = 0;
      return {
        async write(piece) {
          hash.update(piece);
          await file.writeFile(piece).catch(storageFault);
          bytes += piece.length;
          if (bytes - looked < lookEveryBytes) return;
          looked = bytes;
          await checkSpace();
        },
        async end() {
          await file.sync().catch(storageFault);
          await file.close();
          return { bytes, sha256: hash.digest('hex') };
        },
        async drop() {
          await file.close().catch(() => undefined);
          await rm(place, { force: true });
        },
      };
    },
    async read(claim, path, range) {
      const place = pathOf(claim, path);
      const found = await stat(place).catch(() => null);
      return found === null ? null : createReadStream(place, range);
    },
    async remove(claim) {
      if (claimPattern.test(claim)) await rm(join(folder, claim), { recursive: true, force: true });
    },
    async sweep(wanted) {
      await mkdir(folder, { recursive: true });
      const kept = new Set(wanted);
      for (const name of await readdir(folder)) {
        if (kept.has(name) || !claimPattern.test(name)) continue;
        const found = await stat(join(folder, name)).catch(() => null);
        if (found === null || Date.now() - found.mtimeMs < youngMs) continue;
        await rm(join(folder, name), { recursive: true, force: true });
      }
    },
  };
}

function storageFault(error: unknown): never {
  throw new DarkroomError('STORAGE_UNAVAILABLE', 'The export could not be written to the disk.', { cause: error });
}

/** Name of an export's one file, or of one in its period's folder. */
export function exportFileName(format: string): ExportFile['path'] {
  return `generations.${format.toLowerCase()}`;
}
