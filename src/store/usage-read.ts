import { z } from 'zod';
import { controlKinds, generationStatuses } from '../domain/lifecycle.js';
import type { UsageAnswer, UsageDimension, UsageFilter, UsageQuestion, UsageUnit } from '../domain/usage.js';
import type { Database, Transaction } from './database.js';
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
  const rows = await database.prisma.$queryRaw`
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
    from bounds`;
  const [bounds] = boundsSchema.parse(rows);
  if (bounds === undefined) throw new Error('A question without an answer.');
  if (!bounds.kept && to.getTime() - from.getTime() > longRangeMs) await keepZone(database, zone);
  const ofTags = asked.dimensions.includes('TAG') || asked.filter.tag != null;
  const whole = bounds.kept && asked.unit !== 'HOUR' ? bounds : { head: null, tail: null };
  const source = ofTags ? ledgerRows(projectId, asked) : cellRows(projectId, asked, whole);
  const found = ofTags
    ? await database.transaction(async (tx) => {
        await tx.$queryRaw(gatherWell);
        return await rowsOf(tx, asked, source);
      })
    : await rowsOf(database.prisma, asked, source);
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
  database: Pick<Transaction, '$queryRaw'>,
  { dimensions, unit, timeZone, withSketches, limit }: UsageQuestion,
  source: Prisma.Sql,
): Promise<UsageAnswer['rows']> {
  const keys = [...(unit === null ? [] : ['bucket']), ...dimensions.map((dimension) => keyOf[dimension])];
  const sums = daySums;
  const bucket = unit === null ? Prisma.empty : Prisma.sql`, ${bucketOf(unit)} as bucket`;
  const partition = keys.length === 0 ? '' : `partition by ${keys.join(', ')}`;
  const order = Prisma.raw(['generations desc', ...keys].join(', '));
  const first = unit === null ? Prisma.empty : Prisma.raw('bucket,');
  // As one text: values of their own would take longer to read than to add up.
  const answer = await database.$queryRaw`
    with source as ${withSketches ? Prisma.raw('materialized') : Prisma.empty} (
      select * ${bucket} from (${source}) s
    ),
    -- Of whole days most groups have one row: its sketches need no merging, which would take the longest by far.
    counted as ${withSketches ? Prisma.raw('materialized') : Prisma.empty} (
      select *, ${Prisma.raw(withSketches ? `count(*) over (${partition}) = 1` : 'true')} as alone from source
    ),
    groups as (${addUp({ source: 'counted', keys, sums, withSketches, alone: 'alone' })})
    select coalesce(json_agg(row_to_json(r)), '[]')::text as rows
    from (
      select *, ${spanOf(unit, timeZone)} from groups where generations > 0 order by ${first} ${order} limit ${limit}::integer
    ) r`;
  const [{ rows } = { rows: '[]' }] = z.array(z.object({ rows: z.string() })).parse(answer);
  return z.array(rowSchema).parse(JSON.parse(rows)).map(toRow);
}

const sum = z.number();
const key = z.string().nullish();
const bins = z.array(z.number()).optional();

const rowSchema = z.object({
  start_ms: z.number().nullable(),
  end_ms: z.number().nullable(),
  profile_id: key,
  model: key,
  provider: key,
  account: key,
  control: z.enum(controlKinds).nullish(),
  status: z.enum(generationStatuses).nullish(),
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

function toRow(row: z.infer<typeof rowSchema>): UsageAnswer['rows'][number] {
  return {
    start: row.start_ms === null ? null : new Date(row.start_ms),
    end: row.end_ms === null ? null : new Date(row.end_ms),
    profileId: row.profile_id == null || row.profile_id === noProfile ? null : row.profile_id,
    model: row.model ?? null,
    provider: row.provider ?? null,
    account: row.account ?? null,
    control: row.control ?? null,
    status: row.status ?? null,
    errorCode: row.error_code == null || row.error_code === '' ? null : row.error_code,
    tag: row.tag ?? null,
    generations: row.generations,
    live: row.live,
    succeeded: row.succeeded,
    moderated: row.moderated,
    moderatedInput: row.moderated_input,
    failed: row.failed,
    expired: row.expired,
    canceled: row.canceled,
    looks: row.looks,
    estimatedMicros: row.estimated_micros,
    estimatedKnown: row.estimated_known,
    quotedMicros: row.quoted_micros,
    quotedKnown: row.quoted_known,
    settledMicros: row.settled_micros,
    settledKnown: row.settled_known,
    settledUnknown: row.settled_unknown,
    images: row.images,
    imageBytes: row.image_bytes,
    queue: { bins: row.queue_bins ?? [], counts: row.queue_counts ?? [] },
    run: { bins: row.run_bins ?? [], counts: row.run_counts ?? [] },
  };
}
