import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createTicker, sleep, type Ticker } from '../../src/time.js';

vi.mock('node:timers/promises', async () => await import('./fake-delay.js'));
beforeEach(() => vi.useFakeTimers());
afterEach(() => {
  const left = vi.getTimerCount();
  vi.useRealTimers();
  if (left > 0) throw new Error(`${left} timers were left behind.`);
});

const pass = async (ms: number): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms));

/** A ticker of 100 ms whose runs end when the test says so. */
function heldTicker({ pokedEveryMs }: { pokedEveryMs?: number } = {}): {
  ticker: Ticker;
  runs: () => number;
  errors: unknown[];
  end: (error?: Error) => Promise<void>;
} {
  const errors: unknown[] = [];
  let runs = 0;
  let current = Promise.withResolvers<void>();
  const ticker = createTicker({
    everyMs: 100,
    ...(pokedEveryMs === undefined ? {} : { pokedEveryMs }),
    run: async () => {
      runs += 1;
      current = Promise.withResolvers<void>();
      await current.promise;
    },
    onError: (error) => errors.push(error),
  });
  async function end(error?: Error): Promise<void> {
    if (error === undefined) current.resolve();
    else current.reject(error);
    await pass(0);
  }
  return { ticker, runs: () => runs, errors, end };
}

it('a ticker runs at once, then so long after the end of each run', async () => {
  const { ticker, runs, end } = heldTicker();
  expect(runs()).toBe(0);
  ticker.start();
  expect(runs()).toBe(1);
  await pass(1_000);
  expect(runs()).toBe(1);
  await end();
  await pass(99);
  expect(runs()).toBe(1);
  await pass(1);
  expect(runs()).toBe(2);
  await end();
  await ticker.stop();
});

it('a poke between two runs brings the next one at once, and only one', async () => {
  const { ticker, runs, end } = heldTicker();
  ticker.start();
  await end();
  ticker.poke();
  ticker.poke();
  await pass(0);
  expect(runs()).toBe(2);
  await end();
  await pass(99);
  expect(runs()).toBe(2);
  await pass(1);
  expect(runs()).toBe(3);
  await end();
  await ticker.stop();
});

it('any number of pokes during a run bring one more run right after it', async () => {
  const { ticker, runs, end } = heldTicker();
  ticker.start();
  ticker.poke();
  ticker.poke();
  await pass(50);
  expect(runs()).toBe(1);
  await end();
  expect(runs()).toBe(2);
  await end();
  await pass(99);
  expect(runs()).toBe(2);
  await ticker.stop();
});

it('a stream of pokes brings runs so far apart, the first of them at once, and the last poke is never lost', async () => {
  const { ticker, runs, end } = heldTicker({ pokedEveryMs: 20 });
  ticker.start();
  await end();
  await pass(10);
  ticker.poke();
  await pass(0);
  expect(runs()).toBe(2);
  await pass(5);
  ticker.poke();
  await end();
  await pass(14);
  expect(runs()).toBe(2);
  await pass(1);
  expect(runs()).toBe(3);
  await end();
  ticker.poke();
  await pass(19);
  ticker.poke();
  expect(runs()).toBe(3);
  await pass(1);
  expect(runs()).toBe(4);
  await end();
  await pass(99);
  expect(runs()).toBe(4);
  await pass(1);
  expect(runs()).toBe(5);
  await end();
  await ticker.stop();
});

it('stop cuts the wait of a poked run short, and it does not come', async () => {
  const { ticker, runs, end } = heldTicker({ pokedEveryMs: 20 });
  ticker.start();
  ticker.poke();
  await end();
  await end();
  ticker.poke();
  await pass(0);
  const before = runs();
  await ticker.stop();
  expect(runs()).toBe(before);
});

it('a failing run is reported and waits its time, poked or not', async () => {
  const { ticker, runs, errors, end } = heldTicker();
  const error = new Error('No database.');
  ticker.start();
  ticker.poke();
  await end(error);
  expect(errors).toEqual([error]);
  ticker.poke();
  await pass(99);
  expect(runs()).toBe(1);
  await pass(1);
  expect(runs()).toBe(2);
  await end();
  await ticker.stop();
});

it('a ticker goes on however often its runs fail, and never spins', async () => {
  let runs = 0;
  const onError = vi.fn<(error: unknown) => void>();
  const run = async (): Promise<void> => {
    runs += 1;
    throw new Error('Still none.');
  };
  const ticker = createTicker({ everyMs: 100, run, onError });
  ticker.start();
  await pass(1_000);
  expect(runs).toBe(11);
  expect(onError).toHaveBeenCalledTimes(11);
  await ticker.stop();
});

it('stop waits for the run in flight, and none starts afterwards', async () => {
  const { ticker, runs, end } = heldTicker();
  ticker.start();
  ticker.poke();
  let stopped = false;
  const stopping = ticker.stop().then(() => (stopped = true));
  await pass(1_000);
  expect(stopped).toBe(false);
  await end();
  await stopping;
  ticker.poke();
  ticker.start();
  await pass(1_000);
  expect(runs()).toBe(1);
});

it('stop cuts the wait between two runs short', async () => {
  const { ticker, runs, end } = heldTicker();
  ticker.start();
  await end();
  await ticker.stop();
  expect(runs()).toBe(1);
});

it('a ticker that never started can be stopped, and a second start changes nothing', async () => {
  const idle = heldTicker();
  await idle.ticker.stop();
  expect(idle.runs()).toBe(0);
  const busy = heldTicker();
  busy.ticker.start();
  busy.ticker.start();
  expect(busy.runs()).toBe(1);
  await busy.end();
  await busy.ticker.stop();
});

it('sleep lasts its time, ends with its signal, and never throws', async () => {
  const ended = vi.fn<() => void>();
  void sleep(100).then(ended);
  await pass(99);
  expect(ended).not.toHaveBeenCalled();
  await pass(1);
  expect(ended).toHaveBeenCalledTimes(1);
  const controller = new AbortController();
  void sleep(100, controller.signal).then(ended);
  controller.abort();
  await pass(0);
  expect(ended).toHaveBeenCalledTimes(2);
  await sleep(100, AbortSignal.abort());
});
