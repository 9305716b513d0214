import { z } from 'zod';
import { controlKinds, generationStatuses } from '../domain/lifecycle.js';
import type { GenerationEvent } from '../domain/generation.js';
import type { EventFilter, Missed } from '../domain/ports.js';
import type { Database } from './database.js';
import { Prisma } from './generated/client.js';

/** Numbered in one go; more wait for the next. */
const numberedAtOnce = 5_000;

const numberedSchema = z.array(z.object({ mine: z.boolean(), numbered: z.number() }));

/**
 * Gives committed events their positions, one sequencer at a time over all processes. Commit order is not the order of a
 * sequence, so a position is given only after the commit: whoever reads up to a position has missed nothing before it.
 * Returns how many were numbered, or null when another process is at it.
 */
export async function numberEvents(database: Database): Promise<number | null> {
  // One statement sees the events as they were when it began, but locks the row of the last position as it is now. If
  // the two differ, another sequencer has numbered some of these events in between: then this one leaves all alone.
  const rows = await database.rows(Prisma.sql`
    with locked as materialized (select last from event_position for update skip locked),
    mine as materialized (select last from locked where last = (select last from event_position)),
    fresh as materialized (
      -- Times of one generation rise strictly with its versions, so this order keeps each generation's own.
      select generation_id, n, row_number() over (order by at, generation_id, n) as rank
      from generation_event where position is null order by at, generation_id, n limit ${numberedAtOnce}::integer
    ),
    counted as (
      update event_position set last = mine.last + (select count(*) from fresh)
      from mine where exists (select from fresh)
    ),
    numbered as (
      update generation_event e set position = m.last + f.rank from fresh f, mine m
      where e.generation_id = f.generation_id and e.n = f.n
      returning 1
    )
    select exists (select from mine) as mine, (select count(*)::integer from numbered) as numbered`);
  const [row] = numberedSchema.parse(rows);
  return row?.mine === true ? row.numbered : null;
}

const eventColumns = Prisma.sql`generation_id, n, project_id, position, status::text, previous_status::text, attempt_n, code,
  profile_id, control::text, provider, at`;

const eventsSchema = z.array(
  z.object({
    generation_id: z.string(),
    n: z.number(),
    project_id: z.string(),
    position: z.bigint().transform(Number),
    status: z.enum(generationStatuses),
    previous_status: z.enum(generationStatuses).nullable(),
    attempt_n: z.number().nullable(),
    code: z.string().nullable(),
    profile_id: z.string().nullable(),
    control: z.enum(controlKinds),
    provider: z.string(),
    at: z.date(),
  }),
);

/** The events after `position`, in order, of all projects. */
export async function eventsAfter(database: Database, position: number, limit: number): Promise<GenerationEvent[]> {
  const rows = await database.rows(Prisma.sql`
    select ${eventColumns}
    from generation_event where position > ${position}::bigint order by position limit ${limit}::integer`);
  return eventsSchema.parse(rows).map(toEvent);
}

/** The project's events after one position up to another that match, in order. */
export async function pageOfLog(
  database: Database,
  projectId: string,
  filter: EventFilter,
  { after, upTo, limit }: { after: number; upTo: number; limit: number },
): Promise<GenerationEvent[]> {
  const { status = null, profileId = null, control = null, provider = null } = filter;
  const rows = await database.rows(Prisma.sql`
    select ${eventColumns}
    from generation_event
    where project_id = ${projectId}::uuid and position > ${after}::bigint and position <= ${upTo}::bigint
      and (${status}::text[] is null or status::text = any (${status}::text[]))
      and (${profileId}::uuid is null or profile_id = ${profileId}::uuid)
      and (${control}::text[] is null or control::text = any (${control}::text[]))
      and (${provider}::text[] is null or provider = any (${provider}::text[]))
    order by position limit ${limit}::integer`);
  return eventsSchema.parse(rows).map(toEvent);
}

const missedSchema = z.array(
  z.object({
    last: z.bigint().transform(Number),
    oldest_ms: z.number().nullable(),
    gone: z.boolean(),
    many: z.boolean(),
  }),
);

/** How the log stands to somebody who has read the project's events up to `position`. */
export async function missedSince(
  database: Database,
  projectId: string,
  position: number,
  most: number,
): Promise<Missed> {
  // Positions have no gaps, so a missing next one was deleted.
  const rows = await database.rows(Prisma.sql`
    select last,
           (select extract(epoch from clock_timestamp() - at)::double precision * 1000 from generation_event
            where project_id = ${projectId}::uuid and position > ${position}::bigint
            order by position limit 1) as oldest_ms,
           last > ${position}::bigint
             and not exists (select from generation_event where position = ${position}::bigint + 1) as gone,
           exists (select from generation_event
                   where project_id = ${projectId}::uuid and position > ${position}::bigint
                   order by position offset ${most}::integer limit 1) as many
    from event_position`);
  const [row] = missedSchema.parse(rows);
  if (row === undefined) throw new Error('The row of event_position is gone.');
  return { last: row.last, oldestMs: row.oldest_ms, gone: row.gone, many: row.many };
}

/** The events of one generation, oldest first; those not yet numbered are left out. */
export async function eventsOf(database: Database, generationIds: readonly string[]): Promise<GenerationEvent[]> {
  const rows = await database.rows(Prisma.sql`
    select ${eventColumns}
    from generation_event where generation_id = any (${generationIds}::uuid[]) and position is not null
    order by generation_id, n`);
  return eventsSchema.parse(rows).map(toEvent);
}

const stateSchema = z.array(z.object({ last: z.bigint().transform(Number), waiting: z.boolean() }));

/** The last position given, and whether committed events still wait for theirs: one cheap statement. */
export async function eventsState(database: Database): Promise<{ last: number; waiting: boolean }> {
  const rows = await database.rows(Prisma.sql`
    select last, exists (select from generation_event where position is null) as waiting from event_position`);
  const [row] = stateSchema.parse(rows);
  if (row === undefined) throw new Error('The row of event_position is gone.');
  return row;
}

/** The last position given so far. */
export async function lastPosition(database: Database): Promise<number> {
  const row = await database.prisma.eventPosition.findUniqueOrThrow({ where: { id: 1 } });
  return Number(row.last);
}

function toEvent(row: z.infer<typeof eventsSchema>[number]): GenerationEvent {
  return {
    generationId: row.generation_id,
    n: row.n,
    projectId: row.project_id,
    position: row.position,
    status: row.status,
    previousStatus: row.previous_status,
    attemptN: row.attempt_n,
    code: row.code,
    profileId: row.profile_id,
    control: row.control,
    provider: row.provider,
    at: row.at,
  };
}

const progressedSchema = z.array(z.object({ generation_id: z.string(), at: z.date() }));

/** Which of these generations' progress at the provider was noted in the last seconds. */
export async function progressed(
  database: Database,
  generationIds: readonly string[],
): Promise<{ generationId: string; at: Date }[]> {
  const rows = await database.rows(Prisma.sql`
    select generation_id, max(progress_at) as at from attempt
    where generation_id = any (${generationIds}::uuid[]) and progress_at > now() - interval '5 seconds'
    group by generation_id`);
  return progressedSchema.parse(rows).map((row) => ({ generationId: row.generation_id, at: row.at }));
}
