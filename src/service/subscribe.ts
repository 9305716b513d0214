import { DarkroomError } from '../errors.js';
import { batchOf, noteBatch } from '../events/batch.js';
import { createFollower, type Follower, type LogMessage } from '../events/follow.js';
import { createLatest } from '../events/latest.js';
import type { Hub } from '../events/hub.js';
import type { Generation, GenerationEvent } from '../domain/generation.js';
import { isTerminal } from '../domain/lifecycle.js';
import type { EventFilter, EventLog, History, Missed, Viewer } from '../domain/ports.js';

/** Running generations in a first message, at most. */
const snapshotLimit = 500;
/** Events that may wait for a slow reader. */
const eventBound = 1_000;
/** Whoever has missed more than so many events is better served by a snapshot. */
const missedAtMost = 100_000;

export type EventsSnapshot = { kind: 'snapshot'; position: number; running: Generation[] };
/** The cursor leads nowhere any more: a new snapshot is needed. */
export type EventsTooOld = { kind: 'end'; reason: 'CURSOR_TOO_OLD'; message: string };
export type EventsMessage = EventsSnapshot | EventsTooOld | LogMessage;

/** `together`: all that were read with it, by their ids; the same object for all of them. */
export type ToldGeneration = { generation: Generation | null; together: ReadonlyMap<string, Generation> };

export type Subscriptions = {
  /** The generation now, then after each change; ends with its terminal state. A slow reader gets the latest only. */
  generationChanged(viewer: Viewer, id: string): Promise<AsyncIterableIterator<Generation>>;
  /**
   * Without `after` the running generations first, then every event from there on, in order; with it every event after
   * that position. Ends by itself only with a message that says why.
   */
  generationEvents(
    viewer: Viewer,
    filter: EventFilter,
    after: number | null,
  ): Promise<AsyncIterableIterator<EventsMessage>>;
  /**
   * The generation of an event that was told, at that event or later; all readers of an event share one reading, made for
   * all events that came with it. Undefined for an event that was told to nobody.
   */
  generationOf(event: GenerationEvent): Promise<ToldGeneration> | undefined;
  /** Ends every stream: those of events with the place to go on from. No new one begins. */
  stop(): void;
};

export function createSubscriptions(parts: {
  hub: Hub;
  history: Pick<History, 'generation' | 'generations' | 'running'>;
  log: EventLog;
  /** How old a missed event may be. */
  replayMs: number;
}): Subscriptions {
  const { hub, history, log, replayMs } = parts;
  const open = new Set<{ stop(): void }>();
  let stopped = false;

  /** By batch and project; gone with the batch. */
  const loaded = new WeakMap<readonly GenerationEvent[], Map<string, Promise<Map<string, Generation>>>>();

  async function load(projectId: string, batch: readonly GenerationEvent[]): Promise<Map<string, Generation>> {
    const own = batch.filter((event) => event.projectId === projectId);
    const found = await history.generations(projectId, [...new Set(own.map((event) => event.generationId))]);
    return new Map(found.flatMap((generation) => (generation === null ? [] : [[generation.id, generation]])));
  }

  async function generationIn(batch: readonly GenerationEvent[], event: GenerationEvent): Promise<ToldGeneration> {
    const { projectId } = event;
    const projects = loaded.get(batch) ?? new Map<string, Promise<Map<string, Generation>>>();
    loaded.set(batch, projects);
    const loading = projects.get(projectId) ?? load(projectId, batch);
    projects.set(projectId, loading);
    try {
      const together = await loading;
      return { generation: together.get(event.generationId) ?? null, together };
    } catch (error) {
      // The next one who asks tries again.
      if (projects.get(projectId) === loading) projects.delete(projectId);
      throw error;
    }
  }

  function checkOpen(): void {
    if (stopped) throw new DarkroomError('UNAVAILABLE', 'Darkroom is stopping here; subscribe again.');
  }

  function follow(
    viewer: Viewer,
    filter: EventFilter,
    start: { first: EventsSnapshot | null; from: number; head: number },
  ): Follower<EventsSnapshot> {
    const { projectId } = viewer;
    const follower = createFollower<EventsSnapshot>({
      ...start,
      async read(after, upTo, limit) {
        const events = await log.page(projectId, filter, { after, upTo, limit });
        noteBatch(events);
        return events;
      },
      listen: (listener) =>
        hub.onTopic({ projectId, profileId: filter.profileId ?? null }, (event) => {
          if (matches(filter, event)) listener(event);
        }),
      livePosition: () => hub.position(),
      bound: eventBound,
      onClose: () => open.delete(follower),
    });
    open.add(follower);
    return follower;
  }

  return {
    async generationChanged(viewer, id) {
      checkOpen();
      const read = async (): Promise<Generation | null> => await history.generation(viewer.projectId, id);
      if ((await read()) === null) {
        throw new DarkroomError('NOT_FOUND', 'There is no such generation in your project.');
      }
      checkOpen();
      const latest = createLatest({
        async load() {
          const generation = await read();
          return generation === null ? null : { value: generation, last: isTerminal(generation.status) };
        },
        onClose() {
          unlisten();
          open.delete(latest);
        },
      });
      open.add(latest);
      // The stream's first value is read only after this, so no change falls between the two.
      const unlisten = hub.onGeneration(id, () => latest.touch());
      return latest;
    },

    async generationEvents(viewer, filter, after) {
      checkOpen();
      if (after === null) {
        const position = await log.last();
        const running = await history.running(viewer.projectId, filter, snapshotLimit);
        checkOpen();
        return follow(viewer, filter, {
          first: { kind: 'snapshot', position, running },
          from: position,
          head: position,
        });
      }
      const missed = await log.since(viewer.projectId, after, missedAtMost);
      checkOpen();
      const message = whyTooOld(after, missed, replayMs);
      if (message !== null) return onlyMessage({ kind: 'end', reason: 'CURSOR_TOO_OLD', message });
      return follow(viewer, filter, { first: null, from: after, head: missed.last });
    },

    generationOf(event) {
      const batch = batchOf(event);
      return batch === null ? undefined : generationIn(batch, event);
    },

    stop() {
      stopped = true;
      for (const stream of open) stream.stop();
    },
  };
}

/** Why what was missed cannot be told any more; null when it can. */
function whyTooOld(after: number, { last, oldestMs, gone, many }: Missed, replayMs: number): string | null {
  if (after > last) return 'The cursor lies ahead of the log, which was restored from a backup: take a new snapshot.';
  if (gone) return 'Events after the cursor are no longer kept: take a new snapshot.';
  if (many) return `More than ${missedAtMost} events were missed: take a new snapshot.`;
  if (oldestMs !== null && oldestMs > replayMs) {
    return `Events were missed for more than ${replayMs / 3_600_000} hours: take a new snapshot.`;
  }
  return null;
}

async function* onlyMessage(message: EventsTooOld): AsyncGenerator<EventsMessage, void, void> {
  yield message;
}

function matches(filter: EventFilter, event: GenerationEvent): boolean {
  return (
    (filter.status == null || filter.status.includes(event.status)) &&
    (filter.profileId == null || filter.profileId === event.profileId) &&
    (filter.control == null || filter.control.includes(event.control)) &&
    (filter.provider == null || filter.provider.includes(event.provider))
  );
}
