import { z } from 'zod';
import { countedAtMost, type ListCount, type ListQuery } from '../domain/listing.js';
import { plannedAnew } from './database.js';
import { Prisma } from './generated/client.js';
import { asksForNothing, searchSource, source, type ListParts } from './list.js';

/** Counting may take so long; then it is estimated. */
const countTimeoutMs = 500;

const planSchema = z.tuple([
  z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: z.object({ 'Plan Rows': z.number() }) })]) }),
]);

/** How many generations a list has: counted where there are few, else as the planner expects by its statistics. */
export async function countGenerations(
  { database, withinTime }: ListParts,
  projectId: string,
  query: ListQuery,
): Promise<ListCount> {
  if (asksForNothing(query)) return { value: 0, exact: true };
  const matches = query.search === null ? source(projectId, query) : searchSource(projectId, query);
  const most = Prisma.raw(String(countedAtMost + 1));
  const counted = await withinTime(countTimeoutMs, async (tx) => {
    const [row] = await tx.$queryRaw<{ n: number }[]>`${plannedAnew}
      select count(*)::integer as n from (select ${matches} limit ${most}) as counted`;
    return row?.n ?? 0;
  });
  if (counted !== 'too slow' && counted <= countedAtMost) return { value: counted, exact: true };
  const answer = await database.prisma.$queryRaw`${plannedAnew} explain (format json) select ${matches}`;
  const [{ 'QUERY PLAN': plan }] = planSchema.parse(answer);
  const atLeast = counted === 'too slow' ? 0 : counted;
  return { value: Math.max(atLeast, Math.round(plan[0].Plan['Plan Rows'])), exact: false };
}
