import type { ImageRecord } from '../domain/generation.js';
import type { Images } from '../domain/ports.js';
import type { Database } from './database.js';
import { Prisma, type Image as ImageRow } from './generated/client.js';
import { noteReleased } from './image-removal.js';
import { createListLookup } from './list-lookup.js';

const imageColumns = Prisma.raw(`
  id, project_id as "projectId", sha256, content_type as "contentType", width, height, bytes, thumbhash, token,
  created_at as "createdAt"`);

/** The rows of images; their bytes are kept by the images room. */
export function createImages(database: Database): Images {
  const { prisma } = database;
  const rowsOf = createListLookup({
    read: async (ids) =>
      await database.rows<ImageRow>(Prisma.sql`
        select ${imageColumns} from image where id = any (${[...ids]}::uuid[])`),
    keyOf: ({ id }) => id,
  });
  return {
    async keep(image) {
      const sha256 = Buffer.from(image.sha256, 'hex');
      // One statement, whether the project has the bytes already or not: on its way it costs more than in the database.
      const [row] = await prisma.$queryRaw<ImageRow[]>`
        insert into image as known
          (id, project_id, sha256, content_type, width, height, bytes, thumbhash, token)
        values (${image.id}::uuid, ${image.projectId}::uuid, ${sha256}, ${image.contentType}, ${image.width},
                ${image.height}, ${image.bytes}, ${Buffer.from(image.thumbhash)}, ${image.token})
        on conflict (project_id, sha256) do update set kept_at = now()
        returning ${imageColumns}`;
      if (row === undefined) throw new Error('An image was neither kept nor found.');
      return toImage(row);
    },
    async find(projectId, ids) {
      const found = await rowsOf(ids);
      return found.filter((row) => row.projectId === projectId).map(toImage);
    },
    release: async (ids) => await noteReleased(database, ids),
    async byToken(id, token) {
      const row = await prisma.image.findFirst({ where: { id, token } });
      return row === null ? null : toImage(row);
    },
  };
}

export function toImage(row: ImageRow): ImageRecord {
  const { keptAt: _kept, ...rest } = row;
  return { ...rest, sha256: Buffer.from(row.sha256).toString('hex'), thumbhash: Buffer.from(row.thumbhash) };
}
