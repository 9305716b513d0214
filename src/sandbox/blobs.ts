import { mkdirSync, readdirSync, renameSync, rmSync, writeFileSync, existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Images that came with requests, kept by the SHA-256 of their bytes for as long as a task needs them. */
export type Blobs = {
  put(hash: string, bytes: Buffer): void;
  get(hash: string): Promise<Buffer | null>;
  /** Drops whatever is not in `wanted`. */
  keepOnly(wanted: ReadonlySet<string>): void;
};

/** Keeps them in memory. */
export function createMemoryBlobs(): Blobs {
  const kept = new Map<string, Buffer>();
  return {
    put(hash, bytes) {
      if (!kept.has(hash)) kept.set(hash, bytes);
    },
    get(hash) {
      return Promise.resolve(kept.get(hash) ?? null);
    },
    keepOnly(wanted) {
      for (const hash of kept.keys()) if (!wanted.has(hash)) kept.delete(hash);
    },
  };
}

/** Keeps each in a file of its own in `folder`, written aside and renamed, so that a kill leaves no half of one. */
export function createFileBlobs(folder: string): Blobs {
  mkdirSync(folder, { recursive: true });
  return {
    put(hash, bytes) {
      const path = join(folder, hash);
      if (!existsSync(path)) {
        writeFileSync(`${path}.part`, bytes);
        renameSync(`${path}.part`, path);
      }
    },
    get(hash) {
      return readFile(join(folder, hash)).catch(() => null);
    },
    keepOnly(wanted) {
      for (const name of readdirSync(folder)) if (!wanted.has(name)) rmSync(join(folder, name), { force: true });
    },
  };
}
