import type { ImageStep } from '../domain/keeping.js';
import type { RemoveBytes } from '../domain/erasure.js';
import { lowestIdAt } from '../domain/ids.js';
import { liveStatuses } from '../domain/lifecycle.js';
import type { Database } from './database.js';
import { Prisma } from './generated/client.js';
import { lockImage, noErasure, releasedImage, removeLocked } from './image-removal.js';
import { lowestId } from './list-values.js';
import { inTurn } from './retention.js';

/** Looked at in one step. */
const lookedAtOnce = 200;
const dayMs = 86_400_000;

/** Removes images that were last used before a time: given, made, or taken by a generation. Generations keep their place. */
export async function removeUnused(
  database: Database,
  options: { projectId: string; before: Date; after: string | null; remove: RemoveBytes },
): Promise<ImageStep | null> {
  const { projectId, before, after, remove } = options;
  const may = Prisma.sql`coalesce(i.kept_at, i.created_at) < ${before} and ${unusedSince(before)}`;
  return await step(database, { projectId, before, after, may, bytes: null, remove });
}

/** Removes the oldest images that may go, until so many bytes are gone. */
export async function removeOldest(
  database: Database,
  options: { projectId: string; bytes: number; after: string | null; remove: RemoveBytes },
): Promise<ImageStep | null> {
  const { projectId, bytes, after, remove } = options;
  const before = new Date(Date.now() - dayMs);
  const may = Prisma.sql`coalesce(i.kept_at, i.created_at) < ${before} and ${unusedSince(before)} and not exists (
    select from generation_image r join generation g on g.id = r.generation_id
    where r.image_id = i.id and (g.favourite or g.rating is not null)
  )`;
  return await step(database, { projectId, before, after, may, bytes, remove });
}

/** Neither a generation since then nor one that has not ended uses it. */
function unusedSince(before: Date): Prisma.Sql {
  return Prisma.sql`not exists (
    select from generation_image r where r.image_id = i.id and r.generation_id >= ${lowestIdAt(before)}::uuid
  ) and not exists (
    select from generation_image r join generation g on g.id = r.generation_id
    where r.image_id = i.id and g.status = any (${liveStatuses}::generation_status[])
  )`;
}

/** Looks at some images in the order of their age and removes, each in a transaction of its own, those that may go. */
async function step(
  database: Database,
  options: {
    projectId: string;
    before: Date;
    after: string | null;
    may: Prisma.Sql;
    bytes: number | null;
    remove: RemoveBytes;
  },
): Promise<ImageStep | null> {
  const { projectId, before, after, may, bytes, remove } = options;
  const rows = await database.prisma.$queryRaw<{ id: string; may: boolean }[]>`
    select i.id::text, (${may}) as may from (
      select * from image where project_id = ${projectId}::uuid and id > ${after ?? lowestId}::uuid
        and id < ${lowestIdAt(before)}::uuid
      order by id limit ${lookedAtOnce}::integer
    ) i order by i.id`;
  const done: ImageStep = { next: rows.length < lookedAtOnce ? null : (rows.at(-1)?.id ?? null), images: 0, bytes: 0 };
  for (const { id } of rows.filter((row) => row.may)) {
    if (bytes !== null && done.bytes >= bytes) return { ...done, next: null };
    const removed = await inTurn(database, async (tx) => {
      const image = await lockImage(tx, id, may);
      if (image === null || !image.may || image.justKept) return 0;
      await removeLocked(tx, image, remove);
      return image.bytes;
    });
    if (removed === null) return null;
    if (removed > 0) done.images += 1;
    done.bytes += removed;
  }
  return done;
}

/** Images that something no longer refers to: removes some of them unless something else does; gives how many are done. */
export async function removeReleased(database: Database, remove: RemoveBytes): Promise<number> {
  const rows = await database.prisma.imageRemoval.findMany({
    where: { erasureId: noErasure, outcome: null },
    orderBy: { imageId: 'asc' },
    select: { imageId: true },
    take: lookedAtOnce,
  });
  let done = 0;
  for (const { imageId } of rows) {
    const outcome = await inTurn(
      database,
      async (tx) => await releasedImage(tx, { erasureId: noErasure, imageId }, remove),
    );
    if (outcome === null) return 0;
    if (outcome === 'done') done += 1;
  }
  return done;
}

/** Brings what images weigh together in one row a project; whoever adds it up meanwhile gets the same sum. */
export async function foldWeights(database: Database): Promise<void> {
  await inTurn(
    database,
    async (tx) =>
      await tx.$executeRaw`
      with crowded as (
        select project_id from image_weight group by project_id having count(*) > 1 order by project_id limit 1000
      ),
      taken as (
        delete from image_weight where project_id in (select project_id from crowded) returning project_id, images, bytes
      )
      insert into image_weight (project_id, images, bytes)
      select project_id, sum(images), sum(bytes) from taken group by project_id`,
  );
}
