import { createLatency, type Latency } from '../domain/latency.js';
import type { RunTimes } from '../domain/ports.js';
import { sizeClass } from '../domain/size-class.js';
import { asError } from '../errors.js';
import type { Logger } from '../logger.js';
import { createTicker } from '../time.js';

/** What finished anywhere is learned from within so long. */
const readEveryMs = 2_000;

export type Latencies = {
  /** Learns from what is kept, then goes on learning. */
  start(): Promise<void>;
  stop(): Promise<void>;
  /** Null while nothing of that model and size has finished. */
  of(model: string, pixels: number | null): Latency | null;
  /** What is known of a model, by size. */
  sizesOf(model: string): { size: string; latency: Latency }[];
  /** Median run time in ms of the size that is known best; null while nothing has finished. */
  medianMsOf(model: string): number | null;
};

/**
 * How long tasks run, by model and size. All processes learn from the same kept run times, so they agree, and a restart
 * forgets nothing.
 */
export function createLatencies(parts: { runTimes: Pick<RunTimes, 'after'>; logger: Logger }): Latencies {
  const { runTimes, logger } = parts;
  const models = new Map<string, Map<string, Latency>>();
  let last = 0n;

  function latencyOf(model: string, size: string): Latency {
    const sizes = models.get(model) ?? new Map<string, Latency>();
    models.set(model, sizes);
    const latency = sizes.get(size) ?? createLatency();
    sizes.set(size, latency);
    return latency;
  }

  async function learn(): Promise<void> {
    for (const { id, model, size, lowerMs, upperMs } of await runTimes.after(last)) {
      last = id;
      if (lowerMs >= 0 && upperMs >= lowerMs) latencyOf(model, size).observe({ lowerMs, upperMs });
    }
  }

  const ticker = createTicker({
    everyMs: readEveryMs,
    run: learn,
    onError: (error) => logger.error({ err: asError(error) }, 'Run times could not be read; again'),
  });

  return {
    async start() {
      await learn();
      ticker.start();
    },
    stop: async () => await ticker.stop(),
    of: (model, pixels) => models.get(model)?.get(sizeClass(pixels)) ?? null,
    sizesOf: (model) => [...(models.get(model) ?? [])].map(([size, latency]) => ({ size, latency })),
    medianMsOf(model) {
      const known = [...(models.get(model)?.values() ?? [])].flatMap((latency) => latency.summary() ?? []);
      return known.toSorted((a, b) => b.samples - a.samples)[0]?.p50Ms ?? null;
    },
  };
}
