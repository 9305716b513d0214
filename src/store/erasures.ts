import { z } from 'zod';
import type { Erasure, ErasureFilter, Erasures } from '../domain/erasure.js';
import { newId } from '../domain/ids.js';
import { controlKinds, generationStatuses, liveStatuses } from '../domain/lifecycle.js';
import { DarkroomError } from '../errors.js';
import { plannedAnew, type Database } from './database.js';
import { Prisma, type Erasure as ErasureRow } from './generated/client.js';
import { claimKey } from './idempotency.js';
import { source } from './list.js';
import { lowestId } from './list-values.js';
import { createWithinTime } from './within-time.js';

/** Counting what an erasure would come to may take so long. */
const planTimeoutMs = 10_000;

const number = z.number().nullable().default(null);
const text = z.string().nullable().default(null);
const texts = z.array(z.string()).nullable().default(null);
const flag = z.boolean().nullable().default(null);
const range = z.object({ from: number, to: number }).nullable().default(null);
const time = z
  .string()
  .transform((written) => new Date(written))
  .nullable()
  .default(null);

/** A filter as it was kept. */
const filterSchema = z.object({
  ids: texts,
  status: z.array(z.enum(generationStatuses)).nullable().default(null),
  profileId: text,
  control: z.array(z.enum(controlKinds)).nullable().default(null),
  provider: texts,
  sweepId: text,
  createdFrom: time,
  createdTo: time,
  model: texts,
  errorCode: texts,
  anyTag: texts,
  allTags: texts,
  subject: text,
  seed: number,
  favourite: flag,
  hasImage: flag,
  rating: range,
  costMicros: range,
  runMs: range,
  totalMs: range,
});

export function readErasureFilter(kept: unknown): ErasureFilter {
  return filterSchema.parse(kept);
}

/** The generations that an erasure is about: those accepted before it was, and not erased yet. */
export function erasable(projectId: string, { ids, ...filter }: ErasureFilter, erasureId: string): Prisma.Sql {
  const others = [Prisma.sql`g.id < ${erasureId}::uuid`, Prisma.sql`g.erased_at is null`];
  if (ids != null) others.push(Prisma.sql`g.id = any (${[...ids]}::uuid[])`);
  return source(projectId, { filter, search: null, orderBy: 'OLDEST' }, others);
}

const planSchema = z.tuple([
  z.object({
    generations: z.number(),
    running: z.number(),
    images: z.number(),
    imagesShared: z.number(),
    bytes: z.number(),
  }),
]);

/** Erasures as their project sees them. */
export function createErasures(database: Database): Erasures {
  const { prisma } = database;
  const withinTime = createWithinTime(database);
  return {
    async plan(projectId, filter) {
      const live = Prisma.sql`${liveStatuses}::generation_status[]`;
      const rows = await withinTime(
        planTimeoutMs,
        async (tx) =>
          await tx.$queryRaw`${plannedAnew}
          with chosen as materialized (select g.id, g.status ${erasable(projectId, filter, newId())}),
          used as materialized (
            select distinct image_id from generation_image where generation_id = any (array(select id from chosen))
          ),
          weighed as (
            select i.bytes, exists (
              select from generation_image r where r.image_id = i.id and r.generation_id not in (select id from chosen)
            ) as shared
            from image i join used u on u.image_id = i.id
          )
          select (select count(*)::integer from chosen) as generations,
                 (select count(*)::integer from chosen where status = any (${live})) as running,
                 (count(*) filter (where not shared))::integer as images,
                 (count(*) filter (where shared))::integer as "imagesShared",
                 coalesce(sum(bytes) filter (where not shared), 0)::float8 as bytes
          from weighed`,
      );
      if (rows !== 'too slow') return planSchema.parse(rows)[0];
      const message =
        `Counting what this would erase took longer than ${planTimeoutMs / 1_000} s on this history and was stopped. ` +
        'Narrow it, by time for example; an erasure itself takes the time it needs.';
      throw new DarkroomError('QUERY_TIMEOUT', message);
    },

    async create({ filter, ...erasure }, requestKey) {
      return await database.transaction(async (tx) => {
        if (requestKey !== null && !(await claimKey(tx, erasure.projectId, requestKey, erasure.id))) return null;
        const kept: unknown = JSON.parse(JSON.stringify(filter));
        // What JSON.parse gives of an object is one that JSON can hold.
        const data = { ...erasure, filter: kept as Prisma.InputJsonObject, chosenTo: lowestId };
        return toErasure(await tx.erasure.create({ data }));
      });
    },

    async find(projectId, ids) {
      return (await prisma.erasure.findMany({ where: { projectId, id: { in: [...ids] } } })).map(toErasure);
    },

    async page(projectId, { first, after }) {
      const where = { projectId, ...(after === null ? {} : { id: { lt: after } }) };
      return (await prisma.erasure.findMany({ where, orderBy: { id: 'desc' }, take: first })).map(toErasure);
    },

    async waiting(projectId, id) {
      const found = await prisma.erasure.findFirst({ where: { id, projectId } });
      return found === null ? 0 : await prisma.erasureItem.count({ where: { erasureId: id, done: false } });
    },

    async imageHashes(projectId, id, { after, limit }) {
      const rows = await prisma.$queryRaw<{ hash: string }[]>`
        select distinct encode(sha256, 'hex') as hash from image_removal
        where erasure_id = ${id}::uuid and project_id = ${projectId}::uuid and outcome = 'REMOVED'
          and (${after}::text is null or sha256 > decode(${after}, 'hex'))
        order by 1 limit ${limit}::integer`;
      return rows.map(({ hash }) => hash);
    },

    async generationKeys(projectId, id, { after, limit }) {
      const rows = await prisma.$queryRaw<{ id: string }[]>`
        select generation_id::text as id from erasure_item
        where erasure_id = (select e.id from erasure e where e.id = ${id}::uuid and e.project_id = ${projectId}::uuid)
          and generation_id > ${after ?? lowestId}::uuid
        order by generation_id limit ${limit}::integer`;
      return rows.map((row) => row.id);
    },

    async left(projectId, id) {
      const rows = await prisma.$queryRaw`
        select (
          select count(*)::integer from erasure_item i join generation g on g.id = i.generation_id
          where i.erasure_id = ${id}::uuid and g.project_id = ${projectId}::uuid and (g.erased_at is null or g.prompt <> '')
        ) as generations, (
          select count(*)::integer from image_removal r join image i on i.project_id = r.project_id and i.sha256 = r.sha256
          where r.erasure_id = ${id}::uuid and r.project_id = ${projectId}::uuid and r.outcome = 'REMOVED'
        ) as images`;
      return z.tuple([z.object({ generations: z.number(), images: z.number() })]).parse(rows)[0];
    },
  };
}

function hexOf(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('hex');
}

function toErasure({ filter: _filter, chosenTo: _chosen, idsDigest, imagesDigest, ...row }: ErasureRow): Erasure {
  return { ...row, bytes: Number(row.bytes), idsDigest: hexOf(idsDigest), imagesDigest: hexOf(imagesDigest) };
}
