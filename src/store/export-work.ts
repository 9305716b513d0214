import { randomUUID } from 'node:crypto';
import { exportBounds, type ExportWork } from '../domain/export.js';
import type { Database } from './database.js';
import { asJson, toExport } from './export-row.js';

/**
 * Kept exports as those see them who make them. Every write says whose claim it belongs to by the claim's folder, so a process
 * that was away for a while and comes back changes nothing any more.
 */
export function createExportWork(database: Database): ExportWork {
  const { prisma } = database;
  return {
    async claim(workerId, leaseMs) {
      const folder = randomUUID();
      // What made it die would do so again.
      await prisma.$executeRaw`
        update export set status = 'FAILED', worker_id = null, worker_until = null, finished_at = now(),
          expires_at = now() + ${exportBounds.keptMs} * interval '1 millisecond', error_code = 'INTERNAL',
          error_message = 'It was begun ' || tries || ' times, and each time the process that made it ended.'
        where status = 'RUNNING' and worker_until < now() and tries >= ${exportBounds.tries}`;
      const [claimed] = await prisma.$queryRaw<{ id: string }[]>`
        update export set status = 'RUNNING', worker_id = ${workerId}::uuid, folder = ${folder}, tries = tries + 1,
          worker_until = now() + ${leaseMs} * interval '1 millisecond', rows = 0, bytes = 0,
          started_at = coalesce(started_at, now())
        where id = (
          select e.id from export e
          where e.status = 'QUEUED' or (e.status = 'RUNNING' and e.worker_until < now())
          order by (select count(*) from export o
                    where o.project_id = e.project_id and o.status = 'RUNNING' and o.worker_until >= now()), e.created_at
          limit 1 for update skip locked
        )
        returning id`;
      if (claimed === undefined) return null;
      const row = await prisma.export.findFirst({ where: { id: claimed.id, folder } });
      const project = row === null ? null : await prisma.project.findUnique({ where: { id: row.projectId } });
      return row === null || project === null ? null : { ...toExport(row), projectSlug: project.slug, folder };
    },
    async renew({ id, folder }, leaseMs, { rows, bytes, expectedRows }) {
      const held = await prisma.$executeRaw`
        update export set rows = ${rows}, bytes = ${bytes}, expected_rows = ${expectedRows},
          worker_until = now() + ${leaseMs} * interval '1 millisecond'
        where id = ${id}::uuid and folder = ${folder} and status = 'RUNNING'`;
      return held > 0;
    },
    async finish({ id, folder }, files) {
      const total = (name: 'rows' | 'bytes'): number => files.reduce((sum, file) => sum + file[name], 0);
      const finished = await prisma.$executeRaw`
        update export set status = 'READY', rows = ${total('rows')}, bytes = ${total('bytes')},
          files = ${JSON.stringify(asJson(files))}::jsonb, finished_at = now(), worker_id = null, worker_until = null,
          expires_at = now() + ${exportBounds.keptMs} * interval '1 millisecond'
        where id = ${id}::uuid and folder = ${folder} and status = 'RUNNING'`;
      return finished > 0;
    },
    async fail({ id, folder }, { code, message }, { forGood }) {
      await prisma.$executeRaw`
        update export set worker_id = null, worker_until = null, error_code = ${code}, error_message = ${message},
          status = case when ${forGood} or tries >= ${exportBounds.tries} then 'FAILED'::export_status else 'QUEUED' end,
          finished_at = case when ${forGood} or tries >= ${exportBounds.tries} then now() end,
          expires_at = case when ${forGood} or tries >= ${exportBounds.tries}
            then now() + ${exportBounds.keptMs} * interval '1 millisecond' end
        where id = ${id}::uuid and folder = ${folder} and status = 'RUNNING'`;
    },
    async release({ id, folder }) {
      await prisma.$executeRaw`
        update export set status = 'QUEUED', tries = tries - 1, worker_id = null, worker_until = null
        where id = ${id}::uuid and folder = ${folder} and status = 'RUNNING'`;
    },
    async expire() {
      await prisma.$executeRaw`delete from export where expires_at < now()`;
      const rows = await prisma.export.findMany({
        where: { folder: { not: null }, status: { in: ['RUNNING', 'READY'] } },
        select: { folder: true },
      });
      return rows.flatMap(({ folder }) => folder ?? []);
    },
  };
}
