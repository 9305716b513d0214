import { describe, expect, it, vi } from 'vitest';
import type { Generation } from '../../src/domain/generation.js';
import type { History } from '../../src/domain/ports.js';
import { createHub } from '../../src/events/hub.js';
import { createSubscriptions, type EventFilter, type EventsMessage } from '../../src/service/subscribe.js';
import { idAt, makeEvent, makeGeneration, viewer } from './fakes.js';

const id = idAt(20);
const unused = async (): Promise<never> => {
  throw new Error('Not asked for here.');
};
const over = { done: true, value: undefined };
const settle = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

function make(kept: Generation[] = [makeGeneration()]) {
  const hub = createHub();
  const rows = new Map(kept.map((each) => [each.id, each]));
  const generation = vi.fn<History['generation']>(async (projectId, key) => {
    const found = rows.get(key);
    return found?.projectId === projectId ? found : null;
  });
  const running = vi.fn<History['running']>(async () => [...rows.values()]);
  const lastPosition = vi.fn<() => Promise<number>>(async () => 10);
  const history: History = {
    generation,
    running,
    generations: unused,
    page: unused,
    attempts: unused,
    events: unused,
    imageRefs: unused,
  };
  const subscriptions = createSubscriptions({ hub, history, lastPosition });
  const set = (details: Partial<Generation>): void => {
    rows.set(id, makeGeneration(details));
    hub.touch(id);
  };
  return { hub, rows, generation, running, lastPosition, subscriptions, set };
}

/** What a message is about: `snapshot@10`, or the position of an event. */
const nameOf = (message: EventsMessage): string | number =>
  message.kind === 'snapshot' ? `snapshot@${message.position}` : message.event.position;

async function read(stream: AsyncIterator<EventsMessage>, count: number): Promise<(string | number)[]> {
  const names: (string | number)[] = [];
  while (names.length < count) {
    const result = await stream.next();
    if (result.done === true) break;
    names.push(nameOf(result.value));
  }
  return names;
}

