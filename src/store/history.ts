import type { Attempt, Generation } from '../domain/generation.js';
import { lowestIdAt } from '../domain/ids.js';
import { liveStatuses } from '../domain/lifecycle.js';
import type { GenerationFilter } from '../domain/generation-filter.js';
import type { GenerationImageRef, History } from '../domain/ports.js';
import type { Database } from './database.js';
import { eventsOf } from './events.js';
import { createPages } from './generation-page.js';
import { Prisma, type Attempt as AttemptRow } from './generated/client.js';
import { listBriefly, listGenerations } from './list.js';
import { countGenerations } from './list-count.js';
import { createColumnChoices } from './listed-columns.js';
import { createListLookup } from './list-lookup.js';
import { createWithinTime } from './within-time.js';
import { micros, toGeneration } from './generation-row.js';

/** Reruns that a generation shows. */
const rerunsShown = 50;

/** Every read of the ledger stays inside one project. */
export function createHistory(database: Database): History {
  const { prisma } = database;
  const lists = { database, withinTime: createWithinTime(database) };
  const columnsFor = createColumnChoices();
  const refsOf = createListLookup({
    read: async (ids) =>
      await database.rows<GenerationImageRef & { projectId: string }>(Prisma.sql`
        select project_id as "projectId", generation_id as "generationId", role::text, n, image_id as "imageId"
        from generation_image where generation_id = any (${[...ids]}::uuid[]) order by generation_id, n`),
    keyOf: ({ generationId }) => generationId,
  });

  async function find(where: Prisma.GenerationWhereInput, take: number): Promise<Generation[]> {
    const rows = await prisma.generation.findMany({ where, orderBy: { id: 'desc' }, take });
    return rows.map(toGeneration);
  }

  return {
    async generation(projectId, id) {
      const row = await prisma.generation.findFirst({ where: { id, projectId } });
      return row === null ? null : toGeneration(row);
    },
    async generations(projectId, ids) {
      const found = await find({ projectId, id: { in: [...ids] } }, ids.length);
      const byId = new Map(found.map((generation) => [generation.id, generation]));
      return ids.map((id) => byId.get(id) ?? null);
    },
    ...createPages(database, columnsFor),
    list: async (projectId, query, window) => await listGenerations(lists, projectId, query, window),
    listBriefly: async (projectId, query, window, fields) =>
      await listBriefly(lists, projectId, query, window, columnsFor(fields)),
    count: async (projectId, query) => await countGenerations(lists, projectId, query),
    running: async (projectId, filter, limit) =>
      await find({ AND: [whereOf(projectId, filter), { status: { in: liveStatuses } }] }, limit),
    async attempts(projectId, generationIds) {
      const rows = await prisma.attempt.findMany({
        where: { projectId, generationId: { in: [...generationIds] } },
        orderBy: [{ generationId: 'asc' }, { n: 'asc' }],
      });
      return rows.map(toAttempt);
    },
    async events(projectId, generationIds) {
      const events = await eventsOf(database, generationIds);
      return events.filter((event) => event.projectId === projectId);
    },
    async imageRefs(projectId, generationIds) {
      const refs = await refsOf(generationIds);
      return refs.filter((ref) => ref.projectId === projectId);
    },
    async reruns(projectId, generationIds) {
      // A rerun is younger than what it runs again, which spares looking into the months before.
      return await prisma.$queryRaw<{ generationId: string; rerunId: string }[]>`
        select o.id as "generationId", r.id as "rerunId"
        from unnest(${[...generationIds]}::uuid[]) as o (id) cross join lateral (
          select g.id from generation g
          where g.rerun_of = o.id and g.id > o.id and g.project_id = ${projectId}::uuid
          order by g.id desc limit ${rerunsShown}::integer
        ) r
        order by r.id desc`;
    },
  };
}

function whereOf(projectId: string, filter: GenerationFilter): Prisma.GenerationWhereInput {
  // A time range is a range of ids: a UUIDv7 begins with its time.
  const bounds: Prisma.GenerationWhereInput[] = [];
  if (filter.createdFrom != null) bounds.push({ id: { gte: lowestIdAt(filter.createdFrom) } });
  if (filter.createdTo != null) bounds.push({ id: { lt: lowestIdAt(filter.createdTo) } });
  return {
    projectId,
    AND: bounds,
    ...(filter.status == null ? {} : { status: { in: [...filter.status] } }),
    ...(filter.profileId == null ? {} : { profileId: filter.profileId }),
    ...(filter.control == null ? {} : { control: { in: [...filter.control] } }),
    ...(filter.provider == null ? {} : { provider: { in: [...filter.provider] } }),
  };
}

export function toAttempt(row: AttemptRow): Attempt {
  const { projectId: _project, instanceId: _instance, pollingUrl: _polling, ...own } = row;
  const { resultUrl: _result, cancelUrl: _cancel, webhookKey: _key, ...rest } = own;
  return {
    ...rest,
    costMicros: micros(row.costMicros),
    costListMicros: micros(row.costListMicros),
    costQuotedMicros: micros(row.costQuotedMicros),
    costSettledMicros: micros(row.costSettledMicros),
  };
}
