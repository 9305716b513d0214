import { parentPort, workerData } from 'node:worker_threads';
import postgres, { type TransactionSql } from 'postgres';
import type { GiveBlock } from './block.ts';
import { copyHeaderBytes, isCopyEnd } from './copy-binary.ts';
import { createCsv } from './csv.ts';
import { blocksAhead, type ExportCredit, type ExportJob, type ExportMessage, type FileWriter } from './job.ts';
import { createNdjson } from './ndjson.ts';

/**
 * The thread that makes one export: it has the connection, so the event loop of the API only hands blocks on. Started by
 * export-thread.ts from this very file, as TypeScript in development (Node strips the types) or as JavaScript from the
 * build: so it and what it imports name each other with the ending .ts, and use no syntax that needs compiling.
 */

// Whoever starts this thread gives it a job.
const job = workerData as ExportJob;

const send = (message: ExportMessage, transfer: ArrayBuffer[] = []): void => parentPort?.postMessage(message, transfer);

let credit = blocksAhead;
let resume = (): void => undefined;
parentPort?.on('message', ({ taken }: ExportCredit) => {
  credit += taken;
  if (credit > 0) resume();
});

async function createFile(give: GiveBlock): Promise<FileWriter> {
  const { columns, format, bom } = job;
  switch (format) {
    case 'CSV':
      return createCsv(columns, bom, give);
    case 'NDJSON':
      return createNdjson(columns, give);
    case 'PARQUET': {
      // Only where it is needed: it is most of what a thread has to load.
      const { createParquet } = await import('./parquet.ts');
      return createParquet(columns, give);
    }
    default:
      return format satisfies never;
  }
}

/** Rows of the files that are whole. */
let rowsBefore = 0;

async function makeFile(tx: TransactionSql, statement: string): Promise<void> {
  let pause = (): void => undefined;
  const give: GiveBlock = (buffer, length) => {
    credit -= 1;
    send({ type: 'bytes', buffer, length, rows: rowsBefore + file.rows() }, [buffer]);
    if (credit <= 0) pause();
  };
  // Before the rows, which come with nobody listening otherwise.
  const file = await createFile(give);
  const rows = await tx.unsafe(statement).readable();
  send({ type: 'opened' });
  pause = () => rows.pause();
  resume = () => rows.resume();
  let first = true;
  const take = (message: Buffer): void => {
    // The header comes in one message with the first row, or with the end when there is none.
    const row = first ? message.subarray(copyHeaderBytes) : message;
    first = false;
    if (!isCopyEnd(row)) file.row(row);
  };
  await new Promise<void>((resolve, reject) => {
    rows.on('data', (message: Buffer) => {
      try {
        take(message);
      } catch (error) {
        rows.destroy(error instanceof Error ? error : new Error(String(error)));
      }
    });
    rows.once('end', resolve).once('error', reject);
    rows.once('close', () => reject(new Error('The rows ended too early.')));
  });
  // Where the last row found the stream full, postgres.js has paused the socket, and resumes it only when more is read:
  // no answer to the next statement would come.
  rows._read(0);
  file.end();
  rowsBefore += file.rows();
  send({ type: 'fileEnd', rows: rowsBefore });
}

async function make(): Promise<void> {
  const sql = postgres(job.url, {
    max: 1,
    fetch_types: false,
    onnotice: () => undefined,
    connect_timeout: 10,
    connection: {
      application_name: job.tag,
      client_encoding: 'UTF8',
      DateStyle: 'ISO',
      statement_timeout: job.timeoutMs,
      // Literals are written for this; and rows come in the order of an index instead of being sorted first.
      standard_conforming_strings: 'on',
      enable_sort: 'off',
      max_parallel_workers_per_gather: 0,
      jit: 'off',
    },
  });
  try {
    await sql.begin('isolation level repeatable read read only', async (tx) => {
      for (const statement of job.statements) await makeFile(tx, statement);
    });
  } finally {
    await sql.end({ timeout: 1 });
  }
}

try {
  await make();
  send({ type: 'end' });
} catch (error) {
  const { message, code } = Object.assign({ message: String(error), code: null }, error);
  send({ type: 'failed', message: error instanceof Error ? error.message : message, code });
}
parentPort?.close();
