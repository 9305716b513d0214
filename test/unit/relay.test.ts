import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHub } from '../../src/events/hub.js';
import { createRelay, type EventSource } from '../../src/events/relay.js';
import type { GenerationEvent } from '../../src/domain/generation.js';
import { idAt, makeEvent, quietLogger, viewer } from './fakes.js';

vi.mock('node:timers/promises', async () => await import('./fake-delay.js'));
beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

const pass = async (ms: number): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms));

/** A ledger's events in memory: committed ones wait until they are numbered. */
function fakeSource(): EventSource & {
  commit: (count?: number) => void;
  failing: boolean;
  elsewhere: boolean;
  reads: number;
  progress: { generationId: string; at: Date }[];
} {
  const numbered: GenerationEvent[] = [];
  let waiting = 0;
  const number = (): void => {
    for (; waiting > 0; waiting -= 1) numbered.push(makeEvent(numbered.length + 1));
  };
  const source = {
    failing: false,
    /** Another process numbers. */
    elsewhere: false,
    reads: 0,
    progress: [] as { generationId: string; at: Date }[],
    commit(count = 1) {
      waiting += count;
      if (source.elsewhere) number();
    },
    async state() {
      if (source.failing) throw new Error('No database.');
      return { last: numbered.length, waiting: waiting > 0 };
    },
    async number() {
      if (source.elsewhere) return null;
      number();
      return 1;
    },
    async after(position: number, limit: number) {
      source.reads += 1;
      if (source.failing) throw new Error('No database.');
      return numbered.slice(position, position + limit);
    },
    last: async () => numbered.length,
    progressed: async (ids: readonly string[]) => source.progress.filter((each) => ids.includes(each.generationId)),
  };
  return source;
}

async function make(before = 0): Promise<{
  source: ReturnType<typeof fakeSource>;
  hub: ReturnType<typeof createHub>;
  relay: ReturnType<typeof createRelay>;
  heard: number[];
  errors: ReturnType<typeof quietLogger>['errors'];
}> {
  const source = fakeSource();
  source.commit(before);
  await source.number();
  const hub = createHub();
  const heard: number[] = [];
  hub.onTopic({ projectId: viewer.projectId, profileId: null }, ({ position }) => heard.push(position));
  const { logger, errors } = quietLogger();
  const relay = createRelay({ source, hub, logger });
  await relay.start();
  await pass(0);
  return { source, hub, relay, heard, errors };
}
const upTo = (last: number): number[] => Array.from({ length: last }, (_, index) => index + 1);

describe('the relay', () => {
  it('begins after what was there before, and then hands on each event once, in order', async () => {
    const { source, hub, relay, heard } = await make(5);
    expect(heard).toEqual([]);
    expect(hub.position()).toBe(5);
    source.commit(3);
    await pass(100);
    source.commit(2);
    await pass(100);
    await pass(1_000);
    expect(heard).toEqual([6, 7, 8, 9, 10]);
    await relay.stop();
  });

  it('comes at once when poked', async () => {
    const { source, relay, heard } = await make();
    source.commit();
    relay.poke();
    await pass(0);
    expect(heard).toEqual([1]);
    await relay.stop();
  });

  it('looks more often while somebody listens', async () => {
    const { source, hub, relay } = await make();
    const state = vi.spyOn(source, 'state');
    await pass(1_000);
    expect(state).toHaveBeenCalledTimes(50);
    const quiet = createRelay({ source, hub: createHub(), logger: quietLogger().logger });
    await relay.stop();
    state.mockClear();
    await quiet.start();
    await pass(1_000);
    expect(state.mock.calls.length).toBeLessThanOrEqual(11);
    expect(hub.listeners()).toBe(1);
    await quiet.stop();
  });

  it('hands on what has its position before it numbers more', async () => {
    const { source, relay, heard } = await make();
    source.elsewhere = true;
    source.commit(1);
    source.elsewhere = false;
    source.commit(1);
    let before: number[] = [];
    const number = source.number.bind(source);
    source.number = async () => {
      before = [...heard];
      return await number();
    };
    relay.poke();
    await pass(0);
    expect([before, heard]).toEqual([[1], [1, 2]]);
    await relay.stop();
  });

  it('sees what other processes committed and numbered without a poke', async () => {
    const { source, relay, heard } = await make();
    source.elsewhere = true;
    source.commit(2);
    await pass(100);
    expect(heard).toEqual([1, 2]);
    await relay.stop();
  });

  it('reads no events while there are none', async () => {
    const { source, relay } = await make(3);
    await pass(10_000);
    expect(source.reads).toBe(0);
    await relay.stop();
  });

  it('reads no events while nobody listens, and misses none of those after somebody does', async () => {
    const source = fakeSource();
    const hub = createHub();
    const relay = createRelay({ source, hub, logger: quietLogger().logger });
    await relay.start();
    source.commit(5);
    await pass(300);
    expect(source.reads).toBe(0);
    expect(hub.position()).toBe(5);
    const heard: number[] = [];
    const unlisten = hub.onTopic({ projectId: viewer.projectId, profileId: null }, ({ position }) =>
      heard.push(position),
    );
    source.commit(2);
    await pass(100);
    expect(heard).toEqual([6, 7]);
    unlisten();
    source.commit(3);
    await pass(300);
    expect(hub.position()).toBe(10);
    await relay.stop();
  });

  it('carries thousands in one go', async () => {
    const { source, relay, heard } = await make();
    source.commit(2_500);
    relay.poke();
    await pass(0);
    expect(heard).toEqual(upTo(2_500));
    await relay.stop();
  });

  it('goes on after a failure where it was: nothing missed, nothing twice', async () => {
    const { source, relay, heard, errors } = await make();
    source.commit(2);
    await pass(100);
    source.failing = true;
    source.commit(3);
    await pass(1_000);
    expect(errors).toHaveBeenCalledTimes(10);
    source.failing = false;
    await pass(100);
    expect(heard).toEqual(upTo(5));
    await relay.stop();
  });

  it('goes on where it was when it fails between two reads', async () => {
    const { source, relay, heard, errors } = await make();
    const after = source.after.bind(source);
    let broken = true;
    source.after = async (position, limit) => {
      if (position === 1_000 && broken) {
        broken = false;
        throw new Error('Cut off.');
      }
      return await after(position, limit);
    };
    source.commit(1_500);
    await pass(200);
    expect(errors).toHaveBeenCalledTimes(1);
    expect(heard).toEqual(upTo(1_500));
    await relay.stop();
  });

  it('touches a watched generation when its progress is noted, once for each note', async () => {
    const { source, hub, relay } = await make();
    let touches = 0;
    hub.onGeneration(idAt(20), () => (touches += 1));
    source.progress = [{ generationId: idAt(20), at: new Date(1_000) }];
    await pass(1_000);
    expect(touches).toBe(1);
    await pass(5_000);
    expect(touches).toBe(1);
    source.progress = [{ generationId: idAt(20), at: new Date(2_000) }];
    await pass(1_000);
    expect(touches).toBe(2);
    await relay.stop();
  });

  it('asks for no progress when nobody watches', async () => {
    const { source, relay } = await make();
    const progressed = vi.spyOn(source, 'progressed');
    await pass(5_000);
    expect(progressed).not.toHaveBeenCalled();
    await relay.stop();
  });

  it('is silent after it was stopped, and leaves no timer behind', async () => {
    const { source, relay, heard } = await make();
    await relay.stop();
    source.commit(3);
    relay.poke();
    await pass(1_000);
    expect(heard).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