describe('the changes of one generation', () => {
  it('begin with how it is now, and end with its final state', async () => {
    const { subscriptions, set, hub } = make();
    const stream = await subscriptions.generationChanged(viewer, id);
    expect((await stream.next()).value).toMatchObject({ status: 'QUEUED' });
    set({ status: 'RUNNING', version: 2 });
    expect((await stream.next()).value).toMatchObject({ status: 'RUNNING' });
    set({ status: 'SUCCEEDED', version: 3 });
    expect((await stream.next()).value).toMatchObject({ status: 'SUCCEEDED' });
    expect(await stream.next()).toEqual(over);
    expect(hub.listeners()).toBe(0);
  });

  it('are the latest only for a slow reader', async () => {
    const { subscriptions, set, generation } = make();
    const stream = await subscriptions.generationChanged(viewer, id);
    for (let version = 2; version <= 100; version += 1) set({ status: 'RUNNING', version });
    expect((await stream.next()).value).toMatchObject({ version: 100 });
    expect(generation).toHaveBeenCalledTimes(2);
    await stream.return?.();
  });

  it('are over at once for one that has ended', async () => {
    const { subscriptions, hub } = make([makeGeneration({ status: 'FAILED' })]);
    const stream = await subscriptions.generationChanged(viewer, id);
    expect((await stream.next()).value).toMatchObject({ status: 'FAILED' });
    expect(await stream.next()).toEqual(over);
    expect(hub.listeners()).toBe(0);
  });

  it('miss nothing that happens between subscribing and the first reading', async () => {
    const { subscriptions, set } = make();
    const stream = await subscriptions.generationChanged(viewer, id);
    set({ status: 'RUNNING' });
    expect((await stream.next()).value).toMatchObject({ status: 'RUNNING' });
    await stream.return?.();
  });

  it('of an unknown one, or of another project, are not found, and nobody listens', async () => {
    const { subscriptions, hub } = make();
    for (const [as, key] of [
      [viewer, idAt(77)],
      [{ ...viewer, projectId: idAt(99) }, id],
    ] as const) {
      await expect(subscriptions.generationChanged(as, key)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(hub.listeners()).toBe(0);
  });

  it('end for a reader that leaves, waiting or not', async () => {
    const { subscriptions, hub } = make();
    const stream = await subscriptions.generationChanged(viewer, id);
    await stream.next();
    const waiting = stream.next();
    await stream.return?.();
    expect(await waiting).toEqual(over);
    expect(hub.listeners()).toBe(0);
  });

  it('are forgotten when the database fails', async () => {
    const { subscriptions, hub, generation } = make();
    const stream = await subscriptions.generationChanged(viewer, id);
    generation.mockRejectedValueOnce(new Error('No database.'));
    await expect(stream.next()).rejects.toThrow('No database.');
    expect(hub.listeners()).toBe(0);
  });
});

describe('the events of a project', () => {
  it('begin with the running generations and go on with every event, in order', async () => {
    const { subscriptions, hub, running } = make();
    const stream = await subscriptions.generationEvents(viewer, {});
    expect((await stream.next()).value).toEqual({ kind: 'snapshot', position: 10, running: [makeGeneration()] });
    hub.publish([makeEvent(11), makeEvent(12)]);
    hub.publish([makeEvent(13)]);
    expect(await read(stream, 3)).toEqual([11, 12, 13]);
    expect(running.mock.calls).toEqual([[viewer.projectId, {}, 500]]);
    await stream.return?.();
  });

  it('neither miss nor repeat what comes while the snapshot is taken', async () => {
    const { subscriptions, hub, lastPosition, running } = make();
    lastPosition.mockImplementation(async () => {
      hub.publish([makeEvent(9), makeEvent(10), makeEvent(11)]);
      return 10;
    });
    running.mockImplementation(async () => {
      hub.publish([makeEvent(12)]);
      return [];
    });
    const stream = await subscriptions.generationEvents(viewer, {});
    hub.publish([makeEvent(13)]);
    expect(await read(stream, 4)).toEqual(['snapshot@10', 11, 12, 13]);
    await stream.return?.();
  });

  it('do not repeat what the hub, which was behind, brings after the snapshot', async () => {
    const { subscriptions, hub } = make();
    const stream = await subscriptions.generationEvents(viewer, {});
    hub.publish([7, 8, 9, 10, 11].map((position) => makeEvent(position)));
    expect(await read(stream, 2)).toEqual(['snapshot@10', 11]);
    await stream.return?.();
  });

  it('are those of the viewer’s project only', async () => {
    const { subscriptions, hub } = make();
    const stream = await subscriptions.generationEvents(viewer, {});
    hub.publish([makeEvent(11, { projectId: idAt(99) }), makeEvent(12)]);
    expect(await read(stream, 2)).toEqual(['snapshot@10', 12]);
    await stream.return?.();
  });

  it.each<[string, EventFilter, number[]]>([
    ['nothing', { status: null, profileId: null, control: null, provider: null }, [11, 12, 13, 14]],
    ['the status', { status: ['FAILED', 'SUCCEEDED'] }, [12]],
    ['the profile', { profileId: idAt(11) }, [13]],
    ['the control', { control: ['CANNY'] }, [12, 13]],
    ['the provider', { provider: ['fal', 'bfl'] }, [11, 12, 13, 14]],
    ['several at once', { control: ['CANNY'], provider: ['fal'] }, [13]],
    ['an empty list, which matches none', { status: [] }, []],
  ])('can be filtered by %s', async (_, filter, wanted) => {
    const { subscriptions, hub, lastPosition, running } = make();
    const events = [
      makeEvent(11),
      makeEvent(12, { status: 'FAILED', control: 'CANNY' }),
      makeEvent(13, { profileId: idAt(11), control: 'CANNY', provider: 'fal' }),
      makeEvent(14, { profileId: null }),
    ];
    lastPosition.mockImplementation(async () => {
      hub.publish(events.slice(0, 2));
      return 10;
    });
    const stream = await subscriptions.generationEvents(viewer, filter);
    hub.publish(events.slice(2));
    expect(await read(stream, 1 + wanted.length)).toEqual(['snapshot@10', ...wanted]);
    expect(running.mock.lastCall?.[1]).toEqual(filter);
    const beyond = vi.fn<() => void>();
    void stream.next().then(beyond);
    await settle();
    expect(beyond).not.toHaveBeenCalled();
    await stream.return?.();
  });

  it('are not kept without end for a slow reader, who gets what was kept and then the reason', async () => {
    const { subscriptions, hub } = make();
    const stream = await subscriptions.generationEvents(viewer, {});
    hub.publish(Array.from({ length: 1_200 }, (_, n) => makeEvent(11 + n)));
    expect(hub.listeners()).toBe(0);
    expect(await read(stream, 1_000)).toEqual(['snapshot@10', ...Array.from({ length: 999 }, (_, n) => 11 + n)]);
    await expect(stream.next()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(await stream.next()).toEqual(over);
  });

  it('end at once for a reader that leaves while it waits', async () => {
    const { subscriptions, hub } = make();
    const stream = await subscriptions.generationEvents(viewer, {});
    await stream.next();
    const waiting = stream.next();
    await stream.return?.();
    expect(await waiting).toEqual(over);
    expect(hub.listeners()).toBe(0);
  });

  it.each(['lastPosition', 'running'] as const)(
    'leave nobody listening when the snapshot fails at %s',
    async (which) => {
      const parts = make();
      parts[which].mockRejectedValueOnce(new Error('No database.'));
      await expect(parts.subscriptions.generationEvents(viewer, {})).rejects.toThrow('No database.');
      expect(parts.hub.listeners()).toBe(0);
    },
  );
});
