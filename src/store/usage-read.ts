import { z } from 'zod';
import { controlKinds, generationStatuses } from '../domain/lifecycle.js';
import type { UsageAnswer, UsageDimension, UsageFilter, UsageQuestion, UsageUnit } from '../domain/usage.js';
import { plannedAnew, type Database } from './database.js';
import { Prisma } from './generated/client.js';
import {
  addUp,
  cellKeys,
  cellSketches,
  cellSums,
  daySums,
  factsOf,
  gatherWell,
  levelKeys,
  list,
  noProfile,
  outcomesOfCell,
  readily,
} from './usage-cells.js';
import { keepZone } from './usage-roll.js';

/** A range from so many days on is worth keeping the days of its time zone. */
const longRangeMs = 31 * 24 * 3_600_000;

const keyOf: Readonly<Record<UsageDimension, string>> = {
  PROFILE: 'profile_id',
  MODEL: 'model',
  PROVIDER: 'provider',
  ACCOUNT: 'account',
  CONTROL: 'control',
  STATUS: 'status',
  ERROR: 'error_code',
  TAG: 'tag',
};

const boundsSchema = z.array(
  z.object({ kept: z.boolean(), head: z.date().nullable(), tail: z.date().nullable(), as_of: z.date() }),
);

/** Reads cells; where tags are asked for, which no cell has, the ledger itself. */
export async function readUsage(database: Database, projectId: string, asked: UsageQuestion): Promise<UsageAnswer> {
  const { timeZone: zone, from, to } = asked;
  const rows = await database.rows(Prisma.sql`
    with bounds as (
      select z.zone is not null as kept,
        greatest(z.built_from, (${from}::timestamptz at time zone ${zone}::text)::date
          + case when (${from}::timestamptz at time zone ${zone}::text)::date::timestamp at time zone ${zone}::text = ${from}::timestamptz then 0 else 1 end) as first,
        (${to}::timestamptz at time zone ${zone}::text)::date as until
      from (select) one left join usage_zone z on z.zone = ${zone}
    )
    select kept,
      case when first < until then first::timestamp at time zone ${zone}::text end as head,
      case when first < until then until::timestamp at time zone ${zone}::text end as tail,
      coalesce((select min(at) from usage_change), now()) as as_of
    from bounds`);
  const [bounds] = boundsSchema.parse(rows);
  if (bounds === undefined) throw new Error('A question without an answer.');
  if (!bounds.kept && to.getTime() - from.getTime() > longRangeMs) await keepZone(database, zone);
  const ofTags = asked.dimensions.includes('TAG') || asked.filter.tag != null;
  const whole = bounds.kept && asked.unit !== 'HOUR' ? bounds : { head: null, tail: null };
  const source = ofTags ? ledgerRows(projectId, asked) : cellRows(projectId, asked, whole);
  const found =
    ofTags || asked.withSketches
      ? await database.transaction(async (tx) => {
          await tx.$queryRaw(gatherWell);
          return await rowsOf(async (sql) => await tx.$queryRaw(sql), asked, source);
        })
      : await rowsOf(async (sql) => await database.rows(sql), asked, source);
  return { rows: found, asOf: ofTags ? new Date() : bounds.as_of };
}

const measures = list([...cellSums, ...cellSketches]);

/** Days where they are kept, quarters of an hour before and after. */
function cellRows(
  projectId: string,
  { timeZone: zone, from, to, filter, dimensions }: UsageQuestion,
  { head, tail }: { head: Date | null; tail: Date | null },
): Prisma.Sql {
  const mine = Prisma.sql`project_id = ${projectId}::uuid ${matching(filter)}`;
  const keys = list(cellKeys);
  const slots = (start: Date, end: Date): Prisma.Sql => Prisma.sql`
    select ${keys}, ${measures}, ${outcomesOfCell}, slot at time zone ${zone}::text as local, slot
    from usage_cell where ${mine} and slot >= ${start} and slot < ${end}`;
  if (head === null || tail === null) return slots(from, to);
  const days = Prisma.sql`
    select ${keys}, ${measures}, ${list(daySums.slice(cellSums.length))}, day::timestamp as local, null::timestamptz as slot
    from usage_day where ${mine} and zone = ${zone} and level = ${levelOf(dimensions, filter)}::smallint
      and day >= (${head}::timestamptz at time zone ${zone}::text)::date
      and day < (${tail}::timestamptz at time zone ${zone}::text)::date`;
  return Prisma.join([slots(from, head), days, slots(tail, to)], ' union all ');
}

