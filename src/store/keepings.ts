import { nothingSet, type Keepings, type KeepingSettings } from '../domain/keeping.js';
import type { Database } from './database.js';
import type { Keeping as KeepingRow } from './generated/client.js';

/** What projects keep, and what their images weigh. */
export function createKeepings(database: Database): Keepings {
  const { prisma } = database;
  return {
    async settings(projectId) {
      const row = await prisma.keeping.findUnique({ where: { projectId } });
      return row === null ? nothingSet : toSettings(row);
    },
    async all() {
      const [projects, rows] = await Promise.all([
        prisma.project.findMany({ select: { id: true }, orderBy: { id: 'asc' } }),
        prisma.keeping.findMany(),
      ]);
      const known = new Map(rows.map((row) => [row.projectId, toSettings(row)]));
      return projects.map(({ id }) => ({ projectId: id, settings: known.get(id) ?? nothingSet }));
    },
    async set(projectId, { imageQuotaBytes, ...settings }) {
      const quota = imageQuotaBytes == null ? imageQuotaBytes : BigInt(imageQuotaBytes);
      const data = { ...settings, ...(quota === undefined ? {} : { imageQuotaBytes: quota }) };
      await prisma.keeping.upsert({ where: { projectId }, create: { projectId, ...data }, update: data });
    },
    async weight(projectId) {
      const [row] = await prisma.$queryRaw<{ images: number; bytes: number }[]>`
        select coalesce(sum(images), 0)::float8 as images, coalesce(sum(bytes), 0)::float8 as bytes
        from image_weight where project_id = ${projectId}::uuid`;
      return row ?? { images: 0, bytes: 0 };
    },
    async projectBySlug(slug) {
      return (await prisma.project.findUnique({ where: { slug }, select: { id: true } }))?.id ?? null;
    },
  };
}

function toSettings(row: KeepingRow): KeepingSettings {
  const { generationDays, eventDays, imageDays, imageQuotaBytes, imageQuotaFull } = row;
  const quota = imageQuotaBytes === null ? null : Number(imageQuotaBytes);
  return { generationDays, eventDays, imageDays, imageQuotaBytes: quota, imageQuotaFull };
}
