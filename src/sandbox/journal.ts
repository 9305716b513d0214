import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { taskSchema } from './task.js';
import { entrySchema } from './witness.js';

/**
 * What the sandbox must not forget when its process is killed, one JSON value a line, each written before the answer it
 * stands for leaves. A finished write survives the process; only a power cut could lose it, and that is not this file's aim.
 */
const lineSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('submit'), entry: entrySchema }),
  z.object({ kind: z.literal('answer'), n: z.int(), status: z.int() }),
  z.object({ kind: z.literal('task'), task: taskSchema, entry: z.int() }),
  /** The task's webhook has been delivered or given up. */
  z.object({ kind: z.literal('webhook'), task: z.string() }),
  z.object({ kind: z.literal('cancel'), task: z.string(), at: z.number() }),
  z.object({ kind: z.literal('credits'), owner: z.string(), balance: z.number() }),
]);

export type JournalLine = z.infer<typeof lineSchema>;

export type Journal = {
  append(line: JournalLine): void;
  close(): void;
};

/** A journal that keeps nothing. */
export const noJournal: Journal = { append: () => undefined, close: () => undefined };

function pathIn(folder: string): string {
  return join(folder, 'sandbox.ndjson');
}

/** Reads the lines back, in order. A line torn by a kill, or of an older form, is left out. */
export function readJournal(folder: string): JournalLine[] {
  if (!existsSync(pathIn(folder))) return [];
  const lines: JournalLine[] = [];
  for (const text of readFileSync(pathIn(folder), 'utf8').split('\n')) {
    const line = lineSchema.safeParse(parseJson(text));
    if (line.success) lines.push(line.data);
  }
  return lines;
}

/** Replaces the journal by `lines` (what is still worth keeping) and opens it for more. */
export function openJournal(folder: string, lines: readonly JournalLine[]): Journal {
  mkdirSync(folder, { recursive: true });
  const path = pathIn(folder);
  writeFileSync(`${path}.part`, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  renameSync(`${path}.part`, path);
  let file: number | null = openSync(path, 'a');
  return {
    append(line) {
      if (file !== null) writeSync(file, `${JSON.stringify(line)}\n`);
    },
    close() {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
