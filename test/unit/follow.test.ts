import { describe, expect, it } from 'vitest';
import type { GenerationEvent } from '../../src/domain/generation.js';
import type { EventFilter } from '../../src/domain/ports.js';
import type { EventsMessage } from '../../src/service/subscribe.js';
import { makeLog, nameOf, range, read, settle } from './fake-log.js';
import { idAt, makeEvent, makeGeneration, viewer } from './fakes.js';

describe('the events of a project', () => {
  it('begin with the running generations and go on with every event, in order', async () => {
    const { subscriptions, commit, relay, running } = makeLog();
    const stream = await subscriptions.generationEvents(viewer, {}, null);
    expect((await stream.next()).value).toEqual({ kind: 'snapshot', position: 10, running: [makeGeneration()] });
    const waiting = read(stream, 3);
    await settle();
    commit(2);
    relay();
    commit(1);
    relay();
    expect(await waiting).toEqual([11, 12, 13]);
    expect(running.mock.calls).toEqual([[viewer.projectId, {}, 500]]);
    await stream.return?.();
  });

  it('neither miss nor repeat what comes while the snapshot is taken', async () => {
    const { subscriptions, hub, commit, relay, log, running, state } = makeLog();
    log.last.mockImplementation(async () => {
      const last = state.last;
      commit(1);
      relay();
      return last;
    });
    running.mockImplementation(async () => {
      commit(1);
      return [];
    });
    const stream = await subscriptions.generationEvents(viewer, {}, null);
    commit(1);
    relay();
    expect(await read(stream, 4)).toEqual(['snapshot@10', 11, 12, 13]);
    expect(hub.position()).toBe(13);
    await stream.return?.();
  });

  it('do not repeat what the hub, which was behind, brings after it was read from the ledger', async () => {
    const { subscriptions, commit, relay } = makeLog();
    commit(5);
    const [fresh, resumed] = [
      await subscriptions.generationEvents(viewer, {}, null),
      await subscriptions.generationEvents(viewer, {}, 12),
    ];
    expect([await read(fresh, 1), await read(resumed, 3)]).toEqual([['snapshot@15'], [13, 14, 15]]);
    const next = Promise.all([read(fresh, 1), read(resumed, 1)]);
    await settle();
    relay();
    commit(1);
    relay();
    expect(await next).toEqual([[16], [16]]);
    await Promise.all([fresh.return?.(), resumed.return?.()]);
  });

  it('go on exactly after a cursor, over as many pages as it takes, while more is coming', async () => {
    const { subscriptions, commit, relay, log } = makeLog(2_000);
    const stream = await subscriptions.generationEvents(viewer, {}, 3);
    const first = await read(stream, 700);
    commit(600);
    relay();
    const rest = await read(stream, 1_897);
    commit(2);
    relay();
    expect([...first, ...rest, ...(await read(stream, 2))]).toEqual(range(4, 2_602));
    for (const [, , { limit }] of log.page.mock.calls) expect(limit).toBeLessThanOrEqual(500);
    await stream.return?.();
  });

  it('read no page before the reader asks for it', async () => {
    const { subscriptions, log } = makeLog(2_000);
    const stream = await subscriptions.generationEvents(viewer, {}, 0);
    expect(log.page).not.toHaveBeenCalled();
    await read(stream, 250);
    await settle();
    expect(log.page).toHaveBeenCalledTimes(1);
    await stream.return?.();
  });

  it('come once each to readers who join and leave at any time while they are written', async () => {
    const { subscriptions, commit, relay, state } = makeLog();
    let writing = true;
    const open = new Set<AsyncIterator<EventsMessage>>();
    const writer = (async () => {
      for (let n = 0; n < 300; n += 1) {
        commit(1 + (n % 7));
        if (n % 3 !== 0) relay();
        await settle();
      }
      relay();
      writing = false;
      // Whoever still waits for more leaves, and reads the rest.
      for (const stream of open) await stream.return?.();
    })();
    const readers = range(0, 19).map(async (seed) => {
      const heard: (string | number)[] = [];
      let cursor = 10;
      for (let round = 0; writing || cursor < state.last; round += 1) {
        const stream = await subscriptions.generationEvents(viewer, {}, cursor);
        open.add(stream);
        const behind = writing ? 1 + ((seed * 7 + round * 13) % 60) : state.last - cursor;
        heard.push(...(await read(stream, behind)));
        await stream.return?.();
        open.delete(stream);
        cursor = Number(heard.at(-1) ?? cursor);
      }
      return heard;
    });
    await writer;
    for (const heard of await Promise.all(readers)) expect(heard).toEqual(range(11, state.last));
  });

  it('are those of the viewer’s project only, live and replayed', async () => {
    const { subscriptions, commit, relay } = makeLog();
    const stream = await subscriptions.generationEvents(viewer, {}, 10);
    commit(1, { projectId: idAt(99) });
    commit(1);
    relay();
    expect(await read(stream, 1)).toEqual([12]);
    const next = read(stream, 1);
    await settle();
    commit(1, { projectId: idAt(99) });
    commit(1);
    relay();
    expect(await next).toEqual([14]);
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
    const { subscriptions, commit, relay, running, hub } = makeLog();
    const stream = await subscriptions.generationEvents(viewer, filter, null);
    const heard: (string | number)[] = [];
    const reading = (async () => {
      for await (const message of stream) heard.push(nameOf(message));
    })();
    await settle();
    commit(1);
    commit(1, { status: 'FAILED', control: 'CANNY' });
    commit(1, { profileId: idAt(11), control: 'CANNY', provider: 'fal' });
    commit(1, { profileId: null });
    relay();
    await settle();
    expect(heard).toEqual(['snapshot@10', ...wanted]);
    expect(running.mock.lastCall).toEqual([viewer.projectId, filter, 500]);
    await stream.return?.();
    await reading;
    expect(hub.listeners()).toBe(0);
  });

  it('share one reading of their generations for all that came together and all who hear of them', async () => {
    const { subscriptions, generations } = makeLog(3);
    const [one, other] = [
      await subscriptions.generationEvents(viewer, {}, 0),
      await subscriptions.generationEvents(viewer, {}, 0),
    ];
    const told: GenerationEvent[] = [];
    for (let n = 0; n < 3; n += 1) {
      const { value } = await one.next();
      if (value.kind === 'event') told.push(value.event);
    }
    generations.mockRejectedValueOnce(new Error('No database.'));
    await expect(Promise.all(told.map(async (event) => await subscriptions.generationOf(event)))).rejects.toThrow(
      'No database.',
    );
    const found = await Promise.all([...told, ...told].map(async (event) => await subscriptions.generationOf(event)));
    expect(found.map((each) => each?.generation?.id)).toEqual([...told, ...told].map((event) => event.generationId));
    expect(generations).toHaveBeenCalledTimes(2);
    expect(subscriptions.generationOf(makeEvent(99))).toBeUndefined();
    await Promise.all([one.return?.(), other.return?.()]);
  });
});
