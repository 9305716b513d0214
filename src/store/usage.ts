import { z } from 'zod';
import type { Usage } from '../domain/usage.js';
import type { Database } from './database.js';
import { readUsage } from './usage-read.js';
import { catchUp } from './usage-roll.js';

/** Usage as counted in cells, and the counting. */
export function createUsage(databases: { client: Database; background: Database }): Usage {
  const { client, background } = databases;
  return {
    read: async (projectId, question) => await readUsage(client, projectId, question),
    async count(projectId, from, to) {
      const rows = await client.prisma.$queryRaw`
        select coalesce(sum(generations), 0)::float8 as n from usage_cell
        where project_id = ${projectId}::uuid and slot >= ${from} and slot < ${to}`;
      return z.array(z.object({ n: z.number() })).parse(rows)[0]?.n ?? 0;
    },
    catchUp: async () => await catchUp(background),
  };
}
