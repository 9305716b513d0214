import type { Generation, ListedGeneration } from '../domain/generation.js';
import { lowestIdAt } from '../domain/ids.js';
import type { GenerationFilter, Window } from '../domain/ports.js';
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
  cost_estimated_micros as "costEstimatedMicros", cost_quoted_micros as "costQuotedMicros",
  cost_settled_micros as "costSettledMicros", started_at as "startedAt", rating, favourite, note`);

/** All columns of a generation, by the names that Prisma gives them. */
export const generationColumns = Prisma.sql`${listedColumns}, ${otherColumns}`;

/**
 * Limits are written into the statement, as a plan made for any limit would not use that it is small. A few only, so that
 * there are few statements to keep prepared.
 */
const limits = [11, 21, 51, 101, 1_001].map((rows) => ({ rows, text: Prisma.raw(String(rows)) }));

/** A page of a project's generations, newest first. */
export async function generationPage(
  database: Database,
  projectId: string,
  filter: GenerationFilter,
  window: Window,
): Promise<Generation[]> {
  const rows = await database.prisma.$queryRaw<GenerationRow[]>(pageOf(generationColumns, projectId, filter, window));
  return rows.slice(0, window.first).map(toGeneration);
}

/** The same page with a third of the columns: each one costs more than the finding of its row. */
export async function listedPage(
  database: Database,
  projectId: string,
  filter: GenerationFilter,
  window: Window,
): Promise<ListedGeneration[]> {
  const rows = await database.prisma.$queryRaw<ListedGeneration[]>(pageOf(listedColumns, projectId, filter, window));
  return rows.slice(0, window.first);
}

function pageOf(columns: Prisma.Sql, projectId: string, filter: GenerationFilter, window: Window): Prisma.Sql {
  const { after, first } = window;
  const limit = limits.find(({ rows }) => rows >= first);
  if (limit === undefined) throw new Error(`A page has at most ${limits.at(-1)?.rows} rows; ${first} were asked for.`);
  const conditions = conditionsOf(projectId, filter);
  if (after !== null) conditions.push(Prisma.sql`id < ${after}::uuid`);
  return Prisma.sql`
    select ${columns} from generation where ${Prisma.join(conditions, ' and ')} order by id desc limit ${limit.text}`;
}

/** What a generation of the project must fulfil to match. */
export function conditionsOf(projectId: string, filter: GenerationFilter): Prisma.Sql[] {
  const { createdFrom, createdTo, status, profileId, control, provider, sweepId } = filter;
  const conditions = [Prisma.sql`project_id = ${projectId}::uuid`];
  // A time range is a range of ids: a UUIDv7 begins with its time.
  if (createdFrom != null) conditions.push(Prisma.sql`id >= ${lowestIdAt(createdFrom)}::uuid`);
  if (createdTo != null) conditions.push(Prisma.sql`id < ${lowestIdAt(createdTo)}::uuid`);
  if (status != null) conditions.push(among('status', status, 'generation_status'));
  if (profileId != null) conditions.push(Prisma.sql`profile_id = ${profileId}::uuid`);
  if (control != null) conditions.push(among('control', control, 'control_kind'));
  if (provider != null) conditions.push(among('provider', provider, 'text'));
  if (sweepId != null) {
    const cells = Prisma.sql`select generation_id from sweep_cell where sweep_id = ${sweepId}::uuid`;
    // An array, not a join: a join may be planned as a reading of every month.
    conditions.push(Prisma.sql`id = any (array(${cells}))`);
  }
  return conditions;
}

/** A single value is compared by itself: then an index that begins with it still gives the order of ids. */
function among(column: string, values: readonly string[], type: string): Prisma.Sql {
  const [only] = values;
  return values.length === 1
    ? Prisma.sql`${Prisma.raw(column)} = ${only}::${Prisma.raw(type)}`
    : Prisma.sql`${Prisma.raw(column)} = any (${[...values]}::${Prisma.raw(type)}[])`;
}
