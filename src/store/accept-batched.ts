import type { Shortfall } from '../domain/budget.js';
import type { Generation, NewGeneration } from '../domain/generation.js';
import { insertGenerations } from './accept.js';
import { createBatcher } from './batcher.js';
import { acceptWithin } from './budget-gate.js';
import { isRowFault, type Database } from './database.js';

/**
 * Accepts generations, many in one statement. Those of projects that have a budget are accepted apart, in a transaction that
 * holds it; the others pay nothing for it.
 */
export function createAccept(database: Database): {
  accept: (generation: NewGeneration) => Promise<Generation | Shortfall | null>;
  drain: () => Promise<void>;
} {
  const batcher = createBatcher<NewGeneration, Generation | 'budgeted' | null>({
    isRowFault,
    keyOf,
    write: async (rows) => await insertGenerations(async (sql) => await database.rows(sql), rows, { judged: false }),
  });
  /** Projects that had a budget when they last accepted something: only a hint of which way to try first. */
  const budgeted = new Set<string>();
  const judging = createBatcher<NewGeneration, Generation | Shortfall | null>({
    isRowFault,
    keyOf,
    async write(rows) {
      const { results, budgets } = await acceptWithin(database, rows);
      const having = new Set(budgets.map(({ budget }) => budget.projectId));
      for (const { projectId } of rows) if (!having.has(projectId)) budgeted.delete(projectId);
      return results;
    },
  });
  return {
    async accept(generation) {
      const { projectId } = generation;
      if (!budgeted.has(projectId)) {
        const accepted = await batcher.add(generation);
        if (accepted !== 'budgeted') return accepted;
        budgeted.add(projectId);
      }
      return await judging.add(generation);
    },
    async drain() {
      await batcher.drain();
      await judging.drain();
    },
  };
}

/** One statement cannot claim the same idempotency key twice. */
function keyOf({ id, projectId, requestKey }: NewGeneration): string {
  return requestKey === null ? id : `${projectId} ${requestKey.subject} ${requestKey.key}`;
}
