import type { ExportJob } from '../domain/export.js';

export type { ExportJob };

/** Takes the rows of one file and gives its bytes. */
export type FileWriter = {
  /** A row as COPY sends it in its binary format: the number of columns, then each behind its length. */
  row(message: Buffer): void;
  end(): void;
  /** Rows that are whole in what was given out so far, or nearly. */
  rows(): number;
};

/** From the thread. */
export type ExportMessage =
  /** The server has begun to answer: nothing was wrong with the question. */
  | { type: 'opened' }
  /** The first `length` bytes belong to the file that is being written; `rows`: so many are whole by now, of all files. */
  | { type: 'bytes'; buffer: ArrayBuffer; length: number; rows: number }
  | { type: 'fileEnd'; rows: number }
  | { type: 'end' }
  | { type: 'failed'; message: string; code: string | null };

/** To the thread: as many buffers have been taken, so as many more may be sent. */
export type ExportCredit = { taken: number };

/** Buffers that may be on their way. */
export const blocksAhead = 4;
