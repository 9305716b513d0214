import { listedFields, type ListedField, type ListedGeneration } from '../domain/generation.js';
import type { History, Window } from '../domain/ports.js';
import { createBatcher, readingPace, type Batcher } from './batcher.js';
import { isRowFault, type Database } from './database.js';
import { Prisma, type Generation as GenerationRow } from './generated/client.js';
import { toGeneration } from './generation-row.js';
import { highestId, lowestId } from './list-values.js';

const listedColumn: Readonly<Record<ListedField, string>> = {
  version: 'version',
  status: 'status::text',
  control: 'control::text',
  profileId: 'profile_id as "profileId"',
  provider: 'provider',
  model: 'model',
  prompt: 'prompt',
  createdAt: 'created_at as "createdAt"',
  updatedAt: 'updated_at as "updatedAt"',
  finishedAt: 'finished_at as "finishedAt"',
};

function columnsOf(fields: readonly ListedField[]): Prisma.Sql {
  return Prisma.raw(['id', ...fields.map((field) => listedColumn[field])].join(', '));
}

/** All of those that lists mostly show. */
export const listedColumns = columnsOf(listedFields);

const otherColumns = Prisma.raw(`
  project_id as "projectId", moderation_stage::text as "moderationStage", error_code as "errorCode",
  error_message as "errorMessage", account, prompt_sent as "promptSent", finetune_id as "finetuneId",
  lora_url as "loraUrl", parameters, routes, asked, rerun_of as "rerunOf", pixels,
  tags, priority, attempt_count as "attemptCount", next_attempt_at as "nextAttemptAt", deadline, result_seed as "resultSeed",
  cost_estimated_micros as "costEstimatedMicros", cost_reserve_micros as "costReserveMicros", cost_quoted_micros as "costQuotedMicros",
  cost_settled_micros as "costSettledMicros", started_at as "startedAt", rating, favourite, note,
  subject, erased_at as "erasedAt", erased_images as "erasedImages"`);

/** All columns of a generation, by the names that Prisma gives them. */
export const generationColumns = Prisma.sql`${listedColumns}, ${otherColumns}`;

/**
 * Limits are written into the statement, as a plan made for any limit would not use that it is small. A few only, so that
 * there are few statements to keep prepared.
 */
const limits = [11, 21, 51, 101, 1_001];

/** Choices of columns that have statements of their own, as each one costs more than the finding of its row; others read all. */
const choicesAtMost = 8;

/** Who asks for which page. */
export type AskedPage = { projectId: string; window: Window };
type Numbered = { asker: number };
type ReadPage<Row> = (projectId: string, window: Window) => Promise<Row[]>;

/**
 * Reads pages of all of a project's generations, newest first: the list that is asked for most; others are in list.ts. What is
 * asked for at the same time is read in one statement, as finding a page costs less than asking for it.
 */
export function createPages(database: Database): Pick<History, 'page' | 'listed'> {
  const whole = readerOf<GenerationRow>(database, generationColumns);
  const allListed = readerOf<ListedGeneration>(database, listedColumns);
  const choices = new Map<string, ReadPage<ListedGeneration>>();

  function readerFor(fields: readonly ListedField[]): ReadPage<ListedGeneration> {
    const name = fields.join();
    const known = choices.get(name);
    if (known !== undefined || choices.size >= choicesAtMost) return known ?? allListed;
    const reader = readerOf<ListedGeneration>(database, columnsOf(fields));
    choices.set(name, reader);
    return reader;
  }

  return {
    page: async (projectId, window) => (await whole(projectId, window)).map(toGeneration),
    listed: async (projectId, window, fields) =>
      await readerFor(listedFields.filter((field) => fields.has(field)))(projectId, window),
  };
}

function readerOf<Row extends { id: string }>(database: Database, columns: Prisma.Sql): ReadPage<Row> {
  const readers = limits.map((limit) => ({ limit, batcher: batcherOf<Row>(database, columns, limit) }));
  return async (projectId, window) => {
    const reader = readers.find(({ limit }) => limit >= window.first);
    if (reader === undefined)
      throw new Error(`A page has at most ${limits.at(-1)} rows; ${window.first} were asked for.`);
    return (await reader.batcher.add({ projectId, window })).slice(0, window.first);
  };
}

function batcherOf<Row extends { id: string }>(
  database: Database,
  columns: Prisma.Sql,
  limit: number,
): Batcher<AskedPage, Row[]> {
  let asked = 0;
  return createBatcher<AskedPage, Row[]>({
    isRowFault,
    // Readings never stand in each other's way.
    keyOf: () => String((asked += 1)),
    maxRows: 20,
    ...readingPace,
    async write(pages) {
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
