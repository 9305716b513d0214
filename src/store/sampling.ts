import type { Sampling } from '../domain/replay.js';
import type { Database } from './database.js';
import { source } from './list.js';

/** Chooses among a project's generations. */
export function createSampling({ prisma }: Database): Sampling {
  return {
    async count(projectId, filter, most) {
      const matching = source(projectId, { filter, search: null, orderBy: 'OLDEST' });
      const [row] = await prisma.$queryRaw<{ count: number }[]>`
        select count(*)::integer as count from (select ${matching} limit ${most}::integer) matches`;
      return row?.count ?? 0;
    },
    async atRanks(projectId, filter, ranks) {
      const matching = source(projectId, { filter, search: null, orderBy: 'OLDEST' });
      const rows = await prisma.$queryRaw<{ id: string }[]>`
        select id from (
          select g.id, row_number() over (order by g.id) - 1 as rank ${matching}
          order by g.id limit ${(ranks.at(-1) ?? -1) + 1}::integer
        ) matches
        where rank = any (${[...ranks]}::bigint[]) order by id`;
      return rows.map(({ id }) => id);
    },
  };
}
