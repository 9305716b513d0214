import { describe, expect, it, vi } from 'vitest';
import { createLatest, type Latest } from '../../src/events/latest.js';

type State = { value: number; last: boolean } | null;

/** A stream of a state that the test sets. `hold` makes the next load wait until it is let go. */
function make(): {
  latest: Latest<number>;
  set: (state: State) => void;
  loads: () => number;
  hold: () => () => void;
  onClose: ReturnType<typeof vi.fn<() => void>>;
} {
  let state: State = { value: 1, last: false };
  let loads = 0;
  let gate: Promise<void> = Promise.resolve();
  const onClose = vi.fn<() => void>();
  const latest = createLatest<number>({
    load: async () => {
      loads += 1;
      const now = state;
      await gate;
      return now;
    },
    onClose,
  });
  return {
    latest,
    set: (next) => (state = next),
    loads: () => loads,
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      gate = promise;
      return resolve;
    },
    onClose,
  };
}
const given = (value: number): unknown => ({ done: false, value });
const over = { done: true, value: undefined };
const settle = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

describe('a stream of the latest state', () => {
  it('gives the first value without a touch, and no second one', async () => {
    const { latest, loads } = make();
    expect(await latest.next()).toEqual(given(1));
    const read = vi.fn<(result: unknown) => void>();
    void latest.next().then(read);
    await settle();
    expect(read).not.toHaveBeenCalled();
    expect(loads()).toBe(1);
    await latest.return?.();
  });

  it('gives the present value once, after any number of touches', async () => {
    const { latest, set, loads } = make();
    await latest.next();
    for (let value = 2; value <= 50; value += 1) {
      set({ value, last: false });
      latest.touch();
    }
    expect(await latest.next()).toEqual(given(50));
    expect(loads()).toBe(2);
  });

  it('wakes a waiting reader', async () => {
    const { latest, set } = make();
    await latest.next();
    const waiting = latest.next();
    await settle();
    set({ value: 2, last: false });
    latest.touch();
    expect(await waiting).toEqual(given(2));
  });

  it('misses nothing that is touched while it loads', async () => {
    const { latest, set, hold } = make();
    const letGo = hold();
    const first = latest.next();
    set({ value: 2, last: false });
    latest.touch();
    letGo();
    expect(await first).toEqual(given(1));
    expect(await latest.next()).toEqual(given(2));
  });

  it('ends after the last value', async () => {
    const { latest, set, onClose } = make();
    set({ value: 9, last: true });
    expect(await latest.next()).toEqual(given(9));
    expect(onClose).toHaveBeenCalledTimes(1);
    latest.touch();
    expect(await latest.next()).toEqual(over);
  });

  it('ends when there is nothing any more', async () => {
    const { latest, set, onClose } = make();
    set(null);
    expect(await latest.next()).toEqual(over);
    expect(onClose).toHaveBeenCalledTimes(1);
  });

  it('returns at once while a reader waits, who then sees the end', async () => {
    const { latest, onClose, loads } = make();
    await latest.next();
    const waiting = latest.next();
    expect(await latest.return?.()).toEqual(over);
    expect(await waiting).toEqual(over);
    expect(onClose).toHaveBeenCalledTimes(1);
    latest.touch();
    expect(await latest.next()).toEqual(over);
    expect(loads()).toBe(1);
  });

  it('is forgotten when its loading fails, since nobody returns it then', async () => {
    const onClose = vi.fn<() => void>();
    const latest = createLatest<number>({
      load: async () => {
        throw new Error('No database.');
      },
      onClose,
    });
    await expect(latest.next()).rejects.toThrow('No database.');
    expect(onClose).toHaveBeenCalledTimes(1);
    expect(await latest.next()).toEqual(over);
  });
});
