import { randomBytes } from 'node:crypto';
import { exportColumnNames, columnNamed, type ExportColumn } from '../domain/export-columns.js';
import {
  exportBounds,
  type ExportAsked,
  type ExportFile,
  type ExportPartition,
  type Exports,
  type ExportSource,
  type KeptExport,
} from '../domain/export.js';
import { periodsOf } from '../domain/export-periods.js';
import { keyOf, newId } from '../domain/ids.js';
import type { Viewer } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked } from '../domain/refusal.js';
import { DarkroomError } from '../errors.js';

export type KeptExportRequest = Omit<ExportAsked, 'columns'> & {
  columns: readonly string[] | null;
  partitionBy: ExportPartition;
};

export type ExportService = {
  create(viewer: Viewer, request: KeptExportRequest): Promise<Checked<KeptExport>>;
  remove(viewer: Viewer, id: string): Promise<Checked<KeptExport>>;
  /** A file of a ready export, for whoever has its address. */
  fileByToken(id: string, token: string, path: string): Promise<{ kept: KeptExport; file: ExportFile } | null>;
};

/** Throws BAD_REQUEST on a name that is none, or that comes twice. Null: all columns. */
export function columnsOf(names: readonly string[] | null, path: string): ExportColumn[] {
  if (names === null) return exportColumnNames;
  if (names.length === 0)
    throw new DarkroomError('BAD_REQUEST', `${path} must name 1 or more columns; none was given.`);
  return names.map((name, n) => {
    const column = columnNamed(name);
    const at = `${path}[${n}]`;
    if (column === null) {
      const given = JSON.stringify(name.slice(0, 60).toWellFormed());
      throw new DarkroomError(
        'BAD_REQUEST',
        `${at} must be one of ${exportColumnNames.join(', ')}; ${given} was given.`,
      );
    }
    if (names.indexOf(name) !== n) throw new DarkroomError('BAD_REQUEST', `${at} names ${name} again.`);
    return column;
  });
}

export function createExportService(parts: {
  exports: Exports;
  source: ExportSource;
  removeFiles: (folder: string) => Promise<void>;
  /** Called when an export waits to be made. */
  onCreated: () => void;
  storage: { accepting(): Promise<boolean> };
}): ExportService {
  const { exports, source } = parts;
  return {
    async create(viewer, { columns, partitionBy, ...request }) {
      const { projectId, projectSlug: project } = viewer;
      const asked = { ...request, columns: columnsOf(columns, 'input.columns') };
      await source.check(projectId, asked.search);
      const now = new Date();
      const firstAt = await source.firstAt(projectId);
      const { length } = periodsOf({ partitionBy, project, filter: asked.filter, firstAt, now });
      if (length > exportBounds.files) {
        const message = `That would be ${length} files; at most ${exportBounds.files} are made: narrow the time, or choose MONTH.`;
        const bounds = { maximum: exportBounds.files, given: length };
        return refused(refusal('OUT_OF_RANGE', ['input', 'partitionBy'], message, bounds));
      }
      if (!(await parts.storage.accepting())) {
        const message = 'The disk has no room for an export at the moment; try again later.';
        return refused(refusal('STORAGE_UNAVAILABLE', ['input'], message, { retryable: true }));
      }
      const token = randomBytes(16).toString('base64url');
      const created = await exports.create({ ...asked, partitionBy, projectId, token, id: newId() });
      if (created === null) {
        const { unfinished, kept } = exportBounds;
        const message = `A project has at most ${unfinished} exports under way and ${kept} in all; wait for one, or remove one.`;
        return refused(refusal('CONFLICT', ['input'], message, { retryable: true }));
      }
      parts.onCreated();
      return accepted(created);
    },
    async remove(viewer, id) {
      const key = keyOf('Export', id);
      const removed = key === null ? null : await exports.remove(viewer.projectId, key);
      if (removed === null) {
        return refused(refusal('NOT_FOUND', ['id'], 'There is no such export in your project.', { given: id }));
      }
      // Where this host cannot reach the files, whoever makes exports sweeps them up.
      if (removed.folder !== null) await parts.removeFiles(removed.folder).catch(() => undefined);
      return accepted(removed);
    },
    async fileByToken(id, token, path) {
      const kept = await exports.byToken(id, token);
      const file = kept?.files.find((each) => each.path === path);
      return kept === null || file === undefined ? null : { kept, file };
    },
  };
}
