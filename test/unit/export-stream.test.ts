import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { ExportAsked, ExportJob, ExportPart, ExportSource } from '../../src/domain/export.js';
import type { Viewer } from '../../src/domain/ports.js';
import { createExportStreams, streamBounds, type ExportStreams } from '../../src/service/export-stream.js';

const viewer = (projectId: string): Viewer => ({
  projectId,
  projectSlug: projectId,
  projectName: projectId,
  keyId: 'key',
  keyName: 'key',
  operator: false,
});
const asked: ExportAsked = { format: 'CSV', filter: {}, search: null, columns: ['prompt'], bom: false };
const job: ExportJob = { url: '', tag: 'tag', format: 'CSV', columns: [], bom: false, statements: [], timeoutMs: 0 };
const here = new AbortController().signal;

/** What the threads are to give, and what became of them. */
let parts: ExportPart[];
let stopped: number;
let ended: string[];
let opened: Promise<void>;

const source: ExportSource = {
  check: async () => undefined,
  expect: async () => 0,
  firstAt: async () => null,
  job: () => job,
  end: async (tag) => void ended.push(tag),
};

function start(bounds: Partial<Record<keyof typeof streamBounds, number>> = {}): ExportStreams {
  return createExportStreams({
    source,
    bounds: { ...streamBounds, ...bounds },
    start: () => {
      let over = false;
      const { promise: stopping, reject } = Promise.withResolvers<never>();
      stopping.catch(() => undefined);
      return {
        opened: Promise.race([opened, stopping]),
        next: async () => parts.shift() ?? null,
        async stop(reason = new Error('stopped')) {
          if (!over) stopped += 1;
          over = true;
          reject(reason);
        },
      };
    },
  });
}

beforeEach(() => {
  parts = [
    { bytes: Buffer.alloc(100_000, 'x'), rows: 1 },
    { bytes: Buffer.from('end'), rows: 2 },
  ];
  [stopped, ended, opened] = [0, [], Promise.resolve()];
});

describe('an export that is streamed', () => {
  it('comes in small pieces, and gives back everything at its end', async () => {
    const streams = start();
    const stream = await streams.open(viewer('one'), asked, here);
    expect(streams.running()).toBe(1);
    const lengths: number[] = [];
    for await (const piece of stream.pieces) lengths.push(piece.length);
    expect(lengths).toEqual([65_536, 34_464, 3]);
    expect([streams.running(), stopped, ended]).toEqual([0, 1, []]);
  });

  it('is cut off when its reader takes nothing', async () => {
    const streams = start({ stalledMs: 10 });
    const stream = await streams.open(viewer('one'), asked, here);
    await stream.pieces[Symbol.asyncIterator]().next();
    await vi.waitFor(() => expect(stream.cut.aborted).toBe(true));
    await vi.waitFor(() => expect([streams.running(), stopped, ended]).toEqual([0, 1, ['tag']]));
  });

  it('is cut off when it takes too long', async () => {
    const streams = start({ longestMs: 10 });
    const stream = await streams.open(viewer('one'), asked, here);
    await vi.waitFor(() => expect(stream.cut.aborted).toBe(true));
    await vi.waitFor(() => expect([stopped, ended]).toEqual([1, ['tag']]));
  });

  it('ends when its reader leaves while the database has not begun to answer', async () => {
    opened = new Promise(() => undefined);
    const streams = start();
    const gone = new AbortController();
    const opening = streams.open(viewer('one'), asked, gone.signal);
    await vi.waitFor(() => expect(streams.running()).toBe(1));
    gone.abort();
    await expect(opening).rejects.toThrow('stopped');
    expect([streams.running(), stopped, ended]).toEqual([0, 1, ['tag']]);
  });

  it('is refused when there are too many, of one project or at all', async () => {
    const streams = start({ atOnce: 3, perProject: 2 });
    const first = await streams.open(viewer('one'), asked, here);
    await streams.open(viewer('one'), asked, here);
    await expect(streams.open(viewer('one'), asked, here)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await streams.open(viewer('two'), asked, here);
    await expect(streams.open(viewer('three'), asked, here)).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message:
        'Too many exports are under way: 2 of a project and 3 in all are streamed at once. Try again in a moment.',
    });
    await first.stop();
    await streams.open(viewer('three'), asked, here);
    expect(streams.running()).toBe(3);
  });

  it('ends with the process, and no other begins', async () => {
    const streams = start();
    await streams.open(viewer('one'), asked, here);
    await streams.stop();
    expect([streams.running(), stopped, ended]).toEqual([0, 1, ['tag']]);
    await expect(streams.open(viewer('one'), asked, here)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
