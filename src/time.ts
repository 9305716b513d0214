import { setTimeout as delay } from 'node:timers/promises';

/** Waits `ms` milliseconds, or less when `signal` aborts; never throws. */
export async function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => undefined);
}

/** A sleeper that can be woken: a ring while nobody sleeps ends the next sleep at once. */
export type Alarm = {
  /** Waits `ms` milliseconds, or until the next ring. */
  sleep: (ms: number) => Promise<void>;
  ring: () => void;
};

const nobody = (): void => undefined;

export function createAlarm(): Alarm {
  let rung = false;
  let wake = nobody;

  return {
    async sleep(ms) {
      if (!rung) {
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
      wake = nobody;
      rung = false;
    },
    ring() {
      rung = true;
      wake();
    },
  };
}

/** After a run that failed the next one waits so long at least. */
const failedEveryMs = 100;

/** A loop with an owner: runs at once, then again `everyMs` after each run, or sooner when poked. */
export type Ticker = {
  start(): void;
  /** Asks for a run as soon as the present one is over. */
  poke(): void;
  /** Waits for the run in flight; none starts afterwards. */
  stop(): Promise<void>;
};

/**
 * Runs `run` again and again. A run that throws is reported and the next one still waits `everyMs`, and 100 ms at least, so
 * a failing dependency cannot make it spin.
 */
export function createTicker(options: {
  /** A function is asked again before each wait. */
  everyMs: number | (() => number);
  /** Runs that were poked start so far apart at least: a stream of pokes is answered together. */
  pokedEveryMs?: number;
  run: () => Promise<void>;
  onError: (error: unknown) => void;
}): Ticker {
  const { pokedEveryMs = 0, run, onError } = options;
  const everyMs = (): number => (typeof options.everyMs === 'function' ? options.everyMs() : options.everyMs);
  const stopping = new AbortController();
  let wake = new AbortController();
  let poked = false;
  let pokedAt = -Infinity;
  let loop: Promise<void> | null = null;

  async function turn(): Promise<void> {
    while (true) {
      if (poked) {
        const restMs = pokedAt + pokedEveryMs - performance.now();
        if (restMs > 0) await sleep(restMs, stopping.signal);
        pokedAt = performance.now();
      }
      if (stopping.signal.aborted) return;
      poked = false;
      let failed = false;
      try {
        await run();
      } catch (error) {
        failed = true;
        onError(error);
      }
      wake = new AbortController();
      if (failed) await sleep(Math.max(everyMs(), failedEveryMs), stopping.signal);
      else if (!poked) await sleep(everyMs(), AbortSignal.any([stopping.signal, wake.signal]));
    }
  }

  return {
    start() {
      loop ??= turn();
    },
    poke() {
      if (poked) return;
      poked = true;
      wake.abort();
    },
    async stop() {
      stopping.abort();
      await loop;
    },
  };
}
