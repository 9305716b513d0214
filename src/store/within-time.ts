import { z } from 'zod';
import { DarkroomError } from '../errors.js';
import type { Database, Transaction } from './database.js';

/** Slow readings at once; the other connections stay free for what is quick. */
const atOnce = 2;
/** Slow readings that may wait for their turn. */
const waitingAtMost = 20;

/** PostgreSQL's code for a statement that was stopped. */
const stopped = '57014';
const faultSchema = z.object({
  meta: z.object({ driverAdapterError: z.object({ cause: z.object({ originalCode: z.literal(stopped) }) }) }),
});

/** Readings that may take long: few at once, each statement within its time. */
export type WithinTime = <T>(ms: number, work: (tx: Transaction) => Promise<T>) => Promise<T | 'too slow'>;

/**
 * Does `work` with every statement stopped that takes longer than `ms`. More than a few at once take turns, and more than
 * may wait are refused: somebody's slow lists must not hold every connection.
 */
export function createWithinTime(database: Database): WithinTime {
  let running = 0;
  const waiting: (() => void)[] = [];

  async function turn(): Promise<void> {
    if (running < atOnce) {
      running += 1;
      return;
    }
    if (waiting.length >= waitingAtMost) {
      throw new DarkroomError('QUERY_TIMEOUT', 'Too many slow lists are being read at once; try again in a moment.');
    }
    // Whoever is done hands on its turn.
    await new Promise<void>((resolve) => void waiting.push(resolve));
  }

  function done(): void {
    const next = waiting.shift();
    if (next === undefined) running -= 1;
    else next();
  }

  return async (ms, work) => {
    await turn();
    try {
      return await database.transaction(async (tx) => {
        await tx.$executeRaw`select set_config('statement_timeout', ${String(ms)}, true)`;
        return await work(tx);
      });
    } catch (error) {
      if (faultSchema.safeParse(error).success) return 'too slow';
      throw error;
    } finally {
      done();
    }
  };
}