/** The level with the fewest days that still has every key that is asked for. */
function levelOf(dimensions: readonly UsageDimension[], filter: UsageFilter): number {
  const asked = [
    ...dimensions.map((dimension) => keyOf[dimension]),
    ...filters.flatMap(([column, name]) => (filter[name] == null ? [] : [column])),
  ];
  return levelKeys.findLastIndex((keys) => asked.every((key) => keys.includes(key)));
}

const filters = [
  ['profile_id', 'profileId', 'uuid'],
  ['model', 'model', 'text'],
  ['provider', 'provider', 'text'],
  ['account', 'account', 'text'],
  ['control', 'control', 'text'],
  ['status', 'status', 'text'],
] as const;

function ledgerRows(projectId: string, { timeZone: zone, from, to, filter, dimensions }: UsageQuestion): Prisma.Sql {
  const tags = filter.tag == null ? Prisma.empty : Prisma.sql`and tags && ${[...filter.tag]}::text[]`;
  // Grouped by tags, a generation counts for each of its own.
  const each = dimensions.includes('TAG')
    ? Prisma.sql`left join lateral (select distinct unnest(tags) as tag) t on true`
    : Prisma.empty;
  const tag = dimensions.includes('TAG') ? Prisma.sql`t.tag` : Prisma.sql`null::text`;
  return Prisma.sql`
    select ${list(cellKeys)}, ${measures}, ${outcomesOfCell}, slot at time zone ${zone}::text as local, slot, ${tag} as tag
    from (${factsOf({ from, to, projectId })}) f ${each}
    where true ${matching(filter)} ${tags}`;
}

function matching(filter: UsageFilter): Prisma.Sql {
  const conditions = filters.flatMap(([column, name, type]) => {
    const values = filter[name];
    return values == null ? [] : [Prisma.sql`and ${Prisma.raw(column)} = any (${[...values]}::${Prisma.raw(type)}[])`];
  });
  return conditions.length === 0 ? Prisma.empty : Prisma.join(conditions, ' ');
}

/** The local time at which a group begins. An hour that comes twice as clocks go back is two, so it is told by itself. */
function bucketOf(unit: UsageUnit): Prisma.Sql {
  return unit === 'HOUR'
    ? Prisma.sql`slot - make_interval(mins => extract(minute from local)::integer)`
    : Prisma.sql`date_trunc(${unit.toLowerCase()}, local)`;
}

/** From when until when a group reaches, in ms. */
function spanOf(unit: UsageUnit | null, zone: string): Prisma.Sql {
  if (unit === null) return Prisma.sql`null::float8 as start_ms, null::float8 as end_ms`;
  const end = Prisma.raw(`(bucket + interval '1 ${unit.toLowerCase()}')`);
  const ms = (at: Prisma.Sql): Prisma.Sql => Prisma.sql`extract(epoch from ${at})::float8 * 1000`;
  if (unit === 'HOUR') return Prisma.sql`${ms(Prisma.sql`bucket`)} as start_ms, ${ms(end)} as end_ms`;
  const local = (at: Prisma.Sql): Prisma.Sql => ms(Prisma.sql`(${at} at time zone ${zone}::text)`);
  return Prisma.sql`${local(Prisma.sql`bucket`)} as start_ms, ${local(end)} as end_ms`;
}

