import type { Generation, ListedGeneration } from '../domain/generation.js';
import type { Window } from '../domain/ports.js';
import type { Database } from './database.js';
import { Prisma, type Generation as GenerationRow } from './generated/client.js';
import { toGeneration } from './generation-row.js';

export const listedColumns = Prisma.raw(`
  id, version, status::text, control::text, profile_id as "profileId", provider, model, prompt,
  created_at as "createdAt", updated_at as "updatedAt", finished_at as "finishedAt"`);

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
const limits = [11, 21, 51, 101, 1_001].map((rows) => ({ rows, text: Prisma.raw(String(rows)) }));

/** A page of all of a project's generations, newest first: the list that is asked for most. Others are in list.ts. */
export async function generationPage(database: Database, projectId: string, window: Window): Promise<Generation[]> {
  const rows = await database.rows<GenerationRow>(pageOf(generationColumns, projectId, window));
  return rows.slice(0, window.first).map(toGeneration);
}

/** The same page with a third of the columns: each one costs more than the finding of its row. */
export async function listedPage(database: Database, projectId: string, window: Window): Promise<ListedGeneration[]> {
  const rows = await database.rows<ListedGeneration>(pageOf(listedColumns, projectId, window));
  return rows.slice(0, window.first);
}

function pageOf(columns: Prisma.Sql, projectId: string, window: Window): Prisma.Sql {
  const { after, first } = window;
  const limit = limits.find(({ rows }) => rows >= first);
  if (limit === undefined) throw new Error(`A page has at most ${limits.at(-1)?.rows} rows; ${first} were asked for.`);
  const conditions = [Prisma.sql`project_id = ${projectId}::uuid`];
  if (after !== null) conditions.push(Prisma.sql`id < ${after}::uuid`);
  return Prisma.sql`
    select ${columns} from generation where ${Prisma.join(conditions, ' and ')} order by id desc limit ${limit.text}`;
}
