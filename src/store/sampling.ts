import type { Sampling } from '../domain/replay.js';
import type { Database } from './database.js';
import { Prisma } from './generated/client.js';
import { conditionsOf } from './generation-page.js';

/** Chooses among a project's generations. */
export function createSampling({ prisma }: Database): Sampling {
  return {
    async count(projectId, filter, most) {
      const where = Prisma.join(conditionsOf(projectId, filter), ' and ');
      const [row] = await prisma.$queryRaw<{ count: number }[]>`
        select count(*)::integer as count from (select from generation where ${where} limit ${most}::integer) matches`;
      return row?.count ?? 0;
    },
    async atRanks(projectId, filter, ranks) {
      const where = Prisma.join(conditionsOf(projectId, filter), ' and ');
      const rows = await prisma.$queryRaw<{ id: string }[]>`
        select id from (
          select id, row_number() over (order by id) - 1 as rank from generation where ${where}
          order by id limit ${(ranks.at(-1) ?? -1) + 1}::integer
        ) matches
        where rank = any (${[...ranks]}::bigint[]) order by id`;
      return rows.map(({ id }) => id);
    },
  };
}
