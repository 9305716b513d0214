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

/** A wait that can be ended from outside. One at a time. */
function createPause(): { wait: (ms: number) => Promise<void>; end: () => void } {
  let end = nobody;
  return {
    async wait(ms) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, ms);
        end = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      end = nobody;
    },
    end: () => end(),
  };
}

export function createAlarm(): Alarm {
  const pause = createPause();
  let rung = false;

  return {
    async sleep(ms) {
      if (!rung) await pause.wait(ms);
      rung = false;
    },
    ring() {
      rung = true;
      pause.end();
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

type Pace = number | (() => number);

const now = (pace: Pace): number => (typeof pace === 'function' ? pace() : pace);

/**
 * Runs `run` again and again. A run that throws is reported and the next one still waits `everyMs`, and 100 ms at least, so
 * a failing dependency cannot make it spin.
 */
export function createTicker(options: {
  /** A function is asked again before each wait. */
  everyMs: Pace;
  /** Runs that were poked start so far apart at least: a stream of pokes is answered together. */
  pokedEveryMs?: Pace;
  run: () => Promise<void>;
  onError: (error: unknown) => void;
}): Ticker {
  const { everyMs, pokedEveryMs = 0, run, onError } = options;
  const stopping = new AbortController();
  const pause = createPause();
  let poked = false;
  let pokedAt = -Infinity;
  let loop: Promise<void> | null = null;

  async function turn(): Promise<void> {
    while (true) {
      if (poked) {
        const restMs = pokedAt + now(pokedEveryMs) - performance.now();
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
      if (failed) await sleep(Math.max(now(everyMs), failedEveryMs), stopping.signal);
      else if (!poked && !stopping.signal.aborted) await pause.wait(now(everyMs));
    }
  }

  return {
    start() {
      loop ??= turn();
    },
    poke() {
      if (poked) return;
      poked = true;
      pause.end();
    },
    async stop() {
      stopping.abort();
      pause.end();
      await loop;
    },
  };
}
