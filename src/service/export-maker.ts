import type { ExportFile, ExportJob, ExportSource, ExportThread, ExportWork } from '../domain/export.js';
import { periodsOf } from '../domain/export-periods.js';
import { newId } from '../domain/ids.js';
import { asError, DarkroomError } from '../errors.js';
import type { Logger } from '../logger.js';
import { createTicker } from '../time.js';

const lookEveryMs = 2_000;
const renewEveryMs = 2_000;
/** A process that has died is followed by another after so long. */
const leaseMs = 15_000;
/** The longest that the making of one may take. */
const longestMs = 12 * 3_600_000;
const sweepEveryMs = 10 * 60_000;

/** Where the files of exports are written. */
export type ExportFiles = {
  create(
    claim: string,
    path: string,
  ): Promise<{
    write(bytes: Buffer): Promise<void>;
    end(): Promise<{ bytes: number; sha256: string }>;
    drop(): Promise<void>;
  }>;
  remove(claim: string): Promise<void>;
  sweep(wanted: readonly string[]): Promise<void>;
  nameOf(format: string): string;
};

export type ExportMaker = {
  start(): void;
  /** An export may wait: look now. */
  poke(): void;
  /** Gives up what is being made; another process begins it anew. */
  stop(): Promise<void>;
};

type Claimed = NonNullable<Awaited<ReturnType<ExportWork['claim']>>>;

/**
 * Makes kept exports, one at a time in a process. All that counts is in the database: which are wanted, and whose claim holds.
 * Files are written below the claim's own name and seen only once the export is READY, so dying at any point leaves nothing
 * but rubbish, which is swept up.
 */
export function createExportMaker(parts: {
  work: ExportWork;
  source: ExportSource;
  files: ExportFiles;
  start: (job: ExportJob) => ExportThread;
  logger: Logger;
}): ExportMaker {
  const { work, source, files, logger } = parts;
  const workerId = newId();
  const stopping = new AbortController();

  const ticker = createTicker({
    everyMs: lookEveryMs,
    async run() {
      const claimed = stopping.signal.aborted ? null : await work.claim(workerId, leaseMs);
      if (claimed === null) return;
      await make(claimed);
      ticker.poke();
    },
    onError: (error) => logger.error({ err: asError(error) }, 'Exports could not be looked after; again'),
  });

  const sweeping = createTicker({
    everyMs: sweepEveryMs,
    run: async () => await files.sweep(await work.expire()),
    onError: (error) => logger.error({ err: asError(error) }, 'Old exports could not be removed; again later'),
  });

  async function make(claimed: Claimed): Promise<void> {
    const done = await write(claimed).catch(async (error: unknown) => {
      await files.remove(claimed.folder).catch(() => undefined);
      if (stopping.signal.aborted) await work.release(claimed);
      else await giveUp(claimed, error);
      return null;
    });
    if (done === null) return;
    // Somebody removed it, or another process took it over meanwhile.
    if (!(await work.finish(claimed, done))) await files.remove(claimed.folder);
  }

  async function giveUp(claimed: Claimed, error: unknown): Promise<void> {
    if (error instanceof ClaimLost) return;
    const known = error instanceof DarkroomError && error.code !== 'INTERNAL';
    logger[known ? 'warn' : 'error']({ err: asError(error), export: claimed.id }, 'An export could not be made');
    const told = known
      ? { code: error.code, message: error.message }
      : { code: 'INTERNAL', message: 'Something went wrong here; the log has it under the id of the export.' };
    await work.fail(claimed, told, { forGood: known });
  }

  async function write(claimed: Claimed): Promise<ExportFile[]> {
    const { projectId, projectSlug: project, partitionBy, filter, search } = claimed;
    const firstAt = await source.firstAt(projectId);
    const periods = periodsOf({ partitionBy, project, filter, firstAt, now: new Date() });
    if (periods.length === 0) return [];
    const progress = { rows: 0, bytes: 0, expectedRows: await source.expect(projectId, { filter, search }) };
    const filters = periods.map((period) => period.filter);
    const job = source.job({ projectId, project }, claimed, { filters, timeoutMs: longestMs });
    const thread = parts.start(job);
    const renewing = createTicker({
      everyMs: renewEveryMs,
      async run() {
        if (!(await work.renew(claimed, leaseMs, progress))) await thread.stop(new ClaimLost());
      },
      onError: (error) => logger.warn({ err: asError(error) }, 'The claim of an export could not be renewed; again'),
    });
    const abandon = (): void => void thread.stop();
    stopping.signal.addEventListener('abort', abandon, { once: true });
    renewing.start();
    let whole = false;
    try {
      const written: ExportFile[] = [];
      for (const { folder } of periods) {
        const file = await writeFile(thread, claimed, `${folder}${files.nameOf(claimed.format)}`, progress);
        if (file.rows > 0 || partitionBy === 'NONE') written.push(file);
      }
      whole = true;
      return written;
    } finally {
      stopping.signal.removeEventListener('abort', abandon);
      await renewing.stop();
      await thread.stop();
      if (!whole) await source.end(job.tag).catch(() => undefined);
    }
  }

  async function writeFile(
    thread: ExportThread,
    claimed: Claimed,
    path: string,
    progress: { rows: number; bytes: number },
  ): Promise<ExportFile> {
    const file = await files.create(claimed.folder, path);
    const before = progress.rows;
    try {
      for (let part = await thread.next(); part !== null; part = await thread.next()) {
        progress.rows = part.rows;
        if ('bytes' in part) {
          await file.write(part.bytes);
          progress.bytes += part.bytes.length;
          continue;
        }
        const rows = part.rows - before;
        if (rows > 0 || claimed.partitionBy === 'NONE') return { path, rows, ...(await file.end()) };
        await file.drop();
        return { path, rows, bytes: 0, sha256: '' };
      }
      throw new Error('An export ended before its last file.');
    } catch (error) {
      await file.drop();
      throw error;
    }
  }

  return {
    start() {
      ticker.start();
      sweeping.start();
    },
    poke: () => ticker.poke(),
    async stop() {
      stopping.abort();
      await Promise.all([ticker.stop(), sweeping.stop()]);
    },
  };
}

/** Whoever asked for it took it back, or another process has it now. */
class ClaimLost extends Error {}
