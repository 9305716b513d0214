import { z } from 'zod';
import type { RunTimes } from '../domain/ports.js';
import type { Database } from './database.js';

/** So many of each model and size are learned from; older ones tell nothing that is still true. */
const learnedFrom = 2_000;

const rowSchema = z.object({
  id: z.bigint(),
  model: z.string(),
  size: z.string(),
  lower_ms: z.number(),
  upper_ms: z.number(),
});

export function createRunTimes(database: Database): RunTimes {
  return {
    async keep(samples) {
      await database.prisma.runTime.createMany({ data: [...samples] });
    },
    async after(id) {
      const rows = await database.prisma.$queryRaw`
        select id, model, size, lower_ms, upper_ms from (
          select id, model, size, lower_ms, upper_ms,
                 row_number() over (partition by model, size order by id desc) as age
          from run_time where id > ${id}::bigint
        ) r where age <= ${learnedFrom} order by id`;
      return z
        .array(rowSchema)
        .parse(rows)
        .map(({ id: place, model, size, lower_ms, upper_ms }) => ({
          id: place,
          model,
          size,
          lowerMs: lower_ms,
          upperMs: upper_ms,
        }));
    },
  };
}

/** Forgets those that nobody learns from any more. */
export async function purgeRunTimes(database: Database): Promise<number> {
  return await database.prisma.$executeRaw`
    delete from run_time where id in (
      select id from (
        select id, row_number() over (partition by model, size order by id desc) as age from run_time
      ) r where age > ${learnedFrom}
    )`;
}
