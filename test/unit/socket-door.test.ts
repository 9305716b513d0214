import { once } from 'node:events';
import { afterEach, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { key, openSocketDoors, type Doors } from './fake-doors.js';
import { eventually } from '../support/eventually.js';

let doors: Doors;
const sockets: WebSocket[] = [];

afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  await doors.stop();
});

const messageSchema = z.object({ type: z.string(), id: z.string().optional(), payload: z.unknown().optional() });
type Message = z.infer<typeof messageSchema>;

/** One WebSocket that has said its key; `got` are the messages so far. */
async function connect(authorization = key) {
  const socket = new WebSocket(doors.url, 'graphql-transport-ws');
  sockets.push(socket);
  const got: Message[] = [];
  socket.on('message', (data: Buffer) => got.push(messageSchema.parse(JSON.parse(data.toString()))));
  const closed = once(socket, 'close').then(([code, reason]) => ({ code: Number(code), reason: String(reason) }));
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } }));
  return {
    socket,
    got,
    closed,
    ask: (id: string, query: string) => socket.send(JSON.stringify({ type: 'subscribe', id, payload: { query } })),
    leave: (id: string) => socket.send(JSON.stringify({ type: 'complete', id })),
    of: (id: string) => got.filter((message) => message.id === id),
    acknowledged: async () => await eventually(() => expect(got[0]?.type).toBe('connection_ack')),
  };
}

/** The value when it has changed and then stands still. */
async function standstill(value: () => number): Promise<number> {
  let before = 0;
  await vi.waitFor(
    () => {
      const [last, now] = [before, value()];
      before = now;
      expect(now > 0 && now === last).toBe(true);
    },
    { interval: 300, timeout: 10_000 },
  );
  return before;
}

const forever = 'subscription { forever }';

it('refuses the operation above the limit of a connection by a message of its own, and takes it when one has ended', async () => {
  doors = await openSocketDoors();
  const peer = await connect();
  await peer.acknowledged();
  for (let n = 1; n <= 101; n += 1) peer.ask(`${n}`, forever);
  await eventually(() => expect(peer.of('101')).toHaveLength(1));
  expect(peer.of('101')[0]).toMatchObject({
    type: 'error',
    payload: [
      {
        message: 'One connection may have at most 100 operations at once.',
        extensions: { code: 'BAD_REQUEST' },
      },
    ],
  });
  await eventually(() => expect(doors.open.size).toBe(100));
  peer.leave('1');
  await eventually(() => expect(doors.open.size).toBe(99));
  peer.ask('102', '{ hello }');
  await eventually(() => expect(peer.of('102').map(({ type }) => type)).toEqual(['next', 'complete']));
  expect(peer.socket.readyState).toBe(WebSocket.OPEN);
});

it('bounds the connections of one key, and tells whoever is one too many to come again later', async () => {
  doors = await openSocketDoors({ openPerKey: 2 });
  const [first, second] = [await connect(), await connect()];
  await Promise.all([first.acknowledged(), second.acknowledged()]);
  expect(await (await connect()).closed).toEqual({ code: 1013, reason: 'Too many connections with this API key' });
  first.socket.close();
  await first.closed;
  await eventually(async () => await (await connect()).acknowledged());
});

it('tells a stranger from a fault of its own', async () => {
  doors = await openSocketDoors();
  expect(await (await connect('Bearer bad')).closed).toMatchObject({ code: 4403 });
  expect(doors.errors).not.toHaveBeenCalled();
  expect(await (await connect('Bearer fault')).closed).toMatchObject({ code: 1013 });
  expect(doors.errors).toHaveBeenCalledTimes(1);
});

it('closes a connection without an operation, and none with one', async () => {
  doors = await openSocketDoors({ timings: { idleMs: 600 } });
  const [idle, busy, late] = [await connect(), await connect(), await connect()];
  await Promise.all([busy.acknowledged(), late.acknowledged()]);
  busy.ask('1', forever);
  late.ask('1', forever);
  await eventually(() => expect(doors.open.size).toBe(2));
  expect(await idle.closed).toEqual({ code: 4408, reason: 'Idle: no operation for 0.6 s' });
  expect(late.socket.readyState).toBe(WebSocket.OPEN);
  late.leave('1');
  expect((await late.closed).code).toBe(4408);
  expect(busy.socket.readyState).toBe(WebSocket.OPEN);
});

it('pings, and cuts off whoever does not answer', async () => {
  doors = await openSocketDoors({ timings: { pingMs: 50 } });
  const [here, deaf] = [await connect(), await connect()];
  await Promise.all([here.acknowledged(), deaf.acknowledged()]);
  here.ask('1', forever);
  deaf.ask('1', forever);
  await eventually(() => expect(doors.open.size).toBe(2));
  let pings = 0;
  here.socket.on('ping', () => (pings += 1));
  deaf.socket.pause();
  // Its stream is left when it is cut off, which it does not read.
  await eventually(() => expect(doors.open.size).toBe(1));
  await eventually(() => expect(pings).toBeGreaterThan(2));
  expect(here.socket.readyState).toBe(WebSocket.OPEN);
});

it('asks for no more than a reader takes', async () => {
  doors = await openSocketDoors();
  const slow = await connect();
  await slow.acknowledged();
  slow.socket.pause();
  slow.ask('1', 'subscription { text(count: 1000, size: 100000) }');
  // Until the kernel's buffers are full, and then not one more.
  expect(await standstill(doors.asked)).toBeLessThan(400);
  slow.socket.resume();
  await vi.waitFor(() => expect(slow.of('1').at(-1)?.type).toBe('complete'), { timeout: 10_000 });
  expect(slow.of('1')).toHaveLength(1_001);
});

it('reads nothing more of a client that does not read its answers', async () => {
  doors = await openSocketDoors();
  const flood = await connect();
  await flood.acknowledged();
  flood.socket.pause();
  const query = `{ ${Array.from({ length: 50 }, (_, n) => `a${n}: hello`).join(' ')} nothing${'x'.repeat(2_000)} }`;
  for (let n = 0; n < 20_000; n += 1) flood.ask(`${n}`, query);
  // What the server does not read stays with the sender.
  expect(await standstill(() => flood.socket.bufferedAmount)).toBeGreaterThan(1_000_000);
});

it('at a stop waits for operations that end, then closes all with 1001, whoever does not read too', async () => {
  doors = await openSocketDoors({ timings: { drainMs: 200 } });
  const [ends, deaf] = [await connect(), await connect()];
  await Promise.all([ends.acknowledged(), deaf.acknowledged()]);
  ends.ask('1', forever);
  deaf.socket.pause();
  deaf.ask('1', 'subscription { text(count: 1000, size: 100000) }');
  await eventually(() => expect([doors.open.size, doors.asked() > 0]).toEqual([1, true]));
  const from = performance.now();
  const closing = doors.door.close();
  doors.endAll();
  expect((await ends.closed).code).toBe(1001);
  expect(ends.of('1').map(({ type }) => type)).toEqual(['complete']);
  await closing;
  expect(performance.now() - from).toBeLessThan(3_000);
});
