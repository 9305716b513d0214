import type { Shortfall } from '../domain/budget.js';
import type { ChangeResult, LedgerChange } from '../domain/change.js';
import type { Generation } from '../domain/generation.js';
import { findShortfall } from './budget-gate.js';
import { applyChanges } from './change.js';
import type { Database } from './database.js';

/** A change that has a generation submitted once more, if that fits in its budgets. */
export async function changeWithin(
  database: Database,
  change: LedgerChange,
  generation: Generation,
): Promise<ChangeResult | Shortfall> {
  return await database.transaction(async (tx) => {
    // First the generation, then its budgets, as with every other change.
    await tx.$queryRaw`select from generation where id = ${generation.id}::uuid for update`;
    // What it reserved at its acceptance, whatever its route, is reserved again.
    const costs = { costEstimatedMicros: generation.costReserveMicros ?? generation.costEstimatedMicros, routes: null };
    // One without a profile counts in no profile's budget.
    const short = await findShortfall(tx, { ...generation, ...costs, profileId: generation.profileId ?? '' });
    if (short !== null) return short;
    const [result] = await applyChanges(tx, [change]);
    return result ?? { attemptChanged: false, generationChanged: false };
  });
}
