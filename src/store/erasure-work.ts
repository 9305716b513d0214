import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { ErasureWork } from '../domain/erasure.js';
import { lowestIdAt } from '../domain/ids.js';
import { sourcesOf, terminalStatuses } from '../domain/lifecycle.js';
import type { Database, Transaction } from './database.js';
import { eraseGenerations } from './erase-generations.js';
import { erasable, readErasureFilter } from './erasures.js';
import { plannedAnew } from './database.js';
import { releasedImage } from './image-removal.js';
import { lowestId } from './list-values.js';
import { vacuumErased } from './vacuum.js';

/** Chosen, gone through, and read for a digest at a time. */
const chosenAtOnce = 1_000;
const erasedAtOnce = 200;
const imagesAtOnce = 100;
const readAtOnce = 10_000;

/** What was accepted before the erasure may be committed so much later, by a clock that is so far off. */
const settleMs = 5_000;
const clocksApartMs = 300_000;

/** One process works at a time; whoever comes second finds nothing to do. */
export async function takeTurn(tx: Transaction): Promise<boolean> {
  const [lock] = await tx.$queryRaw<{ mine: boolean }[]>`
    select pg_try_advisory_xact_lock(hashtext('darkroom.erasing'), 0) as mine`;
  return lock?.mine === true;
}

