import type { ListedField } from '../domain/generation.js';
import type { History, Window } from '../domain/ports.js';
import type { Database } from './database.js';
import { Prisma, type Generation as GenerationRow } from './generated/client.js';
import { toGeneration } from './generation-row.js';
import { listedColumns, toListed, type ListedRow } from './listed-columns.js';
import { highestId, lowestId } from './list-values.js';
import { createReading } from './reading.js';

/** All columns of a generation, by the names that Prisma gives them. */
export const generationColumns = Prisma.sql`${listedColumns}, ${Prisma.raw(`
  project_id as "projectId", moderation_stage::text as "moderationStage", account, finetune_id as "finetuneId",
  lora_url as "loraUrl", routes, asked, rerun_of as "rerunOf", pixels,
  priority, attempt_count as "attemptCount", next_attempt_at as "nextAttemptAt", deadline,
  cost_reserve_micros as "costReserveMicros", subject, erased_at as "erasedAt", erased_images as "erasedImages"`)}`;

/**
 * Limits are written into the statement, as a plan made for any limit would not use that it is small. A few only, so that
 * there are few statements to keep prepared.
 */
const limits = [11, 21, 51, 101, 1_001];

/** Who asks for which page. */
export type AskedPage = { projectId: string; window: Window };
type Numbered = { asker: number };
type ReadPage<Row> = (projectId: string, window: Window) => Promise<Row[]>;

/**
 * Reads pages of all of a project's generations, newest first: the list that is asked for most; others are in list.ts. What is
 * asked for at the same time is read in one statement, as finding a page costs less than asking for it.
 */
export function createPages(
  database: Database,
  columnsFor: (fields: ReadonlySet<ListedField>) => Prisma.Sql,
): Pick<History, 'page' | 'listed'> {
  const whole = readerOf<GenerationRow>(database, generationColumns);
  const readers = new Map<Prisma.Sql, ReadPage<ListedRow>>();

  function readerFor(columns: Prisma.Sql): ReadPage<ListedRow> {
    const reader = readers.get(columns) ?? readerOf<ListedRow>(database, columns);
    readers.set(columns, reader);
    return reader;
  }

  return {
    page: async (projectId, window) => (await whole(projectId, window)).map(toGeneration),
    listed: async (projectId, window, fields) => (await readerFor(columnsFor(fields))(projectId, window)).map(toListed),
  };
}

function readerOf<Row extends { id: string }>(database: Database, columns: Prisma.Sql): ReadPage<Row> {
  const readers = limits.map((limit) => ({ limit, read: readingOf<Row>(database, columns, limit) }));
  return async (projectId, window) => {
    const reader = readers.find(({ limit }) => limit >= window.first);
    if (reader === undefined)
      throw new Error(`A page has at most ${limits.at(-1)} rows; ${window.first} were asked for.`);
    return (await reader.read({ projectId, window })).slice(0, window.first);
  };
}

function readingOf<Row extends { id: string }>(
  database: Database,
  columns: Prisma.Sql,
  limit: number,
): (page: AskedPage) => Promise<Row[]> {
  return createReading<AskedPage, Row[]>({
    atMost: 20,
    async read(pages) {
      const rows = await database.rows<Row & Numbered>(pagesSql(columns, limit, pages));
      const found = Map.groupBy(rows, ({ asker }) => asker);
      return pages.map((_page, n) => found.get(n + 1) ?? []);
    },
  });
}

/** The statement; shown here so that a test can ask for its plan. */
export function pagesSql(columns: Prisma.Sql, limit: number, pages: readonly AskedPage[]): Prisma.Sql {
  const projectIds = pages.map(({ projectId }) => projectId);
  const begins = pages.map(({ window }) => window.after ?? highestId);
  // Only the index of project and id gives this order: by ids alone a project with few generations would be looked for among
  // those of all others. The arrays are selected, so that the plan for any number of pages looks no worse than one made anew.
  return Prisma.sql`
    select asked.n::integer as asker, page.*
    from unnest((select ${projectIds}::uuid[]), (select ${begins}::uuid[])) with ordinality as asked (project_id, begin, n)
    cross join lateral (
      select ${columns} from generation g
      where (g.project_id, g.id) < (asked.project_id, asked.begin) and (g.project_id, g.id) >= (asked.project_id, ${lowestId}::uuid)
      order by g.project_id desc, g.id desc limit ${Prisma.raw(String(limit))}
    ) page
    order by asker, page.id desc`;
}
