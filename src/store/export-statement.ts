import { escapeLiteral } from 'pg';
import { exportColumns, type ExportColumn } from '../domain/export-columns.js';
import type { ListFilter, ListQuery } from '../domain/listing.js';
import { Prisma } from './generated/client.js';
import { asksForNothing, searchSource, source } from './list.js';
import { costMicros, seed } from './list-conditions.js';

/** Columns that are not the generation's own column of the same name. */
const expressions: Partial<Record<ExportColumn, string>> = {
  generation_id: 'g.id',
  status: 'g.status::text',
  moderation_stage: 'g.moderation_stage::text',
  control: 'g.control::text',
  seed: seed.sql,
  cost_micros: costMicros.sql,
  queued_ms: milliseconds('g.created_at', 'g.started_at'),
  run_ms: milliseconds('g.started_at', 'g.finished_at'),
  total_ms: milliseconds('g.created_at', 'g.finished_at'),
};

function milliseconds(from: string, to: string): string {
  return `(extract(epoch from (${to} - ${from})) * 1000)::bigint`;
}

/** A column as its plain value; what Postgres would write as text is made in the export's thread, for half the work here. */
function valueOf(column: ExportColumn, project: string): string {
  const value = column === 'project' ? `${escapeLiteral(project)}::text` : (expressions[column] ?? `g.${column}`);
  const kind = exportColumns[column];
  if (kind === 'integer') return `${value}::integer`;
  return kind === 'json' ? `${value}::text` : value;
}

/**
 * Binary `COPY … TO STDOUT` of all generations that match, the oldest first. COPY takes no parameters, so every value is written
 * into it as a literal, quoted by pg.
 */
export function copyStatement(asked: {
  projectId: string;
  project: string;
  query: Pick<ListQuery, 'filter' | 'search'>;
  columns: readonly ExportColumn[];
}): string {
  const list = asked.columns.map((column) => `${valueOf(column, asked.project)} as ${column}`).join(', ');
  return `copy (select ${list} ${matches(asked.projectId, asked.query)} order by g.id) to stdout with (format binary)`;
}

function matches(projectId: string, { filter, search }: { filter: ListFilter; search: string | null }): string {
  const query: ListQuery = { filter, search, orderBy: 'OLDEST' };
  if (asksForNothing(query)) return 'from generation g where false';
  if (search === null) return withLiterals(source(projectId, query));
  // The words of a prompt first: where they are rare little else is read.
  const found = withLiterals(searchSource(projectId, query)).replace(/^from /, 'select t.generation_id from ');
  return withLiterals(source(projectId, query, [Prisma.sql`g.id in (${Prisma.raw(found)})`]));
}

/** A statement with its values in it. The texts around them never hold any input. */
function withLiterals({ strings, values }: Prisma.Sql): string {
  return strings.reduce((text, next, n) => `${text}${literal(values[n - 1])}${next}`);
}

function literal(value: unknown): string {
  if (Array.isArray(value)) return `array[${value.map(literal).join(', ')}]`;
  if (typeof value === 'string') return escapeLiteral(value);
  if (typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value))) return `(${value})`;
  throw new Error(`A value of a list's conditions is ${typeof value}, which is not written into statements.`);
}
