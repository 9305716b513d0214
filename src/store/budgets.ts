import { z } from 'zod';
import type { Budgets } from '../domain/budget.js';
import { DarkroomError } from '../errors.js';
import type { Database, Transaction } from './database.js';
import { micros } from './generation-row.js';

/** A new budget waits so long for writes that are under way; nothing is accepted meanwhile. */
const barrierMs = 3_000;

/** PostgreSQL's code for a lock that was not given in time. */
const lockFault = z.object({
  meta: z.object({ driverAdapterError: z.object({ cause: z.object({ originalCode: z.literal('55P03') }) }) }),
});

type Row = {
  id: string;
  projectId: string;
  profileId: string | null;
  month: Date | null;
  of: Date;
  limitMicros: bigint;
  unknownPriceMicros: bigint | null;
  updatedAt: Date;
  reservedMicros: bigint;
  uncertainMicros: bigint;
  spentMicros: bigint;
  unpriced: number;
};

export function createBudgets(database: Database): Budgets {
  const { prisma } = database;
  return {
    async list(projectId, month) {
      const rows = await prisma.$queryRaw<Row[]>`
        select distinct on (b.profile_id) b.id, b.project_id as "projectId", b.profile_id as "profileId", b.month,
               ${month}::date as of, b.limit_micros as "limitMicros", b.unknown_price_micros as "unknownPriceMicros",
               b.updated_at as "updatedAt", coalesce(m.reserved_micros, 0) as "reservedMicros",
               coalesce(m.uncertain_micros, 0) as "uncertainMicros", coalesce(m.spent_micros, 0) as "spentMicros",
               coalesce(m.unpriced, 0) as unpriced
        from budget b left join budget_meter m
          on m.project_id = b.project_id and m.month = ${month}::date and m.profile_id = coalesce(b.profile_id, budget_whole())
        where b.project_id = ${projectId}::uuid and (b.month is null or b.month = ${month}::date)
        order by b.profile_id nulls first, b.month nulls last`;
      return rows.map(({ of, id, profileId, month: own, limitMicros, unknownPriceMicros, ...row }) => ({
        budget: {
          id,
          projectId,
          profileId,
          month: own,
          limitMicros: Number(limitMicros),
          unknownPriceMicros: micros(unknownPriceMicros),
        },
        month: of,
        reservedMicros: Number(row.reservedMicros),
        uncertainMicros: Number(row.uncertainMicros),
        spentMicros: Number(row.spentMicros),
        unpriced: row.unpriced,
        updatedAt: row.updatedAt,
      }));
    },

    async set({ id, projectId, profileId, month, limitMicros, unknownPriceMicros }) {
      const kept = await withinBarrier(
        database.transaction(async (tx) => {
          await oneAtATime(tx, projectId);
          const [known] = await tx.$queryRaw<{ id: string }[]>`
          update budget set limit_micros = ${limitMicros}, unknown_price_micros = ${unknownPriceMicros}, updated_at = now()
          where project_id = ${projectId}::uuid and profile_id is not distinct from ${profileId}::uuid
            and month is not distinct from ${month}::date
          returning id`;
          if (known !== undefined) return known;
          // Whoever writes the ledger without knowing of the budget has ended when this lock is given, and whoever waits for it
          // knows of the budget, and counts.
          await tx.$executeRaw`select set_config('lock_timeout', ${`${barrierMs}ms`}, true)`;
          await tx.$executeRaw`lock table only generation in share mode`;
          await tx.$executeRaw`
          insert into budget (id, project_id, profile_id, month, limit_micros, unknown_price_micros)
          values (${id}::uuid, ${projectId}::uuid, ${profileId}::uuid, ${month}::date, ${limitMicros}, ${unknownPriceMicros})`;
          // The next one too: another host's clock may be ahead.
          await tx.$executeRaw`
          insert into budget_meter (project_id, month, profile_id)
          select ${projectId}::uuid, (date_trunc('month', now() at time zone 'UTC') + n * interval '1 month')::date,
                 budget_whole()
          from generate_series(0, 1) as n on conflict do nothing`;
          return { id };
        }),
      );
      // The counting, while others go on.
      await prisma.$executeRaw`
        select budget_lock(${projectId}::uuid, date_trunc('month', now() at time zone 'UTC')::date)::text`;
      return kept;
    },

    async remove(projectId, id) {
      return await database.transaction(async (tx) => {
        await oneAtATime(tx, projectId);
        const removed = await tx.$executeRaw`
          delete from budget where id = ${id}::uuid and project_id = ${projectId}::uuid`;
        // In the order in which everybody locks them.
        await tx.$queryRaw`
          select from budget_meter where project_id = ${projectId}::uuid and profile_id = budget_whole()
          order by month for update`;
        // With the last one its meters go, so that nothing is counted any more.
        await tx.$executeRaw`
          delete from budget_meter where project_id = ${projectId}::uuid
            and not exists (select from budget where project_id = ${projectId}::uuid)`;
        return removed > 0;
      });
    },
    owner: async (id) => await prisma.budget.findUnique({ where: { id }, select: { projectId: true } }),
    async recount(projectId, month) {
      await prisma.$queryRaw`select budget_recount(${projectId}::uuid, ${month}::date)::text`;
    },
    projectBySlug: async (slug) => await prisma.project.findUnique({ where: { slug }, select: { id: true } }),
  };
}

async function withinBarrier<T>(work: Promise<T>): Promise<T> {
  return await work.catch((cause: unknown) => {
    if (!lockFault.safeParse(cause).success) throw cause;
    const message = 'Something has been writing the ledger for long; set the budget again in a moment.';
    throw new DarkroomError('UNAVAILABLE', message, { cause });
  });
}

async function oneAtATime(tx: Transaction, projectId: string): Promise<void> {
  await tx.$executeRaw`select pg_advisory_xact_lock(hashtext('darkroom.budget'), hashtext(${projectId}))`;
}
