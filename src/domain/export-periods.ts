import type { ExportPartition } from './export.js';
import type { ListFilter } from './listing.js';

/** One file of an export: the folder that says what is in it, as DuckDB and others read it, and its part of the filter. */
export type ExportPeriod = { folder: string; filter: ListFilter };

/**
 * The files of an export that may hold something, the oldest first: of everything between `firstAt`, where the project's
 * history begins, and `now`, that the filter asks for.
 */
export function periodsOf(options: {
  partitionBy: ExportPartition;
  project: string;
  filter: ListFilter;
  firstAt: Date | null;
  now: Date;
}): ExportPeriod[] {
  const { partitionBy, project, filter, firstAt, now } = options;
  if (partitionBy === 'NONE') return [{ folder: '', filter }];
  if (firstAt === null) return [];
  const { createdFrom, createdTo } = filter;
  const from = later(createdFrom ?? firstAt, firstAt);
  // Clocks of several hosts differ a little.
  const to = earlier(createdTo ?? new Date(8e15), new Date(now.getTime() + 3_600_000));
  const periods: ExportPeriod[] = [];
  for (let start = startOf(from, partitionBy); start < to;) {
    const end = next(start, partitionBy);
    const name = start.toISOString().slice(0, partitionBy === 'MONTH' ? 7 : 10);
    periods.push({
      folder: `project=${project}/${partitionBy.toLowerCase()}=${name}/`,
      filter: {
        ...filter,
        createdFrom: later(start, createdFrom ?? start),
        createdTo: earlier(end, createdTo ?? end),
      },
    });
    start = end;
  }
  return periods;
}

const later = (one: Date, other: Date): Date => (one > other ? one : other);
const earlier = (one: Date, other: Date): Date => (one < other ? one : other);

function startOf(at: Date, unit: 'MONTH' | 'DAY'): Date {
  return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), unit === 'MONTH' ? 1 : at.getUTCDate()));
}

function next(start: Date, unit: 'MONTH' | 'DAY'): Date {
  const [year, month, day] = [start.getUTCFullYear(), start.getUTCMonth(), start.getUTCDate()];
  return new Date(unit === 'MONTH' ? Date.UTC(year, month + 1, 1) : Date.UTC(year, month, day + 1));
}
