import { z } from 'zod';
import type { Database, Transaction } from './database.js';

/** PostgreSQL's code for a statement that was stopped. */
const stopped = '57014';
const faultSchema = z.object({
  meta: z.object({ driverAdapterError: z.object({ cause: z.object({ originalCode: z.literal(stopped) }) }) }),
});

/** Does `work` with every statement stopped that takes longer than `ms`. */
export async function withinTime<T>(
  database: Database,
  ms: number,
  work: (tx: Transaction) => Promise<T>,
): Promise<T | 'too slow'> {
  try {
    return await database.transaction(async (tx) => {
      await tx.$executeRaw`select set_config('statement_timeout', ${String(ms)}, true)`;
      return await work(tx);
    });
  } catch (error) {
    if (faultSchema.safeParse(error).success) return 'too slow';
    throw error;
  }
}
