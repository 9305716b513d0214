import { setTimeout as delay } from 'node:timers/promises';

/** Waits `ms` milliseconds, or less when `signal` aborts; never throws. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

/** A loop with an owner: runs at once, then again `everyMs` after each run, or sooner when poked. */
export type Ticker = {
  start(): void;
  /** Asks for a run as soon as the present one is over. */
  poke(): void;
  /** Waits for the run in flight; none starts afterwards. */
  stop(): Promise<void>;
};

/**
 * Runs `run` again and again. A run that throws is reported and the next one still waits `everyMs`, so a failing
 * dependency cannot make it spin.
 */
export function createTicker(options: {
  /** A function is asked again before each wait. */
  everyMs: number | (() => number);
  run: () => Promise<void>;
  onError: (error: unknown) => void;
}): Ticker {
  const { run, onError } = options;
  const everyMs = (): number => (typeof options.everyMs === 'function' ? options.everyMs() : options.everyMs);
  const stopping = new AbortController();
  let wake = new AbortController();
  let poked = false;
  let loop: Promise<void> | null = null;

  async function turn(): Promise<void> {
    while (!stopping.signal.aborted) {
      poked = false;
      let failed = false;
      try {
        await run();
      } catch (error) {
        failed = true;
        onError(error);
      }
      wake = new AbortController();
      if (failed) await sleep(everyMs(), stopping.signal);
      else if (!poked) await sleep(everyMs(), AbortSignal.any([stopping.signal, wake.signal]));
    }
  }

  return {
    start() {
      loop ??= turn();
    },
    poke() {
      poked = true;
      wake.abort();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
