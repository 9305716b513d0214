import type { ExportAsked, ExportJob, ExportSource, ExportThread } from '../domain/export.js';
import type { Viewer } from '../domain/ports.js';
import { DarkroomError } from '../errors.js';

export const streamBounds = {
  /** Exports that a process streams at once, each with a thread and a connection. */
  atOnce: 3,
  /** Of them of one project. */
  perProject: 2,
  /** A reader that takes nothing for so long is cut off: its snapshot keeps the database from tidying up. */
  stalledMs: 30_000,
  /** However fast: what takes longer is made to be kept, and read as slowly as one likes. */
  longestMs: 3_600_000,
} as const;

/** An export on its way to a reader. */
export type ExportStream = {
  /** Its bytes in pieces of at most 64 KiB, read as they are taken. Ends by itself; a fault is thrown. */
  pieces: AsyncIterable<Buffer>;
  /** Aborts when the reader is to be cut off. */
  cut: AbortSignal;
  /** Ends it wherever it is, and gives back its connection. */
  stop(): Promise<void>;
};

export type ExportStreams = {
  /** Resolves when the database has begun to answer. Throws UNAVAILABLE when there are too many. `gone`: the reader has left. */
  open(viewer: Viewer, asked: ExportAsked, gone: AbortSignal): Promise<ExportStream>;
  running(): number;
  /** Takes no more, and ends those under way. */
  stop(): Promise<void>;
};

const pieceBytes = 64 * 1024;

export function createExportStreams(parts: {
  source: ExportSource;
  start: (job: ExportJob) => ExportThread;
  /** For tests. */
  bounds?: { [Name in keyof typeof streamBounds]: number };
}): ExportStreams {
  const { source, start, bounds = streamBounds } = parts;
  const open = new Set<ExportStream>();
  /** Places taken, by project: also those that are just being opened. */
  const taken: string[] = [];
  let stopping = false;

  function take(projectId: string): void {
    if (stopping) throw new DarkroomError('UNAVAILABLE', 'Darkroom is stopping; try again in a moment.');
    const mine = taken.filter((each) => each === projectId).length;
    if (taken.length >= bounds.atOnce || mine >= bounds.perProject) {
      const limit = `${bounds.perProject} of a project and ${bounds.atOnce} in all are streamed at once`;
      throw new DarkroomError('UNAVAILABLE', `Too many exports are under way: ${limit}. Try again in a moment.`);
    }
    taken.push(projectId);
  }

  async function begin(
    viewer: Viewer,
    asked: ExportAsked,
    options: { gone: AbortSignal; release: () => void },
  ): Promise<ExportStream> {
    await source.check(viewer.projectId, asked.search);
    const owner = { projectId: viewer.projectId, project: viewer.projectSlug };
    const job = source.job(owner, asked, { filters: [asked.filter], timeoutMs: bounds.longestMs });
    const thread = start(job);
    const cutting = new AbortController();
    let over: Promise<void> | null = null;
    const leave = (): void => void stream.stop();
    const cut = (reason: string): void => {
      cutting.abort(new Error(reason));
      leave();
    };
    const longest = setTimeout(() => cut('The export took too long.'), bounds.longestMs);
    let stalled: NodeJS.Timeout | undefined;
    let whole = false;

    async function end(): Promise<void> {
      clearTimeout(longest);
      clearTimeout(stalled);
      options.gone.removeEventListener('abort', leave);
      await thread.stop();
      // A server that is still looking for rows would notice only when it sends one.
      if (!whole) await source.end(job.tag).catch(() => undefined);
      open.delete(stream);
      options.release();
    }

    async function* pieces(): AsyncGenerator<Buffer> {
      try {
        for (let part = await thread.next(); part !== null; part = await thread.next()) {
          if (!('bytes' in part)) continue;
          for (let at = 0; at < part.bytes.length; at += pieceBytes) {
            stalled = setTimeout(() => cut('The reader took nothing for too long.'), bounds.stalledMs);
            yield part.bytes.subarray(at, at + pieceBytes);
            clearTimeout(stalled);
          }
        }
        whole = true;
      } finally {
        await stream.stop();
      }
    }

    const stream: ExportStream = {
      pieces: { [Symbol.asyncIterator]: pieces },
      cut: cutting.signal,
      stop: async () => await (over ??= end()),
    };
    open.add(stream);
    options.gone.addEventListener('abort', leave);
    try {
      options.gone.throwIfAborted();
      await thread.opened;
    } catch (error) {
      await stream.stop();
      throw error;
    }
    return stream;
  }

  return {
    async open(viewer, asked, gone) {
      take(viewer.projectId);
      let held = true;
      const release = (): void => {
        if (held) taken.splice(taken.indexOf(viewer.projectId), 1);
        held = false;
      };
      try {
        return await begin(viewer, asked, { gone, release });
      } catch (error) {
        release();
        throw error;
      }
    },
    running: () => taken.length,
    async stop() {
      stopping = true;
      await Promise.all([...open].map(async (stream) => await stream.stop()));
    },
  };
}
