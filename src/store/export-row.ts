import { z } from 'zod';
import { columnNamed } from '../domain/export-columns.js';
import type { ExportFile, KeptExport } from '../domain/export.js';
import type { ListFilter } from '../domain/listing.js';
import type { Export as ExportRow, Prisma } from './generated/client.js';
import { micros } from './generation-row.js';

const filesSchema = z.array(z.object({ path: z.string(), rows: z.number(), bytes: z.number(), sha256: z.string() }));
/** JSON has no times; whatever else a filter holds is as it was checked before it was written. */
const filterSchema = z.looseObject({
  createdFrom: z.coerce.date().nullish(),
  createdTo: z.coerce.date().nullish(),
});

export function toExport(row: ExportRow): KeptExport {
  const { workerId: _worker, workerUntil: _until, tries: _tries, columns, files, filter, ...rest } = row;
  return {
    ...rest,
    // What only this version's own code wrote.
    filter: filterSchema.parse(filter) as ListFilter,
    files: filesSchema.parse(files),
    columns: columns.flatMap((name) => columnNamed(name) ?? []),
    rows: Number(row.rows),
    bytes: Number(row.bytes),
    expectedRows: micros(row.expectedRows),
  };
}

/** As JSON that Prisma takes; times become texts. */
export function asJson(value: ListFilter | readonly ExportFile[]): Prisma.InputJsonValue {
  // What JSON.parse gives of an object or a list is one that JSON can hold.
  return JSON.parse(JSON.stringify(value)) as Prisma.InputJsonValue;
}
