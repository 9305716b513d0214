import { exportBounds, type Exports } from '../domain/export.js';
import type { Database } from './database.js';
import { asJson, toExport } from './export-row.js';

/** Kept exports as their project sees them. */
export function createExports(database: Database): Exports {
  const { prisma } = database;
  return {
    async create({ filter, columns, ...wanted }) {
      const { projectId } = wanted;
      return await database.transaction(async (tx) => {
        // One at a time for a project, so that its limits hold.
        await tx.$executeRaw`select pg_advisory_xact_lock(hashtext('darkroom.exports'), hashtext(${projectId}))`;
        const kept = await tx.export.findMany({ where: { projectId }, select: { status: true } });
        const unfinished = kept.filter(({ status }) => status === 'QUEUED' || status === 'RUNNING');
        if (kept.length >= exportBounds.kept || unfinished.length >= exportBounds.unfinished) return null;
        return toExport(
          await tx.export.create({ data: { ...wanted, columns: [...columns], filter: asJson(filter) ?? {} } }),
        );
      });
    },
    async find(projectId, id) {
      const row = await prisma.export.findFirst({ where: { projectId, id } });
      return row === null ? null : toExport(row);
    },
    async page(projectId, { first, after }) {
      const where = { projectId, ...(after === null ? {} : { id: { lt: after } }) };
      return (await prisma.export.findMany({ where, orderBy: { id: 'desc' }, take: first })).map(toExport);
    },
    async byToken(id, token) {
      const row = await prisma.export.findFirst({ where: { id, token, status: 'READY' } });
      return row === null ? null : toExport(row);
    },
    async remove(projectId, id) {
      const row = await prisma.export.findFirst({ where: { projectId, id } });
      if (row === null) return null;
      await prisma.export.deleteMany({ where: { projectId, id } });
      return toExport(row);
    },
  };
}
