import { Agent, buildConnector, Client, type Dispatcher } from 'undici';
import { createDeadline } from '../deadline.js';
import { collectAnswer, type Exchange } from './exchange.js';
import { describeFault } from './fault.js';

export type Timeouts = {
  /** Until the connection stands, TLS included. */
  connectMs: number;
  /** From there until the head of the answer. */
  answerMs: number;
  /** Between two pieces of the body. */
  idleMs: number;
  /** For all of it: a body that drips forever keeps within `idleMs`. */
  totalMs: number;
};

export type Call = {
  method: 'GET' | 'POST' | 'PUT';
  url: URL;
  headers: Readonly<Record<string, string>>;
  body?: string | Buffer;
  /** An answer longer than this is not read to its end. */
  maxBytes: number;
  signal: AbortSignal;
};

/** HTTP/1.1 to upstreams. Never repeats a request, never follows a redirect, never throws for what the network does. */
export type Transport = {
  /** For requests that cost money: over a connection of its own, and certain whether anything was sent. */
  sendOnce(call: Call): Promise<Exchange>;
  /** For requests that may be repeated: over kept-alive connections. */
  read(call: Call): Promise<Exchange>;
  close(): Promise<void>;
};

export const defaultTimeouts: Timeouts = { connectMs: 10_000, answerMs: 60_000, idleMs: 30_000, totalMs: 120_000 };

/** Kept alive to one upstream; what asks meanwhile waits for one to be free. */
const connectionsAtMost = 512;

export function createTransport(timeouts: Timeouts = defaultTimeouts): Transport {
  // One connector for all, so that TLS sessions are resumed even where connections are not kept.
  const connector = buildConnector({ timeout: timeouts.connectMs, allowH2: false });
  const limits = { headersTimeout: timeouts.answerMs, bodyTimeout: timeouts.idleMs, allowH2: false };
  const agent = new Agent({ ...limits, connections: connectionsAtMost, connect: connector });

  /**
   * A kept-alive socket may have been closed by the far end a moment ago; a POST written to it then fails like one whose
   * answer was lost, although nothing was accepted. A fresh connection per submit leaves no such doubt, and shows by
   * itself whether the request can have left: it cannot before the connection stands. It costs a handshake per image,
   * which takes seconds to make.
   */
  async function sendOnce(call: Call): Promise<Exchange> {
    let dialled = false;
    let connected = false;
    const client = new Client(call.url.origin, {
      ...limits,
      connect(options, callback) {
        // undici puts a request back in its queue after some socket errors and dials again (onHttpSocketClose in
        // undici 8.12, lib/dispatcher/client-h1.js). That would be a second submit.
        if (dialled) {
          callback(new Error('the connection closed before the answer'), null);
          return;
        }
        dialled = true;
        connector(options, (...result) => {
          connected = result[0] === null;
          callback(...result);
        });
      },
    });
    try {
      const exchange = await run(client, call, true);
      return exchange.kind === 'lost' && !connected ? { kind: 'unsent', message: exchange.message } : exchange;
    } finally {
      await client.destroy();
    }
  }

  async function run(dispatcher: Dispatcher, call: Call, reset: boolean): Promise<Exchange> {
    const deadline = createDeadline(call.signal, timeouts.totalMs);
    try {
      // Nothing leaves for a caller who has stopped; the deadline says so in its own words.
      if (call.signal.aborted) await deadline.over;
      const request = {
        origin: call.url.origin,
        path: `${call.url.pathname}${call.url.search}`,
        method: call.method,
        // A compressed answer would have to be unpacked within the same bounds; none of the upstreams needs it.
        headers: { 'user-agent': 'darkroom', 'accept-encoding': 'identity', ...call.headers },
        body: call.body ?? null,
        reset,
      };
      return await collectAnswer(dispatcher, request, { maxBytes: call.maxBytes, over: deadline.over });
    } catch (error) {
      return { kind: 'lost', message: describeFault(error) };
    } finally {
      deadline.clear();
    }
  }

  const underWay = new Set<Promise<Exchange>>();

  async function track(exchange: Promise<Exchange>): Promise<Exchange> {
    underWay.add(exchange);
    try {
      return await exchange;
    } finally {
      underWay.delete(exchange);
    }
  }

  return {
    sendOnce: (call) => track(sendOnce(call)),
    read: (call) => track(run(agent, call, false)),
    async close() {
      await Promise.allSettled(underWay);
      // Not agent.close(): that would wait for connections that are still being made for a caller who has stopped.
      await agent.destroy();
    },
  };
}

/** One header of an answer, the first where it came twice. */
export function headerOf(
  answer: { headers: Readonly<Record<string, string | string[] | undefined>> },
  name: string,
): string | null {
  const value = answer.headers[name];
  return (Array.isArray(value) ? value[0] : value) ?? null;
}
