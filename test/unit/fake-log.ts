import { vi } from 'vitest';
import type { Generation, GenerationEvent } from '../../src/domain/generation.js';
import type { EventFilter, EventLog } from '../../src/domain/ports.js';
import { createHub } from '../../src/events/hub.js';
import { createSubscriptions, type EventsMessage } from '../../src/service/subscribe.js';
import { makeEvent, makeGeneration } from './fakes.js';

export const over = { done: true, value: undefined };
export const settle = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));
const unused = async (): Promise<never> => {
  throw new Error('Not asked for here.');
};
export const hour = 3_600_000;

/** A ledger with events 1 to `count`, and a hub that has published them. */
export function makeLog(count = 10) {
  const hub = createHub();
  const kept: GenerationEvent[] = [];
  const state = { last: 0, oldestMs: 0 };
  /** Into the ledger; the hub does not know yet. */
  function commit(events: number, details: Partial<GenerationEvent> = {}): void {
    for (let n = 0; n < events; n += 1) kept.push(makeEvent((state.last += 1), details));
  }
  /** What a relay does. */
  function relay(): void {
    hub.publish(kept.filter(({ position }) => position > hub.position()));
  }
  commit(count);
  hub.moveTo(count);

  const mine = (projectId: string, filter: EventFilter, position: number): GenerationEvent[] =>
    kept.filter(
      (event) =>
        event.projectId === projectId &&
        event.position > position &&
        (filter.status == null || filter.status.includes(event.status)),
    );
  const log = {
    last: vi.fn<EventLog['last']>(async () => state.last),
    since: vi.fn<EventLog['since']>(async (projectId, position, most) => {
      const missed = mine(projectId, {}, position);
      return {
        last: state.last,
        oldestMs: missed.length === 0 ? null : state.oldestMs,
        gone: position < state.last && !kept.some((event) => event.position === position + 1),
        many: missed.length > most,
      };
    }),
    page: vi.fn<EventLog['page']>(async (projectId, filter, { after, upTo, limit }) =>
      mine(projectId, filter, after)
        .filter(({ position }) => position <= upTo)
        .slice(0, limit),
    ),
  };
  const running = vi.fn<(projectId: string) => Promise<ReturnType<typeof makeGeneration>[]>>(async () => [
    makeGeneration(),
  ]);
  const generations = vi.fn<(projectId: string, ids: readonly string[]) => Promise<Generation[]>>(
    async (_projectId, ids) => ids.map((id) => makeGeneration({ id })),
  );
  const subscriptions = createSubscriptions({
    hub,
    history: { generation: unused, generations, running },
    log,
    replayMs: 72 * hour,
  });
  return { hub, kept, state, commit, relay, log, running, generations, subscriptions };
}

/** What a message is about: `snapshot@10`, the position of an event, or how it ended and where to go on. */
export function nameOf(message: EventsMessage): string | number {
  if (message.kind === 'event') return message.event.position;
  if (message.kind === 'snapshot') return `snapshot@${message.position}`;
  return message.reason === 'CURSOR_TOO_OLD' ? message.reason : `${message.reason}@${message.position}`;
}

export async function read(stream: AsyncIterator<EventsMessage>, count = Infinity): Promise<(string | number)[]> {
  const names: (string | number)[] = [];
  while (names.length < count) {
    const result = await stream.next();
    if (result.done === true) break;
    names.push(nameOf(result.value));
  }
  return names;
}
export const range = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, n) => from + n);
