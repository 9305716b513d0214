import { DarkroomError } from '../errors.js';
import type { Generation, ListedGeneration } from '../domain/generation.js';
import {
  listOrders,
  listTimeoutMs,
  planOf,
  rankedAtMost,
  type ListPage,
  type ListQuery,
  type ListWindow,
} from '../domain/listing.js';
import { plannedAnew, type Database } from './database.js';
import { Prisma, type Generation as GenerationRow } from './generated/client.js';
import { generationColumns } from './generation-page.js';
import { toGeneration } from './generation-row.js';
import { filterConditions, orderConditions, orderValues, timeConditions } from './list-conditions.js';
import { highestId, idsByValues, lowestId } from './list-values.js';
import { toListed, type ListedRow } from './listed-columns.js';
import type { WithinTime } from './within-time.js';

type Placed = { place_value: string | null; place_newest: string | null };

/** What lists are read by. */
export type ListParts = { database: Database; withinTime: WithinTime };

/** Limits are written into the statement; a few only, so that there are few statements to keep prepared. */
const limits = [21, 51, 101];

export async function listGenerations(
  parts: ListParts,
  projectId: string,
  query: ListQuery,
  window: ListWindow,
): Promise<ListPage<Generation>> {
  const rows = await read<GenerationRow & Placed>(parts, projectId, query, window, generationColumns);
  return pageOf(rows, window, ({ place_value: _value, place_newest: _newest, ...row }) => toGeneration(row));
}

/** The same list with no more than these columns. */
export async function listBriefly(
  parts: ListParts,
  projectId: string,
  query: ListQuery,
  window: ListWindow,
  columns: Prisma.Sql,
): Promise<ListPage<ListedGeneration>> {
  const rows = await read<ListedRow & Placed>(parts, projectId, query, window, columns);
  return pageOf(rows, window, ({ place_value: _value, place_newest: _newest, ...row }) => toListed(row));
}

function pageOf<Row extends Placed & { id: string }, T>(
  rows: readonly Row[],
  { limit, backwards }: ListWindow,
  toValue: (row: Row) => T,
): ListPage<T> {
  const shown = rows.slice(0, limit).map((row) => ({
    row: toValue(row),
    place: { id: row.id, value: row.place_value, newest: row.place_newest },
  }));
  return { rows: backwards ? shown.toReversed() : shown };
}

/** Rows in the order in which they were read. */
async function read<Row extends object>(
  { database, withinTime }: ListParts,
  projectId: string,
  query: ListQuery,
  window: ListWindow,
  columns: Prisma.Sql,
): Promise<Row[]> {
  if (asksForNothing(query)) return [];
  const sql = listSql(columns, projectId, query, window);
  const found = planOf(query).bounded
    ? await withinTime(listTimeoutMs, async (tx) => await tx.$queryRaw<Row[]>(sql))
    : await database.rows<Row>(sql);
  if (found === 'too slow') throw tooSlow(query);
  if (found.length === 0 && query.search !== null) await checkWords(database, projectId, query.search);
  return found;
}

/** A list of alternatives without any. */
export function asksForNothing({ filter }: ListQuery): boolean {
  return Object.values(filter).some((value) => Array.isArray(value) && value.length === 0);
}

function tooSlow({ filter, search }: ListQuery): DarkroomError {
  const what = search === null ? 'No one index answers this filter and order together' : 'The search';
  const narrow = [
    ...(filter.createdFrom == null ? ['give filter.createdFrom'] : ['bring filter.createdFrom and createdTo closer']),
    ...(search === null ? ['leave out conditions'] : ['search for rarer words']),
  ].join(', or ');
  const took = `took longer than ${listTimeoutMs / 1_000} s on this history`;
  return new DarkroomError('QUERY_TIMEOUT', `${what}: it ${took} and was stopped. To narrow it, ${narrow}.`);
}

/** Refuses a search that holds no word to look for. */
export async function checkWords(database: Database, projectId: string, search: string): Promise<void> {
  const [words] = await database.prisma.$queryRaw<{ none: boolean }[]>`
    select numnode(darkroom_search(${projectId}::uuid, ${search})) = 0 as none`;
  if (words?.none !== true) return;
  const message = 'search holds no word to look for: words such as "the" and "of" are not searched.';
  throw new DarkroomError('BAD_REQUEST', message);
}

/** The whole statement; shown here so that a test can ask for its plan. */
export function listSql(columns: Prisma.Sql, projectId: string, query: ListQuery, window: ListWindow): Prisma.Sql {
  const plan = planOf(query);
  const timed = query.filter.createdFrom != null || query.filter.createdTo != null;
  // Only what is asked for most is kept prepared, as there is room for few statements.
  const kept = plan.by === 'values' && !timed && window.limit <= 21;
  const up = listOrders[query.orderBy].up !== window.backwards;
  const direction = Prisma.raw(up ? 'asc' : 'desc');
  const page = pageSql(projectId, query, window, up);
  return Prisma.sql`${kept ? Prisma.empty : plannedAnew}
    with ${page}
    select ${columns}, page.value::text as place_value, page.newest::text as place_newest
    from page join generation g on g.id = page.page_id
    order by page.value ${direction}, page.page_id ${direction}`;
}

