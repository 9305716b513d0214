import { randomUUID } from 'node:crypto';
import { exportColumns } from '../domain/export-columns.js';
import type { ExportSource } from '../domain/export.js';
import { timeOf } from '../domain/ids.js';
import { copyStatement } from './export-statement.js';
import { checkWords, type ListParts } from './list.js';
import { countGenerations } from './list-count.js';

/** The rows of exports. They are read through a connection of each export's own, by the thread that makes it. */
export function createExportSource(lists: ListParts, url: string): ExportSource {
  const { prisma } = lists.database;
  return {
    async check(projectId, search) {
      if (search !== null) await checkWords(lists.database, projectId, search);
    },
    async expect(projectId, query) {
      return (await countGenerations(lists, projectId, { ...query, orderBy: 'OLDEST' })).value;
    },
    async firstAt(projectId) {
      const where = { projectId };
      const first = await prisma.generation.findFirst({ where, orderBy: { id: 'asc' }, select: { id: true } });
      return first === null ? null : timeOf(first.id);
    },
    job: (owner, { format, columns, bom, search }, { filters, timeoutMs }) => ({
      url,
      tag: `darkroom export ${randomUUID()}`,
      format,
      bom,
      columns: columns.map((name) => ({ name, kind: exportColumns[name] })),
      statements: filters.map((filter) => copyStatement({ ...owner, query: { filter, search }, columns })),
      timeoutMs,
    }),
    async end(tag) {
      await prisma.$executeRaw`
        select pg_terminate_backend(pid) from pg_stat_activity where application_name = ${tag} and pid <> pg_backend_pid()`;
    },
  };
}
