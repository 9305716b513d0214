import type { GenerationEvent } from '../domain/generation.js';

/** Why a reader of the log was ended, and the position after which it goes on elsewhere without missing anything. */
export type LogEnd = { kind: 'end'; reason: 'TOO_SLOW' | 'STOPPING'; position: number };

export type EventMessage = { kind: 'event'; event: GenerationEvent };
export type LogMessage = EventMessage | LogEnd;

/** A reader of the log, asked for one message at a time. `return` takes effect at once, also while somebody waits for the next message. */
export type Follower<First> = AsyncIterableIterator<First | LogMessage> & {
  /** Drops what waits, tells the reader where it stands, and is over. */
  stop(): void;
};

export type FollowOptions<First> = {
  /** Told before everything else. */
  first: First | null;
  /** Every event after this position is told, once, in the order of positions. */
  from: number;
  /** Where the log ends now, by the ledger: up to here it is read from there. */
  head: number;
  /** Matching events after one position up to another, in order, at most `limit`. */
  read: (after: number, upTo: number, limit: number) => Promise<GenerationEvent[]>;
  /** Calls the listener for each matching event after `livePosition()`; gives back how to stop. */
  listen: (listener: (event: GenerationEvent) => void) => () => void;
  livePosition: () => number;
  /** So many live events may wait for a slow reader. */
  bound: number;
  onClose: () => void;
};

/** Events read from the ledger at once: all that a reader of old events keeps in memory. */
const pageSize = 250;

/**
 * Reads the log from a position on: what lies behind from the ledger, page by page as the reader asks for it, then live.
 * The two are joined by position: listening begins at a known live position, the ledger is read up to it, and whatever
 * comes live from before is dropped. So neither a hub that is behind the ledger nor one ahead of it loses or repeats any.
 */
export function createFollower<First>(options: FollowOptions<First>): Follower<First> {
  const { read, listen, livePosition, bound, onClose } = options;
  let { first } = options;
  /** The last position handed out. */
  let handed = options.from;
  /** All up to here was read from the ledger; it is read up to `target`. */
  let replayed = options.from;
  let target = options.head;
  let page: GenerationEvent[] = [];
  /** Live events that wait; null while nobody listens. */
  let live: GenerationEvent[] | null = null;
  let unlisten = (): void => undefined;
  let ending: LogEnd | null = null;
  let over = false;
  let wake = (): void => undefined;

  function onEvent(event: GenerationEvent): void {
    if (live === null || event.position <= replayed) return;
    if (live.length < bound) {
      live.push(event);
      wake();
      return;
    }
    unlisten();
    live = null;
    // While it still reads what lies behind, a reader is not slow: these events lie behind as well now.
    if (replayed >= target && page.length === 0) end('TOO_SLOW', handed);
  }

  /** Nothing that matches lies up to here and was not handed out. */
  function standing(): number {
    if (page.length > 0 || (live !== null && live.length > 0)) return handed;
    return Math.max(handed, replayed, live === null || replayed < target ? 0 : livePosition());
  }

  function end(reason: LogEnd['reason'], position: number): void {
    if (over || ending !== null) return;
    ending = { kind: 'end', reason, position };
    forget();
    wake();
  }

  function forget(): void {
    unlisten();
    live = null;
    page = [];
    first = null;
    onClose();
  }

  function close(): void {
    if (over) return;
    over = true;
    if (ending === null) forget();
    wake();
  }

  /** Listens when the ledger is read nearly to its end; before, the events would only wait. */
  function comeNearer(): void {
    const position = livePosition();
    if (position <= target + pageSize) {
      live = [];
      unlisten = listen(onEvent);
    }
    target = Math.max(target, position);
  }

  async function readPage(): Promise<void> {
    const upTo = target;
    const events = await read(replayed, upTo, pageSize);
    if (over || ending !== null) return;
    replayed = events.length < pageSize ? upTo : (events.at(-1)?.position ?? upTo);
    // Handed out from the end of the array, which is cheaper.
    page = events.toReversed();
  }

  function take(): GenerationEvent | undefined {
    const behind = page.pop();
    if (behind !== undefined) return behind;
    if (replayed < target) return undefined;
    let event = live?.shift();
    // What came while the ledger was read, and was read there.
    while (event !== undefined && event.position <= replayed) event = live?.shift();
    return event;
  }

  async function next(): Promise<IteratorResult<First | LogMessage>> {
    while (true) {
      if (over) return { done: true, value: undefined };
      if (ending !== null) {
        const value = ending;
        close();
        return { done: false, value };
      }
      if (first !== null) {
        const value = first;
        first = null;
        return { done: false, value };
      }
      const event = take();
      if (event !== undefined) {
        handed = event.position;
        return { done: false, value: messageOf(event) };
      }
      if (replayed < target) await readPage();
      else if (live === null) comeNearer();
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }

  return {
    stop: () => end('STOPPING', standing()),
    async next() {
      try {
        return await next();
      } catch (error) {
        // Whoever iterates does not call `return` after an error.
        close();
        throw error;
      }
    },
    async return() {
      close();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

const messages = new WeakMap<GenerationEvent, EventMessage>();

/** One message for all readers of an event, who may share what is made of it. */
function messageOf(event: GenerationEvent): EventMessage {
  const known = messages.get(event);
  if (known !== undefined) return known;
  const message: EventMessage = { kind: 'event', event };
  messages.set(event, message);
  return message;
}
