import type { RemoveBytes } from '../domain/erasure.js';
import type { Database, Transaction } from './database.js';
import { Prisma } from './generated/client.js';

/** The erasure of removals that belong to none. */
export const noErasure = '00000000-0000-0000-0000-000000000000';

/** An image that was given or made again so lately is about to be referred to. */
const justKeptMs = 10_000;

export type ImageRemovalRef = { erasureId: string; imageId: string };

export type LockedImage = { id: string; projectId: string; sha256: string; bytes: number };

/**
 * Locks an image that may go: whoever keeps the same bytes again waits for the end of the transaction, and then makes a row
 * anew. `may` is asked of the row `i` once it is locked; null where it is gone.
 */
export async function lockImage(
  tx: Transaction,
  imageId: string,
  may: Prisma.Sql,
): Promise<(LockedImage & { may: boolean; justKept: boolean }) | null> {
  const [locked] = await tx.$queryRaw<{ id: string }[]>`
    select id::text from image where id = ${imageId}::uuid for update`;
  if (locked === undefined) return null;
  // A statement of its own, which sees what was committed before the lock was there.
  const [row] = await tx.$queryRaw<(LockedImage & { may: boolean; justKept: boolean })[]>`
    select i.id::text, i.project_id::text as "projectId", encode(i.sha256, 'hex') as sha256, i.bytes, (${may}) as may,
           coalesce(i.kept_at, i.created_at) > now() - ${justKeptMs} * interval '1 millisecond' as "justKept"
    from image i where i.id = ${imageId}::uuid`;
  return row ?? null;
}

/** Removes the bytes and then the row, both within the lock: a row without bytes is tried again, bytes without a row never. */
export async function removeLocked(tx: Transaction, image: LockedImage, remove: RemoveBytes): Promise<number> {
  const files = await remove({ projectId: image.projectId, sha256: image.sha256 });
  await tx.$executeRaw`delete from image where id = ${image.id}::uuid`;
  return files;
}

const unreferred = Prisma.sql`not exists (select from generation_image r where r.image_id = i.id)`;

/** Removes an image that something no longer refers to, unless something else does. */
export async function releasedImage(
  tx: Transaction,
  { erasureId, imageId }: ImageRemovalRef,
  remove: RemoveBytes,
): Promise<'done' | 'later'> {
  const image = await lockImage(tx, imageId, unreferred);
  if (image?.may === true && image.justKept) return 'later';
  const removed = image === null || image.may;
  const files = image?.may === true ? await removeLocked(tx, image, remove) : 0;
  if (erasureId === noErasure) {
    await tx.$executeRaw`
      delete from image_removal where erasure_id = ${erasureId}::uuid and image_id = ${imageId}::uuid`;
    return 'done';
  }
  await tx.$executeRaw`
    with noted as (
      update image_removal set outcome = ${removed ? 'REMOVED' : 'SHARED'}::removal_outcome, files = ${files}::integer
      where erasure_id = ${erasureId}::uuid and image_id = ${imageId}::uuid and outcome is null
      returning bytes
    )
    update erasure set images = images + (${removed}::boolean)::integer,
      images_shared = images_shared + (not ${removed}::boolean)::integer,
      files = files + ${files}::integer,
      bytes = erasure.bytes + case when ${removed}::boolean then noted.bytes else 0 end
    from noted where id = ${erasureId}::uuid`;
  return 'done';
}

/** Notes images that something no longer refers to, so that they go unless something else does. */
export async function noteReleased(database: Pick<Database, 'prisma'>, imageIds: readonly string[]): Promise<void> {
  await database.prisma.$executeRaw`
    insert into image_removal (erasure_id, image_id, project_id, sha256, bytes)
    select ${noErasure}::uuid, id, project_id, sha256, bytes from image where id = any (${[...imageIds]}::uuid[])
    on conflict do nothing`;
}
