import { sleep } from '../../src/time.js';
import type { Recovery } from './disturbances.js';

/** `ms` null: it was not well again in time. */
export type Recovered = { disturbance: string; what: string; ms: number | null };

/** Looks after what has to become well again, and how long that takes. */
export type Recoveries = {
  expect(disturbance: string, recovery: Recovery): void;
  /** Waits until all that was expected so far is well again, or is given up. */
  settled(): Promise<void>;
  list(): Recovered[];
};

const everyMs = 50;

export function createRecoveries(withinMs: number, onRecovered: (recovered: Recovered) => void): Recoveries {
  const all: Recovered[] = [];
  const watches: Promise<void>[] = [];

  async function watch(disturbance: string, { what, from, done }: Recovery): Promise<void> {
    for (;;) {
      const ms = Date.now() - from;
      const well = await done();
      if (well || ms > withinMs) {
        const recovered = { disturbance, what, ms: well ? ms : null };
        all.push(recovered);
        return onRecovered(recovered);
      }
      await sleep(everyMs);
    }
  }

  return {
    expect(disturbance, recovery) {
      watches.push(watch(disturbance, recovery));
    },
    async settled() {
      await Promise.all(watches);
    },
    list: () => all,
  };
}