function pageSql(projectId: string, query: ListQuery, window: ListWindow, up: boolean): Prisma.Sql {
  const { filter, search, orderBy } = query;
  const { place } = window;
  const steps = limits.find((rows) => rows >= window.limit);
  if (steps === undefined) throw new Error(`A page has at most ${limits.at(-1)} rows; ${window.limit} were asked for.`);
  const limit = Prisma.raw(String(steps));
  const direction = Prisma.raw(up ? 'asc' : 'desc');
  const beyond = Prisma.raw(up ? '>' : '<');
  const { value: orderedBy } = listOrders[orderBy];
  // Also where there is no place, so that a first page is the same statement as the others.
  const begin = place?.id ?? (up ? lowestId : highestId);
  const behind = (id: Prisma.Sql): Prisma.Sql[] => [Prisma.sql`${id} ${beyond} ${begin}::uuid`];
  const bounds = (id: Prisma.Sql): Prisma.Sql[] => [...timeConditions(id, filter), ...behind(id)];
  const plan = planOf(query);

  if (plan.by === 'values') {
    const ids = idsByValues({ projectId, field: plan.field, filter, bounds, begin, up, limit });
    return Prisma.sql`page as materialized (${ids})`;
  }
  if (search !== null && orderedBy === 'rank') {
    const known = place === null ? [] : [Prisma.sql`t.generation_id <= ${place.newest}::uuid`];
    return Prisma.sql`
      newest as materialized (
        select t.generation_id, t.words ${searchSource(projectId, query, known)}
        order by t.generation_id desc limit ${Prisma.raw(String(rankedAtMost))}
      ),
      ranked as materialized (
        select generation_id as page_id, first_value(generation_id) over (order by generation_id desc) as newest,
          (ts_rank(words, websearch_to_tsquery('english', darkroom_fold(${search}))) * 1000000)::bigint as value
        from newest
      ),
      page as materialized (
        select page_id, value, newest from ranked
        ${place === null ? Prisma.empty : Prisma.sql`where (value, page_id) ${beyond} (${place.value}::bigint, ${place.id}::uuid)`}
        order by value ${direction}, page_id ${direction} limit ${limit}
      )`;
  }
  if (search !== null) {
    return Prisma.sql`page as materialized (
      select t.generation_id as page_id, null::bigint as value, null::uuid as newest
      ${searchSource(projectId, query, behind(Prisma.raw('t.generation_id')))}
      order by t.generation_id ${direction} limit ${limit})`;
  }
  if (orderedBy !== null && orderedBy !== 'rank') {
    const { value } = orderValues[orderedBy];
    const after =
      place === null ? [] : [Prisma.sql`(${value}, g.id) ${beyond} (${place.value}::bigint, ${place.id}::uuid)`];
    return Prisma.sql`page as materialized (
      select g.id as page_id, ${value} as value, null::uuid as newest ${source(projectId, query, after)}
      order by ${value} ${direction}, g.id ${direction} limit ${limit})`;
  }
  return Prisma.sql`page as materialized (
    select g.id as page_id, null::bigint as value, null::uuid as newest
    ${source(projectId, query, behind(Prisma.raw('g.id')))}
    order by g.id ${direction} limit ${limit})`;
}

/** The generations that match. */
export function source(projectId: string, query: ListQuery, others: Prisma.Sql[] = []): Prisma.Sql {
  const conditions = [
    Prisma.sql`g.project_id = ${projectId}::uuid`,
    ...timeConditions(Prisma.raw('g.id'), query.filter),
    ...filterConditions(query.filter),
    ...orderConditions(query.orderBy),
    ...others,
  ];
  return Prisma.sql`from generation g where ${Prisma.join(conditions, ' and ')}`;
}

/** The prompts that match, of the generations that match. */
export function searchSource(projectId: string, query: ListQuery, others: Prisma.Sql[] = []): Prisma.Sql {
  const words = [
    Prisma.sql`t.project_id = ${projectId}::uuid`,
    Prisma.sql`t.words @@ darkroom_search(${projectId}::uuid, ${query.search})`,
    ...timeConditions(Prisma.raw('t.generation_id'), query.filter),
    ...others,
  ];
  const asked = filterConditions(query.filter);
  if (asked.length === 0) return Prisma.sql`from generation_text t where ${Prisma.join(words, ' and ')}`;
  return Prisma.sql`from generation_text t join generation g on g.id = t.generation_id
    where ${Prisma.join([...words, ...asked], ' and ')}`;
}
