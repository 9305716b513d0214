import type { Attempt } from '../domain/generation.js';
import type { AttemptRef } from '../domain/ports.js';
import type { Database } from './database.js';
import { toAttempt } from './history.js';

/**
 * Writes what an attempt cost by somebody's invoice, instead of what was known; its generation's cost and the budgets follow. `open`: the
 * provider is not done with it.
 */
export async function settleAttempt(
  database: Database,
  { generationId, n }: AttemptRef,
  costMicros: number,
): Promise<Attempt | 'missing' | 'open'> {
  return await database.transaction(async (tx) => {
    // First the generation, as with every other change.
    await tx.$queryRaw`select from generation where id = ${generationId}::uuid for update`;
    const before = await tx.attempt.findUnique({ where: { generationId_n: { generationId, n } } });
    if (before === null) return 'missing';
    if (before.state !== 'DONE' && before.state !== 'LOST') return 'open';
    const attempt = await tx.attempt.update({
      where: { generationId_n: { generationId, n } },
      data: { costMicros, costSettledMicros: costMicros },
    });
    // An attempt from before its sources were kept apart has what its generation was settled with in the one number.
    const isOld = before.costListMicros === null && before.costQuotedMicros === null && before.state === 'DONE';
    const known = before.costSettledMicros ?? (isOld ? (before.costMicros ?? 0n) : 0n);
    await tx.$executeRaw`
      update generation set cost_settled_micros = coalesce(cost_settled_micros - ${known}, 0) + ${costMicros},
             updated_at = greatest(clock_timestamp(), updated_at + interval '1 microsecond')
      where id = ${generationId}::uuid`;
    return toAttempt(attempt);
  });
}
