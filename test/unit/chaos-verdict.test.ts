import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { WebSocketServer } from 'ws';
import { publicId } from '../../src/domain/ids.js';
import { startSubscriber, type Subscriber } from '../chaos/subscriber.js';
import { judgeAccepted, judgeOutcomes, judgeSubmits, type Generation } from '../chaos/verdict.js';
import type { Submit, Testimony } from '../chaos/witness.js';

// The chaos suite must be able to fail: here it is shown what it is there to find.

const ids = [1, 2, 3].map((n) => `01900000-0000-7000-8000-00000000000${n}`);
const idOf = (n: number): string => ids[n - 1] ?? '';
const taken = (at: number): Submit => ({ at, status: 200, task: `t${at}` });

function generation(number: number, more: Partial<Generation> = {}): Generation {
  return { id: idOf(number), number, status: 'SUCCEEDED', code: null, pictures: 1, ...more };
}

function testimony(submits: Record<number, Submit[]>, more: Partial<Testimony> = {}): Testimony {
  return {
    requests: 0,
    submits: 0,
    tasks: 0,
    looks: 0,
    keys: { key: { maxActive: 10, limited: 0 } },
    promptsAcceptedTwice: { total: 0, newest: [] },
    webhooks: { sent: 0, failed: 0, dropped: 0, waiting: 0 },
    byNumber: new Map(Object.entries(submits).map(([n, each]) => [Number(n), each])),
    looksAt: new Map(),
    keysLeaked: 0,
    ...more,
  };
}

function accepted(numbers: Record<number, string[]>): Parameters<typeof judgeAccepted>[0] {
  return new Map(Object.entries(numbers).map(([n, each]) => [Number(n), new Set(each)]));
}

const publicOf = (n: number): string => publicId('Generation', idOf(n));

describe('what was accepted', () => {
  it('is there once each', () => {
    const all = accepted({ 1: [publicOf(1)], 2: [publicOf(2)] });
    expect(judgeAccepted(all, [generation(1), generation(2)])).toEqual([]);
  });

  it.each([
    ['lost', accepted({ 1: [publicOf(1)], 2: [publicOf(2)] }), [generation(1)], /accepted generations are lost/],
    ['made twice', accepted({ 1: [publicOf(1)] }), [generation(1), { ...generation(2), number: 1 }], /two generations/],
    ['given two ids', accepted({ 1: [publicOf(1), publicOf(2)] }), [generation(1), generation(2)], /got two ids/],
    ['not asked for', accepted({ 1: [publicOf(1)] }), [generation(1), generation(2)], /never asked for/],
    [
      'given to two',
      accepted({ 1: [publicOf(1)], 2: [publicOf(1)] }),
      [generation(1), generation(2)],
      /given to two requests/,
    ],
  ])('is found when it is %s', (_, asked, made, message) => {
    expect(judgeAccepted(asked, made).join('\n')).toMatch(message);
  });
});

describe('submits', () => {
  it('may be repeated after a 429 only', () => {
    const busy = { at: 1, status: 429, task: null };
    expect(judgeSubmits(10, testimony({ 1: [busy, busy, taken(2)], 2: [taken(3)] }))).toEqual([]);
  });

  it.each([
    ['after a 500', testimony({ 1: [{ at: 1, status: 500, task: null }, taken(2)] })],
    ['after no answer', testimony({ 1: [{ at: 1, status: null, task: null }, taken(2)] })],
    ['after success', testimony({ 1: [taken(1), taken(2)] })],
  ])('sent again %s are found', (_, witness) => {
    expect(judgeSubmits(10, witness).join('\n')).toMatch(/1 generations were sent again/);
  });

  it('paid twice, too many at once and with a key for strangers are found', () => {
    const twice = { total: 1, newest: [{ prompt: 'chaos 1.' }] };
    const keys = { key: { maxActive: 11, limited: 0 } };
    const found = judgeSubmits(10, testimony({}, { promptsAcceptedTwice: twice, keys, keysLeaked: 1 })).join('\n');
    for (const message of [/paid twice/, /more than 10 tasks at once/, /the key was sent/])
      expect(found).toMatch(message);
  });
});

