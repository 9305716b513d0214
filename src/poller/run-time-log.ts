import type { RunTimes, RunTimeSample } from '../domain/ports.js';
import { createTicker, type Ticker } from '../time.js';

/** Kept in one go so often. */
const flushEveryMs = 1_000;
/** More than this are not remembered while the database does not take them: they are samples, nothing else. */
const rememberedAtMost = 5_000;

export type RunTimeLog = Pick<Ticker, 'start' | 'stop'> & { add(sample: RunTimeSample): void };

/** Gathers run times and writes them together: their loss would only make learning slower. */
export function createRunTimeLog(parts: {
  runTimes: Pick<RunTimes, 'keep'>;
  onError: (error: unknown) => void;
}): RunTimeLog {
  let waiting: RunTimeSample[] = [];

  async function flush(): Promise<void> {
    if (waiting.length === 0) return;
    const batch = waiting;
    waiting = [];
    await parts.runTimes.keep(batch);
  }

  const ticker = createTicker({ everyMs: flushEveryMs, run: flush, onError: parts.onError });
  return {
    start: () => ticker.start(),
    add(sample) {
      if (waiting.length < rememberedAtMost) waiting.push(sample);
    },
    async stop() {
      await ticker.stop();
      await flush().catch(parts.onError);
    },
  };
}
