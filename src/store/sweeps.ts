import type { Grid } from '../domain/grid.js';
import { goneGeneration } from '../domain/sheet.js';
import type { Sweep, SweepCell, Sweeps } from '../domain/sweep.js';
import type { TallyRow } from '../domain/tally.js';
import { insertGenerations } from './accept.js';
import type { Database } from './database.js';
import type { Sweep as SweepRow } from './generated/client.js';
import { micros } from './generation-row.js';
import { claimKey } from './idempotency.js';
import { picturesOf } from './pictures.js';

/** Sums of money as the database gives them. */
export type RawTally = Pick<TallyRow, 'status' | 'count'> &
  Record<keyof Omit<TallyRow, 'status' | 'count'>, bigint | null>;

/** `onCommit` is called after generations were written. */
export function createSweeps(database: Database, onCommit: () => void): Sweeps {
  const { prisma } = database;
  return {
    async create({ grid, ...sweep }, rows, requestKey) {
      const created = await database.transaction(async (tx) => {
        if (requestKey !== null && !(await claimKey(tx, sweep.projectId, requestKey, sweep.id))) return null;
        const row = await tx.sweep.create({ data: { ...sweep, grid } });
        const cells = rows.map(({ id: generationId }, n) => ({
          sweepId: sweep.id,
          n,
          projectId: sweep.projectId,
          generationId,
        }));
        await tx.sweepCell.createMany({ data: cells });
        await insertGenerations(async (statement) => await tx.$queryRaw(statement), rows);
        return toSweep(row);
      });
      if (created !== null) onCommit();
      return created;
    },
    async find(projectId, ids) {
      return (await prisma.sweep.findMany({ where: { projectId, id: { in: [...ids] } } })).map(toSweep);
    },
    async page(projectId, { first, after }) {
      const where = { projectId, ...(after === null ? {} : { id: { lt: after } }) };
      return (await prisma.sweep.findMany({ where, orderBy: { id: 'desc' }, take: first })).map(toSweep);
    },
    async byToken(id, token) {
      const row = await prisma.sweep.findFirst({ where: { id, token } });
      return row === null ? null : toSweep(row);
    },
    async cells(projectId, sweepIds) {
      return await prisma.$queryRaw<SweepCell[]>`
        select sweep_id as "sweepId", n, generation_id as "generationId" from sweep_cell
        where sweep_id = any (${[...sweepIds]}::uuid[]) and project_id = ${projectId}::uuid order by sweep_id, n`;
    },
    async pictures({ id, projectId }) {
      const cells = await prisma.sweepCell.findMany({ where: { sweepId: id, projectId }, orderBy: { n: 'asc' } });
      const ids = cells.map(({ generationId }) => generationId);
      const pictures = await picturesOf(database, projectId, ids);
      return ids.map((generationId) => pictures.get(generationId) ?? goneGeneration(generationId));
    },
    async tally(projectId, sweepIds) {
      const rows = await prisma.$queryRaw<(RawTally & { sweepId: string })[]>`
        with cells as materialized (
          select sweep_id, generation_id from sweep_cell
          where sweep_id = any (${[...sweepIds]}::uuid[]) and project_id = ${projectId}::uuid
        )
        select c.sweep_id as "sweepId", g.status::text, count(*)::integer,
               sum(g.cost_estimated_micros)::bigint as "estimatedMicros",
               sum(g.cost_quoted_micros)::bigint as "quotedMicros", sum(g.cost_settled_micros)::bigint as "settledMicros"
        from generation g join cells c on c.generation_id = g.id
        where g.id = any (array(select generation_id from cells))
        group by c.sweep_id, g.status`;
      return rows.map((row) => Object.assign(toTally(row), { sweepId: row.sweepId }));
    },
    async markCanceled(projectId, id) {
      await prisma.sweep.updateMany({ where: { projectId, id, canceledAt: null }, data: { canceledAt: new Date() } });
    },
  };
}

export function toTally({ status, count, estimatedMicros, quotedMicros, settledMicros }: RawTally): TallyRow {
  return {
    status,
    count,
    estimatedMicros: micros(estimatedMicros),
    quotedMicros: micros(quotedMicros),
    settledMicros: micros(settledMicros),
  };
}

function toSweep({ grid, seed, maxCostMicros, costEstimatedMicros, ...row }: SweepRow): Sweep {
  return {
    ...row,
    // Written from a Grid by `create`, and by nobody else.
    grid: grid as unknown as Grid,
    seed: micros(seed),
    maxCostMicros: Number(maxCostMicros),
    costEstimatedMicros: Number(costEstimatedMicros),
  };
}
