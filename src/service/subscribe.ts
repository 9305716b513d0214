import { DarkroomError } from '../errors.js';
import { createLatest } from '../events/latest.js';
import { createStream, type Stream } from '../events/stream.js';
import type { Hub } from '../events/hub.js';
import type { Generation, GenerationEvent } from '../domain/generation.js';
import { isTerminal, type ControlKind, type GenerationStatus } from '../domain/lifecycle.js';
import type { History, Viewer } from '../domain/ports.js';

/** Running generations in a first message, at most. */
const snapshotLimit = 500;
/** Events that may wait for a slow reader. */
const eventBound = 1_000;

export type EventFilter = {
  status?: readonly GenerationStatus[] | null;
  profileId?: string | null;
  control?: readonly ControlKind[] | null;
  provider?: readonly string[] | null;
};

export type EventsMessage =
  | { kind: 'snapshot'; position: number; running: Generation[] }
  | { kind: 'event'; event: GenerationEvent };

export type Subscriptions = {
  /** The generation now, then after each change; ends with its terminal state. A slow reader gets the latest only. */
  generationChanged(viewer: Viewer, id: string): Promise<AsyncIterableIterator<Generation>>;
  /** The running generations, then every event from there on, in order. */
  generationEvents(viewer: Viewer, filter: EventFilter): Promise<AsyncIterableIterator<EventsMessage>>;
};

export function createSubscriptions(parts: {
  hub: Hub;
  history: History;
  lastPosition: () => Promise<number>;
}): Subscriptions {
  const { hub, history, lastPosition } = parts;

  return {
    async generationChanged(viewer, id) {
      const read = async (): Promise<Generation | null> => await history.generation(viewer.projectId, id);
      if ((await read()) === null) {
        throw new DarkroomError('NOT_FOUND', 'There is no such generation in your project.');
      }
      const latest = createLatest({
        async load() {
          const generation = await read();
          return generation === null ? null : { value: generation, last: isTerminal(generation.status) };
        },
        onClose: () => unlisten(),
      });
      // The stream's first value is read only after this, so no change falls between the two.
      const unlisten = hub.onGeneration(id, () => latest.touch());
      return latest;
    },

    async generationEvents(viewer, filter) {
      let waiting: GenerationEvent[] | null = [];
      /** Nothing up to here is told as an event: the snapshot has it. The hub may still be behind it. */
      let from = 0;
      const stream: Stream<EventsMessage> = createStream({
        bound: eventBound,
        overflow: () => new DarkroomError('UNAVAILABLE', 'This subscription reads too slowly; subscribe again.'),
        onClose: () => unlisten(),
      });
      const unlisten = hub.onProject(viewer.projectId, (event) => {
        if (!matches(filter, event)) return;
        if (waiting !== null) waiting.push(event);
        else if (event.position > from) stream.push({ kind: 'event', event });
      });
      try {
        from = await lastPosition();
        const running = await history.running(viewer.projectId, filter, snapshotLimit);
        stream.push({ kind: 'snapshot', position: from, running });
        for (const event of waiting) if (event.position > from) stream.push({ kind: 'event', event });
        waiting = null;
      } catch (error) {
        stream.end();
        throw error;
      }
      return stream;
    },
  };
}

function matches(filter: EventFilter, event: GenerationEvent): boolean {
  return (
    (filter.status == null || filter.status.includes(event.status)) &&
    (filter.profileId == null || filter.profileId === event.profileId) &&
    (filter.control == null || filter.control.includes(event.control)) &&
    (filter.provider == null || filter.provider.includes(event.provider))
  );
}
