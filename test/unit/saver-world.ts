import { setImmediate as passIO } from 'node:timers/promises';
import { createSaver, type Saver } from '../../src/poller/saver.js';
import type { SaveEnd, SaverClock, SaverLimits } from '../../src/poller/save-task.js';
import { inspected, quietLogger } from './fakes.js';

/** Time that stands still until a test moves it. */
function createClock(): SaverClock & { pass: (ms: number) => Promise<void>; waiting: () => number } {
  const timers = new Set<{ at: number; wake: () => void }>();
  let now = 1_000_000;
  return {
    now: () => now,
    after(ms, wake) {
      const timer = { at: now + ms, wake };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async pass(ms) {
      const until = now + ms;
      await passIO();
      while (true) {
        const next = [...timers].filter((timer) => timer.at <= until).toSorted((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers.delete(next);
        now = Math.max(now, next.at);
        next.wake();
        await passIO();
      }
      now = until;
    },
    waiting: () => timers.size,
  };
}

export type Ending = SaveEnd<'gone'>['kind'];

/** A provider whose pictures expire, an image store that may be down, and the saver between them. */
export type World = {
  saver: Saver<'gone'>;
  pass: (ms: number) => Promise<void>;
  /** Moves on until all is over, or so long. */
  settle: (ms: number) => Promise<void>;
  /** A finished picture: expires in so many ms, has so many bytes. */
  add: (
    name: string,
    picture?: { expiresInMs?: number; bytes?: number; giveUpInMs?: number; fetch?: 'again'; poison?: true },
  ) => void;
  /** Whether the store takes anything, and how long that takes. */
  store: { down: boolean; ms: number; puts: number; atOnce: number; order: string[] };
  fetches: string[];
  ends: Map<string, Ending>;
  most: { held: number; fetching: number };
  stop: () => void;
  timers: () => number;
  errors: () => number;
};

const fetchMs = 100;

export function createWorld(limits: Partial<SaverLimits> = {}): World {
  const clock = createClock();
  const forced = new AbortController();
  const { logger, errors } = quietLogger();
  const saver = createSaver<'gone'>({ signal: forced.signal, logger, limits, clock });
  const store = { down: false, ms: 10, puts: 0, atOnce: 0, order: new Array<string>() };
  const fetches: string[] = [];
  const ends = new Map<string, Ending>();
  const most = { held: 0, fetching: 0 };
  let fetching = 0;
  let open = 0;

  async function wait(ms: number, signal?: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const cancel = clock.after(ms, resolve);
      signal?.addEventListener('abort', () => {
        cancel();
        resolve();
      });
    });
  }

  const note = (): void => void (most.held = Math.max(most.held, saver.heldBytes()));

  return {
    saver,
    store,
    fetches,
    ends,
    most,
    pass: clock.pass,
    async settle(ms) {
      for (let passed = 0; open > 0 && passed < ms; passed += 50) await clock.pass(50);
    },
    add(name, { expiresInMs = 600_000, bytes = 1_000, giveUpInMs = 900_000, fetch, poison } = {}) {
      const expiresAt = clock.now() + expiresInMs;
      const content = Buffer.alloc(bytes);
      open += 1;
      const work = saver.save({
        expiresInMs,
        giveUpInMs,
        async fetch(signal) {
          fetches.push(name);
          fetching += 1;
          most.fetching = Math.max(most.fetching, fetching);
          await wait(fetchMs, signal);
          fetching -= 1;
          if (fetch === 'again' || signal.aborted) return { kind: 'again' };
          if (clock.now() >= expiresAt) return { kind: 'over', over: 'gone' };
          return { kind: 'picture', picture: { image: inspected(content), bytes: content } };
        },
        async store() {
          note();
          store.puts += 1;
          store.atOnce += 1;
          await wait(store.ms);
          store.atOnce -= 1;
          if (store.down || poison === true) throw new Error('The store is down.');
          store.order.push(name);
        },
      });
      void work.then(({ kind }) => {
        open -= 1;
        ends.set(name, kind);
        note();
      });
    },
    stop: () => forced.abort(),
    timers: clock.waiting,
    errors: () => errors.mock.calls.length,
  };
}
