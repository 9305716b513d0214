import { describe, expect, it } from 'vitest';
import { hour, makeLog, over, range, read, settle } from './fake-log.js';
import { viewer } from './fakes.js';

describe('a stream of events ends', () => {
  it('for a reader over its bound, who goes on from its last event', async () => {
    const { subscriptions, commit, relay, hub } = makeLog();
    const stream = await subscriptions.generationEvents(viewer, {}, 10);
    const head = read(stream, 2);
    await settle();
    commit(2);
    relay();
    expect(await head).toEqual([11, 12]);
    commit(1_000);
    relay();
    expect(await read(stream, 1)).toEqual([13]);
    commit(2);
    relay();
    expect(await read(stream)).toEqual(['TOO_SLOW@13']);
    expect(hub.listeners()).toBe(0);
    const again = await subscriptions.generationEvents(viewer, {}, 13);
    expect(await read(again, 1_001)).toEqual(range(14, 1_014));
    await again.return?.();
  });

  it('not for one that only reads what lies behind, however much comes meanwhile', async () => {
    const { subscriptions, commit, relay } = makeLog();
    commit(100);
    const stream = await subscriptions.generationEvents(viewer, {}, 0);
    expect(await read(stream, 5)).toEqual(range(1, 5));
    commit(3_000);
    relay();
    expect(await read(stream, 3_105)).toEqual(range(6, 3_110));
    await stream.return?.();
  });

  it('when the process stops, with the place to go on from: its last event, or all that was looked at', async () => {
    const { subscriptions, commit, relay, hub } = makeLog();
    const behind = await subscriptions.generationEvents(viewer, {}, 2);
    await read(behind, 3);
    const waits = await subscriptions.generationEvents(viewer, { status: ['FAILED'] }, 4);
    const waiting = read(waits);
    await settle();
    commit(3);
    relay();
    const fresh = await subscriptions.generationEvents(viewer, {}, null);
    subscriptions.stop();
    expect([await read(behind), await waiting, await read(fresh)]).toEqual([
      ['STOPPING@5'],
      ['STOPPING@13'],
      ['STOPPING@13'],
    ]);
    expect(hub.listeners()).toBe(0);
    await expect(subscriptions.generationEvents(viewer, {}, null)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  });

  it.each([
    ['lies ahead of the log', 11, () => undefined],
    ['is followed by events that are gone', 3, ({ kept }: ReturnType<typeof makeLog>) => kept.splice(0, 5)],
    ['is older than the window', 3, ({ state }: ReturnType<typeof makeLog>) => (state.oldestMs = 72 * hour + 1)],
    ['misses too many', 3, ({ commit }: ReturnType<typeof makeLog>) => commit(99_994)],
  ])('at once for a cursor that %s', async (_, cursor, arrange) => {
    const parts = makeLog();
    arrange(parts);
    const stream = await parts.subscriptions.generationEvents(viewer, {}, cursor);
    const { value } = await stream.next();
    expect(value).toMatchObject({ reason: 'CURSOR_TOO_OLD', message: expect.stringMatching(/new snapshot\.$/) });
    expect(await stream.next()).toEqual(over);
    expect(parts.hub.listeners()).toBe(0);
  });

  it.each([
    ['at the end of the log', 10, () => undefined],
    ['as old as the window', 3, ({ state }: ReturnType<typeof makeLog>) => (state.oldestMs = 72 * hour)],
    ['as far back as may be', 3, ({ commit }: ReturnType<typeof makeLog>) => commit(99_993)],
  ])('not for one %s', async (_, cursor, arrange) => {
    const parts = makeLog();
    arrange(parts);
    const stream = await parts.subscriptions.generationEvents(viewer, {}, cursor);
    const next = read(stream, 1);
    await settle();
    parts.commit(1);
    parts.relay();
    expect(await next).toEqual([cursor + 1]);
    await stream.return?.();
  });

  it('at once for a reader that leaves while it waits', async () => {
    const { subscriptions, hub } = makeLog();
    const stream = await subscriptions.generationEvents(viewer, {}, null);
    await stream.next();
    const waiting = stream.next();
    await settle();
    expect(hub.listeners()).toBe(1);
    await stream.return?.();
    expect(await waiting).toEqual(over);
    expect(hub.listeners()).toBe(0);
  });

  it('when the ledger cannot be read', async () => {
    const { subscriptions, hub, log } = makeLog();
    const stream = await subscriptions.generationEvents(viewer, {}, 5);
    log.page.mockRejectedValueOnce(new Error('No database.'));
    await expect(stream.next()).rejects.toThrow('No database.');
    expect(await stream.next()).toEqual(over);
    expect(hub.listeners()).toBe(0);
  });
});
