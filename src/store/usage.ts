import { z } from 'zod';
import type { Usage } from '../domain/usage.js';
import type { Database } from './database.js';
import { readUsage } from './usage-read.js';
import { catchUp, slotsAtOnce } from './usage-roll.js';

/** A transaction of the counting should take about so long; a slot may hold one generation or a hundred thousand. */
const wantedMs = 2_000;

/** Usage as counted in cells, and the counting. */
export function createUsage(databases: { client: Database; background: Database }): Usage {
  const { client, background } = databases;
  let most = slotsAtOnce;
  return {
    read: async (projectId, question) => await readUsage(client, projectId, question),
    async count(projectId, from, to) {
      const rows = await client.prisma.$queryRaw`
        select coalesce(sum(generations), 0)::float8 as n from usage_cell
        where project_id = ${projectId}::uuid and slot >= ${from} and slot < ${to}`;
      return z.array(z.object({ n: z.number() })).parse(rows)[0]?.n ?? 0;
    },
    async catchUp() {
      const startedAt = performance.now();
      let tookMs = Number.POSITIVE_INFINITY;
      try {
        const progress = await catchUp(background, most);
        tookMs = performance.now() - startedAt;
        return progress;
      } finally {
        if (tookMs > 2 * wantedMs) most = Math.max(1, Math.floor(most / 4));
        else if (tookMs < wantedMs) most = Math.min(slotsAtOnce, 2 * most);
      }
    },
  };
}
