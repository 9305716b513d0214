import type { Grid } from '../domain/grid.js';
import type { Sweep, SheetPicture, SweepCell, Sweeps } from '../domain/sweep.js';
import type { TallyRow } from '../domain/tally.js';
import { insertGenerations } from './accept.js';
import type { Database } from './database.js';
import type { Sweep as SweepRow } from './generated/client.js';
import { micros } from './generation-row.js';
import { claimKey } from './idempotency.js';

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
        await insertGenerations(tx, rows);
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
    async pictures(sweepId) {
      return await prisma.$queryRaw<SheetPicture[]>`
        with cells as materialized (
          select n, project_id, generation_id from sweep_cell where sweep_id = ${sweepId}::uuid
        ),
        -- Arrays, not joins: a join may be planned as a reading of every month.
        states as materialized (
          select id, status from generation where id = any (array(select generation_id from cells))
        ),
        results as materialized (
          select generation_id, image_id from generation_image
          where generation_id = any (array(select generation_id from cells)) and role = 'RESULT' and n = 0
        )
        select c.generation_id as "generationId", s.status::text, encode(i.sha256, 'hex') as sha256
        from cells c left join states s on s.id = c.generation_id
          left join results r on r.generation_id = c.generation_id
          left join image i on i.id = r.image_id and i.project_id = c.project_id
        order by c.n`;
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
