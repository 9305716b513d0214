/**
 * Follows the log of a project over whatever happens to connections and servers. To copy into a frontend: this folder needs
 * `graphql-ws` and what browsers and Node 22 or later bring along (fetch, WebSocket).
 */
import { connect, type Connection } from './connect.js';
import type { FollowedEvent, FollowedGeneration, FollowFilter, WireMessage } from './document.js';
import { FollowError } from './errors.js';

export type { FollowedEvent, FollowedGeneration, FollowFilter } from './document.js';
export { FollowError } from './errors.js';

export type FollowMessage =
  /** Where the log stands and what runs. With `gap` events were missed for good: what else is shown is to be read anew. */
  | { kind: 'snapshot'; cursor: string; running: readonly FollowedGeneration[]; gap: boolean }
  | { kind: 'event'; cursor: string; event: FollowedEvent };

export type FollowState =
  | { state: 'connecting' }
  | { state: 'open' }
  /** It broke or was ended; it is connected again after `inMs`. */
  | { state: 'waiting'; inMs: number; reason: string }
  | { state: 'closed' };

export type FollowOptions = {
  /** Darkroom's address, such as `http://localhost:4000`; with a function each connection may go to another instance. */
  url: string | (() => string);
  apiKey: string;
  filter?: FollowFilter;
  /** Go on after this cursor, as kept from an earlier message. Without one a snapshot comes first. */
  after?: string | null;
  /** WebSocket (the default), or server-sent events where proxies do not let those through. */
  transport?: Connection['transport'];
  /** Ends it. */
  signal?: AbortSignal;
  onState?: (state: FollowState) => void;
  /** Milliseconds between two tries: at first up to `firstMs`, doubled each time, never above `longestMs`. */
  retry?: { firstMs: number; longestMs: number };
  /** A connection on which nothing comes for so long, no ping either, is given up. 30 s unless set. */
  silenceMs?: number;
  /** Where there is no global WebSocket: Node 20. */
  webSocket?: unknown;
};

/** Messages that wait for a slow loop; with more the connection is left, and taken up again where the loop is. */
const waitingAtMost = 1_000;

/**
 * Every event of the project that matches, once and in order, for as long as the loop runs; the connection is made again
 * with the last cursor whenever it breaks. Throws a FollowError when Darkroom refuses.
 */
export async function* followGenerations(options: FollowOptions): AsyncGenerator<FollowMessage, void, void> {
  const { url, apiKey, filter = {}, transport = 'ws', signal, onState = () => undefined, webSocket } = options;
  const { firstMs, longestMs } = options.retry ?? { firstMs: 250, longestMs: 10_000 };
  const silenceMs = options.silenceMs ?? 30_000;
  let cursor = options.after ?? null;
  let position = 0;
  let gap = false;
  let failures = 0;

  while (!isAborted(signal)) {
    onState({ state: 'connecting' });
    const from: Connection = { url: typeof url === 'function' ? url() : url, apiKey, transport, silenceMs, webSocket };
    let reason = 'The connection was closed.';
    const beganAt = Date.now();
    try {
      const messages = messagesOf(from, { filter, after: cursor }, signal, () => onState({ state: 'open' }));
      for await (const message of messages) {
        failures = 0;
        if (message.__typename === 'EventsEnd') {
          reason = message.message;
          cursor = message.resumeAfter;
          gap = cursor === null;
          if (gap) position = 0;
          break;
        }
        cursor = message.cursor;
        if (message.__typename === 'EventsSnapshot') {
          yield { kind: 'snapshot', cursor, running: message.running, gap };
          gap = false;
        } else if (message.position > position) {
          position = message.position;
          const { __typename: _name, ...event } = message;
          yield { kind: 'event', cursor, event };
        }
      }
    } catch (error) {
      if (error instanceof FollowError) throw error;
      if (error instanceof Error) reason = error.message;
    }
    if (isAborted(signal)) break;
    if (Date.now() - beganAt > longestMs) failures = 0;
    // Jitter, so that not all who were cut off come back at one moment.
    const inMs = Math.random() * Math.min(longestMs, firstMs * 2 ** failures);
    failures += 1;
    onState({ state: 'waiting', inMs, reason });
    await pause(inMs, signal);
  }
  onState({ state: 'closed' });
}

/** The messages of one connection. Leaving the loop leaves the connection. */
async function* messagesOf(
  connection: Connection,
  request: { filter: FollowFilter; after: string | null },
  signal: AbortSignal | undefined,
  connected: () => void,
): AsyncGenerator<WireMessage, void, void> {
  const waiting: WireMessage[] = [];
  let end: { error: unknown } | null = null;
  let wake = (): void => undefined;
  function finish(error: unknown): void {
    end ??= { error };
    wake();
  }
  const leave = connect(connection, request, {
    connected,
    message(message) {
      if (end !== null) return;
      if (waiting.length >= waitingAtMost) {
        leave();
        return finish(null);
      }
      waiting.push(message);
      return wake();
    },
    over: finish,
  });
  const onAbort = (): void => finish(null);
  signal?.addEventListener('abort', onAbort);
  try {
    while (!isAborted(signal)) {
      const message = waiting.shift();
      if (message !== undefined) yield message;
      else if (end !== null) break;
      else await new Promise<void>((resolve) => (wake = resolve));
    }
    const ended = end as { error: unknown } | null;
    if (ended?.error != null) throw ended.error;
  } finally {
    signal?.removeEventListener('abort', onAbort);
    leave();
  }
}

/** A function, because the answer changes between two questions. */
function isAborted(signal: AbortSignal | undefined): boolean {
  return signal?.aborted === true;
}

async function pause(ms: number, signal: AbortSignal | undefined): Promise<void> {
  if (isAborted(signal)) return;
  await new Promise<void>((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    }
    signal?.addEventListener('abort', done);
  });
}