/** `url`: the database's address, for what needs a connection of its own. */
export function createErasureWork(database: Database, url: string): ErasureWork {
  const { prisma } = database;

  return {
    async open() {
      const where = { finishedAt: null };
      return await prisma.erasure.findMany({ where, orderBy: { id: 'asc' }, select: { id: true, projectId: true } });
    },

    async choose(id) {
      return await database.transaction(async (tx) => {
        if (!(await takeTurn(tx))) return 'busy';
        const [erasure] = await tx.$queryRaw<
          { project_id: string; filter: unknown; chosen_to: string | null; created_at: Date; age_ms: number }[]
        >`
          update erasure set started_at = coalesce(started_at, now()) where id = ${id}::uuid and finished_at is null
          returning project_id::text, filter, chosen_to::text, created_at,
                    (extract(epoch from now() - created_at) * 1000)::float8 as age_ms`;
        if (erasure === undefined || erasure.chosen_to === null) return 'all';
        const rows = await tx.$queryRaw<{ id: string }[]>`${plannedAnew}
          select g.id::text ${erasable(erasure.project_id, readErasureFilter(erasure.filter), id)}
            and g.id > ${erasure.chosen_to}::uuid
          order by g.id limit ${chosenAtOnce}::integer`;
        const ids = rows.map((row) => row.id);
        await tx.$executeRaw`
          insert into erasure_item (erasure_id, generation_id) select ${id}::uuid, unnest(${ids}::uuid[])
          on conflict do nothing`;
        const full = ids.length === chosenAtOnce;
        const settled = erasure.age_ms > settleMs;
        // The last ones are gone through again a moment later: one may have been accepted before and be committed only now.
        const again = lowestIdAt(new Date(erasure.created_at.getTime() - clocksApartMs));
        const to = full
          ? (ids.at(-1) ?? null)
          : settled
            ? null
            : again < (ids.at(-1) ?? lowestId)
              ? again
              : erasure.chosen_to;
        await tx.$executeRaw`update erasure set chosen_to = ${to}::uuid where id = ${id}::uuid`;
        return full ? 'full' : settled ? 'all' : 'more';
      });
    },

    async pending(id, after) {
      const cancelable = sourcesOf('CANCELED').filter((status) => status !== 'SAVING');
      return await prisma.$queryRaw<{ generationId: string; cancelable: boolean }[]>`
        select i.generation_id as "generationId",
               coalesce(g.status = any (${cancelable}::generation_status[]), false) as cancelable
        from (
          select generation_id from erasure_item
          where erasure_id = ${id}::uuid and not done and generation_id > ${after ?? lowestId}::uuid
          order by generation_id limit ${erasedAtOnce}::integer
        ) i left join generation g on g.id = i.generation_id
        order by i.generation_id`;
    },

    async noteLive(id, generationIds) {
      await prisma.erasureItem.updateMany({
        where: { erasureId: id, generationId: { in: [...generationIds] } },
        data: { live: true },
      });
    },

    async erase(id, generationIds) {
      return await database.transaction(async (tx) => {
        if (!(await takeTurn(tx))) return false;
        await eraseGenerations(tx, id, generationIds, terminalStatuses);
        return true;
      });
    },

    async images(id) {
      const rows = await prisma.imageRemoval.findMany({
        where: { erasureId: id, outcome: null },
        orderBy: { imageId: 'asc' },
        select: { imageId: true },
        take: imagesAtOnce,
      });
      return rows.map(({ imageId }) => imageId);
    },

    async removeImage(id, imageId, remove) {
      return await database.transaction(async (tx) => {
        if (!(await takeTurn(tx))) return 'busy';
        return await releasedImage(tx, { erasureId: id, imageId }, remove);
      });
    },

    async forgetExports(id) {
      const rows = await prisma.$queryRaw<{ folder: string }[]>`
        delete from export where started_at is not null and folder is not null
          and project_id = (select project_id from erasure where id = ${id}::uuid)
        returning folder`;
      return rows.map(({ folder }) => folder);
    },

    vacuum: async (id) => await vacuumErased(url, id),

    async finish(id) {
      const ids = await digestOf(async (after) => await keysAfter(database, id, after));
      const hashes = await digestOf(async (after) => await hashesAfter(database, id, after));
      return await database.transaction(async (tx) => {
        if (!(await takeTurn(tx))) return false;
        const [erasure] = await tx.$queryRaw<{ project_id: string; filter: unknown }[]>`
          select project_id::text, filter from erasure e
          where id = ${id}::uuid and finished_at is null and chosen_to is null
            and not exists (select from erasure_item i where i.erasure_id = e.id and not i.done)
            and not exists (select from image_removal r where r.erasure_id = e.id and r.outcome is null)
          for update`;
        if (erasure === undefined) return false;
        // What ran one of them again while the erasure was on its way to it has the same content.
        const copies = await tx.$executeRaw`
          insert into erasure_item (erasure_id, generation_id)
          select i.erasure_id, r.id from erasure_item i cross join lateral (
            select g.id from generation g
            where g.rerun_of = i.generation_id and g.id > ${id}::uuid and g.project_id = ${erasure.project_id}::uuid
              and g.erased_at is null
          ) r
          where i.erasure_id = ${id}::uuid on conflict do nothing`;
        if (copies > 0) return false;
        const subject = z.object({ subject: z.string().nullish() }).parse(erasure.filter).subject ?? null;
        if (subject !== null) {
          // Which person a replay was chosen by is nobody's business any more.
          await tx.$executeRaw`
            update replay set filter = filter - 'subject'
            where project_id = ${erasure.project_id}::uuid and filter ->> 'subject' = ${subject}`;
        }
        await tx.$executeRaw`
          update erasure set filter = null, finished_at = now(), ids_digest = ${ids}, images_digest = ${hashes}
          where id = ${id}::uuid`;
        return true;
      });
    },
  };
}

async function digestOf(read: (after: string | null) => Promise<string[]>): Promise<Buffer> {
  const hash = createHash('sha256');
  for (let after: string | null = null; ;) {
    const lines = await read(after);
    for (const line of lines) hash.update(`${line}\n`);
    after = lines.at(-1) ?? null;
    if (lines.length < readAtOnce) return hash.digest();
  }
}

async function keysAfter({ prisma }: Database, id: string, after: string | null): Promise<string[]> {
  const rows = await prisma.$queryRaw<{ line: string }[]>`
    select generation_id::text as line from erasure_item
    where erasure_id = ${id}::uuid and generation_id > ${after ?? lowestId}::uuid
    order by generation_id limit ${readAtOnce}::integer`;
  return rows.map(({ line }) => line);
}

async function hashesAfter({ prisma }: Database, id: string, after: string | null): Promise<string[]> {
  const rows = await prisma.$queryRaw<{ line: string }[]>`
    select distinct encode(sha256, 'hex') as line from image_removal
    where erasure_id = ${id}::uuid and outcome = 'REMOVED' and sha256 > decode(${after ?? ''}, 'hex')
    order by 1 limit ${readAtOnce}::integer`;
  return rows.map(({ line }) => line);
}
