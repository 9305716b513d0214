import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Ask } from './workloads.ts';

/**
 * The load generator, a process of its own: so many connections to one server on this machine, one request at a time on
 * each, for a bounded time. It speaks plain HTTP/1.1 over sockets, so that it takes as little as it can of the cores that
 * it shares with the server. Every answer must be a 200 with the marker and without errors.
 *
 * Takes a JSON order as its argument, prints a JSON result.
 */
export type Order = { url: string; ask: Ask; connections: number; warmMs: number; measureMs: number };
export type LoadResult = { answers: number; perSecond: number; p50Ms: number; p99Ms: number };

type Tally = { measuring: boolean; stopping: boolean; times: number[] };

async function main(order: Order): Promise<LoadResult> {
  const { hostname, port } = new URL(order.url);
  if (hostname !== '127.0.0.1') throw new Error('This load is for 127.0.0.1 only.');
  const request = wire(order.ask, hostname);
  const tally: Tally = { measuring: false, stopping: false, times: [] };
  const running = Promise.all(
    Array.from({ length: order.connections }, async () => await drive(Number(port), request, order.ask, tally)),
  );
  const ended = await Promise.race([running.then(() => true), measure(order, tally)]);
  if (typeof ended === 'boolean') throw new Error('The connections ended early.');
  await running;
  return ended;
}

async function measure(order: Order, tally: Tally): Promise<LoadResult> {
  await delay(order.warmMs);
  // The signal for the starter to read the server's CPU clock.
  console.log('measuring');
  const from = performance.now();
  tally.measuring = true;
  await delay(order.measureMs);
  tally.measuring = false;
  const seconds = (performance.now() - from) / 1_000;
  console.log('measured');
  tally.stopping = true;
  const times = tally.times.toSorted((a, b) => a - b);
  const at = (share: number): number => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { answers: times.length, perSecond: times.length / seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
}

function wire(ask: Ask, host: string): Buffer {
  const headers = { host, connection: 'keep-alive', ...ask.headers };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  if (ask.method === 'POST') lines.push(`content-length: ${Buffer.byteLength(ask.body)}`);
  return Buffer.from(`${ask.method} ${ask.path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${ask.body}`);
}

/** Asks again and again on one connection until it is told to stop. */
async function drive(port: number, request: Buffer, ask: Ask, tally: Tally): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let received: Buffer = Buffer.alloc(0);
    let sentAt = 0;
    let thoroughly = true;

    function send(): void {
      sentAt = performance.now();
      socket.write(request);
    }

    function take(chunk: Buffer): void {
      received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
      const answer = split(received);
      if (answer === null) return;
      if (tally.measuring) tally.times.push(performance.now() - sentAt);
      check(answer, ask, thoroughly);
      thoroughly = false;
      received = Buffer.alloc(0);
      if (tally.stopping) socket.end(resolve);
      else send();
    }

    socket.on('connect', send);
    socket.on('data', (chunk) => {
      try {
        take(chunk);
      } catch (error) {
        socket.destroy();
        reject(error instanceof Error ? error : new Error(String(error)));
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('The server closed a connection.')));
  });
}

type Answer = { head: string; body: Buffer };

/** The answer, once all of it has come. */
function split(received: Buffer): Answer | null {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return null;
  const head = received.toString('latin1', 0, end);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined) throw new Error(`An answer without a length:\n${head}`);
  const body = received.subarray(end + 4);
  if (body.length < Number(length)) return null;
  if (body.length > Number(length)) throw new Error('More came than was asked for.');
  return { head, body };
}

function check({ head, body }: Answer, ask: Ask, thoroughly: boolean): void {
  const good = head.startsWith('HTTP/1.1 200') && body.includes(ask.marker) && !body.includes('"errors"');
  const counted = !thoroughly || body.toString().split(ask.marker).length - 1 === ask.times;
  if (!good || !counted) throw new Error(`A wrong answer:\n${head}\n${body.toString().slice(0, 2_000)}`);
}

// The order comes from servers.ts, which is typed alike.
const order = JSON.parse(process.argv[2] ?? 'null') as Order;
console.log(JSON.stringify(await main(order)));
