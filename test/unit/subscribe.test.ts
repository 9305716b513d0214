import { describe, expect, it, vi } from 'vitest';
import type { Generation } from '../../src/domain/generation.js';
import type { EventLog, History } from '../../src/domain/ports.js';
import { createHub } from '../../src/events/hub.js';
import { createSubscriptions } from '../../src/service/subscribe.js';
import { idAt, makeGeneration, viewer } from './fakes.js';

const id = idAt(20);
const unused = async (): Promise<never> => {
  throw new Error('Not asked for here.');
};
const over = { done: true, value: undefined };

function make(kept: Generation[] = [makeGeneration()]) {
  const hub = createHub();
  const rows = new Map(kept.map((each) => [each.id, each]));
  const generation = vi.fn<History['generation']>(async (projectId, key) => {
    const found = rows.get(key);
    return found?.projectId === projectId ? found : null;
  });
  const history = { generation, generations: unused, running: unused };
  const log: EventLog = { last: unused, since: unused, page: unused };
  const subscriptions = createSubscriptions({ hub, history, log, replayMs: 1_000 });
  const set = (details: Partial<Generation>): void => {
    rows.set(id, makeGeneration(details));
    hub.touch(id);
  };
  return { hub, rows, generation, subscriptions, set };
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

  it('end when the process stops, waiting or not, and no new ones begin', async () => {
    const { subscriptions, hub } = make();
    const waits = await subscriptions.generationChanged(viewer, id);
    await waits.next();
    const waiting = waits.next();
    const other = await subscriptions.generationChanged(viewer, id);
    subscriptions.stop();
    expect([await waiting, await other.next()]).toEqual([over, over]);
    expect(hub.listeners()).toBe(0);
    await expect(subscriptions.generationChanged(viewer, id)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });
});