async function rowsOf(
  ask: (statement: Prisma.Sql) => Promise<object[]>,
  { dimensions, unit, timeZone, withSketches, limit }: UsageQuestion,
  source: Prisma.Sql,
): Promise<UsageAnswer['rows']> {
  const keys = [...(unit === null ? [] : ['bucket']), ...dimensions.map((dimension) => keyOf[dimension])];
  const sums = daySums;
  const bucket = unit === null ? Prisma.empty : Prisma.sql`, ${bucketOf(unit)} as bucket`;
  const order = Prisma.raw(['generations desc', ...keys].join(', '));
  const first = unit === null ? Prisma.empty : Prisma.raw('bucket,');
  const columns = [
    'start_ms',
    'end_ms',
    ...keys.filter((key) => key !== 'bucket'),
    ...sums,
    ...(withSketches ? cellSketches : []),
  ];
  const lists = Prisma.raw(columns.map((name) => `'${name}', coalesce(json_agg(${name}), '[]')`).join(', '));
  // As one text, column by column: values of their own, or objects, would take longer to read than to add up.
  // Planned for these very days: for any days at all PostgreSQL takes helpers, who need longer to come than all the rest.
  const answer = await ask(Prisma.sql`${plannedAnew}
    with source as (select * ${bucket} from (${source}) s),
    groups as (${addUp({ source: 'source', keys, sums, sumOf: readily, withSketches })})
    select json_build_object(${lists})::text as columns
    from (
      select *, ${spanOf(unit, timeZone)} from groups where generations > 0 order by ${first} ${order} limit ${limit}::integer
    ) r`);
  const [found] = z.array(z.object({ columns: z.string() })).parse(answer);
  const read = columnsSchema.parse(JSON.parse(found?.columns ?? '{}'));
  return read.generations.map((_count, place) => rowAt(read, place));
}

const sum = z.array(z.number());
const moment = z.array(z.number().nullable());
const key = z.array(z.string().nullable()).optional();
const bins = z.array(z.array(z.number())).optional();

const columnsSchema = z.object({
  start_ms: moment,
  end_ms: moment,
  profile_id: key,
  model: key,
  provider: key,
  account: key,
  control: z.array(z.enum(controlKinds)).optional(),
  status: z.array(z.enum(generationStatuses)).optional(),
  error_code: key,
  tag: key,
  generations: sum,
  live: sum,
  succeeded: sum,
  moderated: sum,
  moderated_input: sum,
  failed: sum,
  expired: sum,
  canceled: sum,
  looks: sum,
  estimated_micros: sum,
  estimated_known: sum,
  quoted_micros: sum,
  quoted_known: sum,
  settled_micros: sum,
  settled_known: sum,
  settled_unknown: sum,
  images: sum,
  image_bytes: sum,
  queue_bins: bins,
  queue_counts: bins,
  run_bins: bins,
  run_counts: bins,
});

/** The value of a column that must have one for every row. */
function valueAt<T>(column: readonly T[], place: number): T {
  const value = column[place];
  if (value === undefined) throw new Error('A column of usage is too short.');
  return value;
}

function dateAt(column: readonly (number | null)[], place: number): Date | null {
  const ms = valueAt(column, place);
  return ms === null ? null : new Date(ms);
}

function rowAt(columns: z.infer<typeof columnsSchema>, place: number): UsageAnswer['rows'][number] {
  const at = (column: readonly number[]): number => valueAt(column, place);
  const profileId = columns.profile_id?.[place] ?? null;
  return {
    start: dateAt(columns.start_ms, place),
    end: dateAt(columns.end_ms, place),
    profileId: profileId === noProfile ? null : profileId,
    model: columns.model?.[place] ?? null,
    provider: columns.provider?.[place] ?? null,
    account: columns.account?.[place] ?? null,
    control: columns.control?.[place] ?? null,
    status: columns.status?.[place] ?? null,
    // An empty code is none.
    errorCode: columns.error_code?.[place] || null,
    tag: columns.tag?.[place] ?? null,
    generations: at(columns.generations),
    live: at(columns.live),
    succeeded: at(columns.succeeded),
    moderated: at(columns.moderated),
    moderatedInput: at(columns.moderated_input),
    failed: at(columns.failed),
    expired: at(columns.expired),
    canceled: at(columns.canceled),
    looks: at(columns.looks),
    estimatedMicros: at(columns.estimated_micros),
    estimatedKnown: at(columns.estimated_known),
    quotedMicros: at(columns.quoted_micros),
    quotedKnown: at(columns.quoted_known),
    settledMicros: at(columns.settled_micros),
    settledKnown: at(columns.settled_known),
    settledUnknown: at(columns.settled_unknown),
    images: at(columns.images),
    imageBytes: at(columns.image_bytes),
    queue: { bins: columns.queue_bins?.[place] ?? [], counts: columns.queue_counts?.[place] ?? [] },
    run: { bins: columns.run_bins?.[place] ?? [], counts: columns.run_counts?.[place] ?? [] },
  };
}