describe('outcomes', () => {
  const witness = testimony({ 1: [taken(1)], 2: [taken(2)], 3: [{ at: 3, status: null, task: null }] });

  it('may be unconfirmed, now and then', () => {
    const many = Array.from({ length: 9 }, () => generation(1));
    const lost = generation(3, { status: 'FAILED', code: 'SUBMIT_UNCONFIRMED', pictures: 0 });
    expect(judgeOutcomes([...many, lost], witness, [])).toEqual([]);
  });

  it.each([
    [generation(2, { status: 'RUNNING', pictures: 0 }), /ended otherwise.*chaos 2\. RUNNING/],
    [generation(2, { status: 'EXPIRED', code: 'RESULT_EXPIRED', pictures: 0 }), /EXPIRED RESULT_EXPIRED/],
    [generation(2, { pictures: 0 }), /without exactly one picture/],
    [generation(3), /the provider never made/],
    [generation(3, { status: 'FAILED', code: 'SUBMIT_UNCONFIRMED' }), /only 1 of 2 succeeded/],
  ])('that are wrong are found', (wrong, message) => {
    expect(judgeOutcomes([generation(1), wrong], witness, []).join('\n')).toMatch(message);
  });
});

describe('a subscriber', () => {
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).toReversed()) await stop();
  });

  /** A server that tells these messages to the first connection, the next ones to the second, and so on. */
  async function hears(...told: object[][]): Promise<{ subscriber: Subscriber; asked: unknown[] }> {
    const asked: unknown[] = [];
    const http = createServer();
    const sockets = new WebSocketServer({ server: http });
    sockets.on('connection', (socket) => {
      const messages = told.shift() ?? [];
      socket.on('message', (data: Buffer) => {
        const message = JSON.parse(data.toString()) as { type: string; payload: { variables: unknown } };
        if (message.type === 'connection_init') socket.send(JSON.stringify({ type: 'connection_ack' }));
        if (message.type !== 'subscribe') return;
        asked.push(message.payload.variables);
        for (const generationEvents of messages) {
          socket.send(JSON.stringify({ type: 'next', payload: { data: { generationEvents } } }));
        }
        if (told.length > 0) socket.close();
      });
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    const { port } = http.address() as AddressInfo;
    const subscriber = startSubscriber({
      name: 'subscriber',
      urls: [`http://127.0.0.1:${port}`],
      authorization: 'Bearer none',
      door: 'websocket',
      seed: 'unit',
      cutAfterMs: { least: 60_000, most: 60_000 },
    });
    stops.push(async () => {
      sockets.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    });
    stops.push(async () => await subscriber.stop());
    return { subscriber, asked };
  }

  const snapshot = { __typename: 'EventsSnapshot', cursor: 'c0', running: [] };
  const event = (version: number, cursor = `c${version}`) => ({
    __typename: 'GenerationEvent',
    cursor,
    version,
    status: `S${version}`,
    generationId: 'gen_1',
  });

  it('goes on after its cursor and sees each version once', async () => {
    const { subscriber, asked } = await hears([snapshot, event(1)], [event(2), event(3)]);
    await expect.poll(() => subscriber.events()).toBe(3);
    expect(subscriber.seen.get('gen_1')).toEqual(['S1', 'S2', 'S3']);
    expect(asked).toEqual([{}, { after: 'c1' }]);
    expect(subscriber.violations).toEqual([]);
  });

  it.each([
    ['a missed event', [snapshot, event(1), event(3)], /version 3 of gen_1 after 1 of it/],
    ['a repeated event', [snapshot, event(1), event(1)], /version 1 of gen_1 after 1 of it/],
    ['an unexpected snapshot', [snapshot, snapshot], /a snapshot although/],
    ['an old cursor', [{ __typename: 'EventsEnd', goOn: null, reason: 'CURSOR_TOO_OLD' }], /too old/],
    ['an unknown message', [{ __typename: 'Else' }], /not expected/],
  ])('notices %s', async (_, messages, expected) => {
    const { subscriber } = await hears(messages);
    await expect.poll(() => subscriber.violations.join('\n')).toMatch(expected);
  });
});
