import type { Logger } from '../logger.js';
import { asError } from '../errors.js';
import { createTicker } from '../time.js';

/** An answer of the disk counts for so long. */
const sharedMs = 1_000;
/** It is looked at so often even when nobody asks, so that the log says when it fills. */
const everyMs = 10_000;
/** Once it was low there must be so much more than the reserve: at its very edge it would come and go. */
const relief = 1.1;

/** Watches that the disk keeps room for what was accepted already. */
export type Reserve = {
  /** False while less than the reserve is free. Costs nothing when asked often. */
  accepting(): Promise<boolean>;
  start(): void;
  stop(): Promise<void>;
};

/**
 * `reserveBytes` is what must be free for anything new to be taken; 0: it is not watched. A disk that does not answer counts
 * as having room: whoever writes to it hears what is wrong.
 */
export function createReserve(options: {
  freeBytes: () => Promise<number>;
  reserveBytes: number;
  logger: Logger;
  /** Milliseconds; for tests. */
  now?: () => number;
}): Reserve {
  const { freeBytes, reserveBytes, logger, now = () => performance.now() } = options;
  let last: { at: number; accepting: Promise<boolean> } | null = null;
  let low = false;

  async function look(): Promise<boolean> {
    const free = await freeBytes().catch(() => Infinity);
    const wasLow = low;
    low = free < (wasLow ? reserveBytes * relief : reserveBytes);
    const details = { freeBytes: free, reserveBytes };
    if (low && !wasLow) {
      logger.error(details, 'The disk of the image store is nearly full: nothing new is taken, what runs is finished');
    }
    if (!low && wasLow) logger.info(details, 'The disk of the image store has room again');
    return !low;
  }

  async function accepting(): Promise<boolean> {
    if (reserveBytes === 0) return true;
    if (last === null || now() - last.at >= sharedMs) last = { at: now(), accepting: look() };
    return await last.accepting;
  }

  const ticker = createTicker({
    everyMs,
    run: async () => void (await accepting()),
    onError: (error) => logger.error({ err: asError(error) }, 'The free space could not be read; again later'),
  });
  return { accepting, start: () => ticker.start(), stop: async () => await ticker.stop() };
}
