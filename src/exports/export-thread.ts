import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { ExportJob, ExportPart, ExportThread } from '../domain/export.js';
import type { ExportCredit, ExportMessage } from './job.js';

/** A fault of the database in a thread; `code` is PostgreSQL's, or that of the connection. */
function faultOf(message: string, code: string | null): Error {
  return Object.assign(new Error(message), code === null ? {} : { code });
}

/** Of its own memory, in MB: a fault in a thread must not take the process with it. */
const limits = { maxOldGenerationSizeMb: 128, maxYoungGenerationSizeMb: 16 };

export function startExportThread(job: ExportJob): ExportThread {
  const address = new URL(`./export-worker${extname(import.meta.url)}`, import.meta.url);
  const worker = new Worker(address, { workerData: job, resourceLimits: limits });
  const parts: ExportPart[] = [];
  let over: { error: Error | null } | null = null;
  let wake = (): void => undefined;
  const { promise: opened, resolve: open, reject: refuse } = Promise.withResolvers<void>();
  // Whoever does not wait for the beginning hears of a fault by the parts.
  opened.catch(() => undefined);

  function end(error: Error | null): void {
    over ??= { error };
    if (over.error !== null) refuse(over.error);
    else open();
    wake();
  }

  worker.on('message', (message: ExportMessage) => {
    switch (message.type) {
      case 'opened':
        return open();
      case 'bytes':
        parts.push({ bytes: Buffer.from(message.buffer, 0, message.length), rows: message.rows });
        return wake();
      case 'fileEnd':
        parts.push({ fileEnd: true, rows: message.rows });
        return wake();
      case 'end':
        return end(null);
      case 'failed':
        return end(faultOf(message.message, message.code));
      default:
        return message satisfies never;
    }
  });
  worker.once('error', (error: Error) => end(error));
  worker.once('exit', () => end(new Error('The thread of an export ended early.')));

  return {
    opened,
    async next() {
      while (parts.length === 0 && over === null) await new Promise<void>((resolve) => (wake = resolve));
      const part = parts.shift();
      if (part !== undefined) {
        if ('bytes' in part) worker.postMessage({ taken: 1 } satisfies ExportCredit, []);
        return part;
      }
      if (over?.error != null) throw over.error;
      return null;
    },
    async stop(reason = new Error('The export was stopped.')) {
      end(reason);
      await worker.terminate();
    },
  };
}
