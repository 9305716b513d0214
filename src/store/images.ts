import type { ImageRecord } from '../domain/generation.js';
import type { Images } from '../domain/ports.js';
import type { Database } from './database.js';
import type { Image as ImageRow } from './generated/client.js';

/** The rows of images; their bytes are kept by the images room. */
export function createImages(database: Database): Images {
  const { prisma } = database;
  return {
    async keep(image) {
      const sha256 = Buffer.from(image.sha256, 'hex');
      await prisma.image.createMany({
        data: [{ ...image, sha256, thumbhash: Buffer.from(image.thumbhash) }],
        skipDuplicates: true,
      });
      const row = await prisma.image.findUniqueOrThrow({
        where: { projectId_sha256: { projectId: image.projectId, sha256 } },
      });
      return toImage(row);
    },
    async find(projectId, ids) {
      const rows = await prisma.image.findMany({ where: { projectId, id: { in: [...ids] } } });
      return rows.map(toImage);
    },
    async byToken(id, token) {
      const row = await prisma.image.findFirst({ where: { id, token } });
      return row === null ? null : toImage(row);
    },
  };
}

export function toImage(row: ImageRow): ImageRecord {
  return { ...row, sha256: Buffer.from(row.sha256).toString('hex'), thumbhash: Buffer.from(row.thumbhash) };
}
