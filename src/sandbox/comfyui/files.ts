import { appendFileSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { z } from 'zod';
import { createFileBlobs, createMemoryBlobs, type Blobs } from '../blobs.js';
import { recipeSchema } from './recipe.js';

/** ComfyUI's folders: what was uploaded, what was saved, and what is only shown, which a restart removes. */
export const folderNames = ['input', 'output', 'temp'] as const;
export type FolderName = (typeof folderNames)[number];

const fileSchema = z.object({
  folder: z.enum(folderNames),
  subfolder: z.string(),
  name: z.string(),
  content: z.discriminatedUnion('kind', [
    /** Uploaded bytes, by their SHA-256. Size in pixels as a person sees it; null when it is no image. */
    z.object({
      kind: z.literal('bytes'),
      hash: z.string(),
      bytes: z.int(),
      size: z.object({ width: z.int(), height: z.int() }).nullable(),
    }),
    /** A picture that is drawn when it is asked for; `text` are its PNG text chunks. */
    z.object({
      kind: z.literal('drawn'),
      id: z.string(),
      recipe: recipeSchema,
      text: z.record(z.string(), z.string()),
      wish: z.enum(['expired', 'html', 'not-an-image', 'huge']).nullable(),
    }),
  ]),
});

export type StoredFile = z.infer<typeof fileSchema>;
export type FileName = Pick<StoredFile, 'folder' | 'subfolder' | 'name'>;

/** The disk of the pretend ComfyUI. It outlives ComfyUI's restarts, and the process when the sandbox has a state folder. */
export type Files = {
  get(name: FileName): StoredFile | null;
  /** Puts a file in its place, whatever was there. */
  put(file: StoredFile, bytes?: Buffer): void;
  bytes(hash: string): Promise<Buffer | null>;
  /** Names of the files that lie in `folder` itself, sorted. */
  list(folder: FolderName): string[];
  /** The next free number for pictures whose names start so, from 1. */
  nextNumber(name: FileName): number;
  clearTemp(): void;
};

/** Uploads beyond this many bytes push out the oldest, and pictures beyond this many the oldest: memory stays bounded. */
const [mostUploaded, mostDrawn] = [1024 ** 3, 20_000];

/** A path inside ComfyUI's folders, or null when it leads out of them. */
export function insideOf(...parts: string[]): string | null {
  if (parts.some((part) => part.startsWith('/') || part.includes('\0'))) return null;
  const path = posix.join(...parts).replace(/\/+$/, '');
  if (path === '..' || path.startsWith('../')) return null;
  return path === '.' ? '' : path;
}

/** A name as nodes write it, `a/b.png [output]`: input unless it says otherwise. Null when it leads out of the folders. */
export function annotatedName(text: string, otherwise: FolderName = 'input'): FileName | null {
  const match = /^(.*?)(?: ?\[(input|output|temp)\])?$/s.exec(text);
  const path = insideOf(match?.[1] ?? '');
  if (path === null || path === '') return null;
  const folder = folderNames.find((each) => each === match?.[2]) ?? otherwise;
  const subfolder = posix.dirname(path);
  return { folder, subfolder: subfolder === '.' ? '' : subfolder, name: posix.basename(path) };
}

function keyOf({ folder, subfolder, name }: FileName): string {
  return `${folder}/${subfolder}/${name}`;
}

function readBack(path: string): StoredFile[] {
  if (!existsSync(path)) return [];
  const files: StoredFile[] = [];
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    try {
      const file = fileSchema.safeParse(JSON.parse(line));
      if (file.success) files.push(file.data);
    } catch {
      // A line torn by a kill.
    }
  }
  return files;
}

/** Opens the folders; `stateDir` null: in memory. */
export function createFiles(stateDir: string | null): Files {
  const journal = stateDir === null ? null : join(stateDir, 'comfyui.ndjson');
  if (stateDir !== null) mkdirSync(stateDir, { recursive: true });
  const blobs: Blobs = stateDir === null ? createMemoryBlobs() : createFileBlobs(join(stateDir, 'comfyui'));
  const kept = new Map<string, StoredFile>();
  const numbers = new Map<string, number>();
  let [uploaded, drawn] = [0, 0];

  function count({ content }: StoredFile, sign: 1 | -1): void {
    if (content.kind === 'bytes') uploaded += sign * content.bytes;
    else drawn += sign;
  }

  function keep(file: StoredFile): void {
    const key = keyOf(file);
    const before = kept.get(key);
    if (before !== undefined) count(before, -1);
    kept.delete(key);
    kept.set(key, file);
    count(file, 1);
    const counted = /^(.*_)(\d{5,})_\.\w+$/.exec(key);
    if (counted !== null) {
      const prefix = counted[1] ?? '';
      numbers.set(prefix, Math.max(numbers.get(prefix) ?? 0, Number(counted[2])));
    }
  }

  function prune(): void {
    if (uploaded <= mostUploaded && drawn <= mostDrawn) return;
    for (const [key, file] of kept) {
      const over = file.content.kind === 'bytes' ? uploaded > mostUploaded * 0.75 : drawn > mostDrawn * 0.9;
      if (!over) continue;
      kept.delete(key);
      count(file, -1);
    }
    blobs.keepOnly(new Set([...kept.values()].flatMap(hashesOf)));
  }

  if (journal !== null) {
    for (const file of readBack(journal)) keep(file);
    // What is overwritten or was pushed out is left behind.
    const lines = [...kept.values()].map((file) => `${JSON.stringify(file)}\n`);
    writeFileSync(`${journal}.part`, lines.join(''));
    renameSync(`${journal}.part`, journal);
  }

  return {
    get: (name) => kept.get(keyOf(name)) ?? null,
    put(file, bytes) {
      if (bytes !== undefined && file.content.kind === 'bytes') blobs.put(file.content.hash, bytes);
      keep(file);
      if (journal !== null && file.folder !== 'temp') appendFileSync(journal, `${JSON.stringify(file)}\n`);
      prune();
    },
    bytes: (hash) => blobs.get(hash),
    list: (folder) =>
      [...kept.values()]
        .filter((file) => file.folder === folder && file.subfolder === '')
        .map(({ name }) => name)
        .toSorted(),
    nextNumber: (name) => (numbers.get(`${keyOf(name)}_`) ?? 0) + 1,
    clearTemp() {
      for (const [key, file] of kept) {
        if (file.folder !== 'temp') continue;
        kept.delete(key);
        count(file, -1);
      }
    },
  };
}

function hashesOf({ content }: StoredFile): string[] {
  if (content.kind === 'bytes') return [content.hash];
  return [content.recipe.control, content.recipe.mask].filter((hash) => hash !== null);
}
