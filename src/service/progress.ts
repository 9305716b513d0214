import { createLatest, type Latest } from '../events/latest.js';
import type { Hub } from '../events/hub.js';
import { keyOf } from '../domain/ids.js';
import type { Viewer } from '../domain/ports.js';
import { summaryOf, type Replay, type Replays } from '../domain/replay.js';
import type { Sweep, Sweeps } from '../domain/sweep.js';
import { tallyOf } from '../domain/tally.js';
import { DarkroomError } from '../errors.js';

/** A group changes with each of its generations; it is told of so often at most. */
const pauseMs = 200;
/** What is no event is seen after so long at most. */
const lookEveryMs = 1_000;

export type Progress = {
  /** The sweep now, then when its progress changed; ends when every cell has. A slow reader gets the latest only. */
  sweepChanged(viewer: Viewer, id: string): Promise<AsyncIterableIterator<Sweep>>;
  /** The replay now, then when its progress changed; ends when it is over. A slow reader gets the latest only. */
  replayChanged(viewer: Viewer, id: string): Promise<AsyncIterableIterator<Replay>>;
  /** Ends every stream. No new one begins. */
  stop(): void;
};

type State<T> = {
  value: T;
  /** Two states with the same mark look the same. */
  mark: string;
  last: boolean;
};

/** Streams that carry the state of a group of generations. */
export function createProgress(parts: { hub: Pick<Hub, 'onTopic'>; sweeps: Sweeps; replays: Replays }): Progress {
  const { hub, sweeps, replays } = parts;
  const open = new Set<Latest<unknown>>();
  let stopped = false;

  function checkOpen(): void {
    if (stopped) throw new DarkroomError('UNAVAILABLE', 'Darkroom is stopping here; subscribe again.');
  }

  function follow<T>(options: {
    load: () => Promise<State<T> | null>;
    listen: (touch: () => void) => () => void;
  }): Latest<T> {
    let timer: NodeJS.Timeout | null = null;
    let told: string | null = null;
    const latest = createLatest<T>({
      async load() {
        const state = await options.load();
        if (state === null) return null;
        if (state.mark === told && !state.last) return 'same';
        told = state.mark;
        return state;
      },
      onClose() {
        unlisten();
        if (timer !== null) clearTimeout(timer);
        open.delete(latest);
      },
    });
    open.add(latest);
    // The stream's first value is read only after this, so no change falls between the two.
    const unlisten = options.listen(() => {
      timer ??= setTimeout(() => {
        timer = null;
        latest.touch();
      }, pauseMs);
    });
    return latest;
  }

  return {
    async sweepChanged({ projectId }, id) {
      checkOpen();
      const key = keyOf('Sweep', id);
      const found = key === null ? undefined : (await sweeps.find(projectId, [key]))[0];
      if (found === undefined) throw new DarkroomError('NOT_FOUND', 'There is no such sweep in your project.');
      const cells = new Set((await sweeps.cells(projectId, [found.id])).map(({ generationId }) => generationId));
      checkOpen();
      return follow({
        async load() {
          const [sweep] = await sweeps.find(projectId, [found.id]);
          if (sweep === undefined) return null;
          const tally = tallyOf(await sweeps.tally(projectId, [found.id]));
          const mark = JSON.stringify([sweep.canceledAt, tally]);
          return { value: sweep, mark, last: tally.ended === tally.total };
        },
        listen: (touch) =>
          hub.onTopic({ projectId, profileId: found.profileId }, ({ generationId }) => {
            if (cells.has(generationId)) touch();
          }),
      });
    },

    async replayChanged({ projectId }, id) {
      checkOpen();
      const key = keyOf('Replay', id);
      const [found] = key === null ? [] : await replays.find(projectId, [key]);
      if (found === undefined) throw new DarkroomError('NOT_FOUND', 'There is no such replay in your project.');
      checkOpen();
      return follow({
        async load() {
          const [replay] = await replays.find(projectId, [found.id]);
          if (replay === undefined) return null;
          const summary = summaryOf(replay.costLimitMicros, await replays.pairs(projectId, [found.id]));
          const tally = tallyOf(await replays.tally(projectId, [found.id]));
          return {
            value: replay,
            mark: JSON.stringify([replay.status, replay.finishedAt, summary, tally]),
            last: replay.finishedAt !== null,
          };
        },
        listen(touch) {
          const unlisten = hub.onTopic({ projectId, profileId: null }, touch);
          // What is started and compared is no event.
          const timer = setInterval(touch, lookEveryMs);
          return () => {
            clearInterval(timer);
            unlisten();
          };
        },
      });
    },

    stop() {
      stopped = true;
      for (const stream of open) stream.stop();
    },
  };
}
