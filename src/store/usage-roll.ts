import { z } from 'zod';
import { slotMs, type UsageProgress } from '../domain/usage.js';
import type { Database, Transaction } from './database.js';
import { Prisma } from './generated/client.js';
import {
  addUp,
  cellKeys,
  cellSketches,
  cellSums,
  daySums,
  exactly,
  factsOf,
  gatherWell,
  levelKeys,
  list,
  noProfile,
  outcomesOfCell,
} from './usage-cells.js';

/** So many quarters of an hour are counted in one transaction at most. */
export const slotsAtOnce = 96;
/** So many days of a time zone that is new are made in one transaction. */
const daysAtOnce = 16;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

type Range = { from: Date; to: Date };

/**
 * Makes the cells of the slots that have changed anew from the ledger, in one transaction with taking the notes of the
 * changes. One process at a time, in any; one that dies in the middle has done nothing.
 *
 * Why nothing is missed: a change and its note are committed together. The notes are taken by one statement and the ledger
 * is read by a later one, which sees whatever the first one saw; a change in between is read already, and its note stays.
 */
export async function catchUp(database: Database, most: number = slotsAtOnce): Promise<UsageProgress> {
  return await database.transaction(async (tx) => {
    const [lock] = await tx.$queryRaw<{ mine: boolean }[]>`
      select pg_try_advisory_xact_lock(hashtext('darkroom.usage'), 0) as mine`;
    if (lock?.mine !== true) return null;
    const slots = await takeNotes(tx, most);
    if (slots.length > 0) {
      await tx.$queryRaw(gatherWell);
      // In a rebuild everything between has changed too.
      const gapMs = slots.length === slotsAtOnce ? dayMs : hourMs;
      for (const range of rangesOf(slots, gapMs)) await countSlots(tx, range);
      for (const range of rangesOf(slots, dayMs)) await countDays(tx, range);
    }
    const zone = slots.length < most ? await buildZone(tx) : false;
    return { slots: slots.length, more: slots.length === most || zone };
  });
}

async function takeNotes(tx: Transaction, most: number): Promise<Date[]> {
  const rows = await tx.$queryRaw`
    with picked as materialized (select distinct slot from usage_change order by slot desc limit ${most}::integer),
    taken as (delete from usage_change where slot in (select slot from picked))
    select slot from picked order by slot`;
  return z
    .array(z.object({ slot: z.date() }))
    .parse(rows)
    .map(({ slot }) => slot);
}

/** Ascending slots as ranges; those closer than `gapMs` are one, for counting what has not changed is quick and harmless. */
function rangesOf(slots: readonly Date[], gapMs: number): Range[] {
  const ranges: Range[] = [];
  for (const from of slots) {
    const to = new Date(from.getTime() + slotMs);
    const last = ranges.at(-1);
    if (last !== undefined && from.getTime() - last.to.getTime() < gapMs) last.to = to;
    else ranges.push({ from, to });
  }
  return ranges;
}

const columns = [...cellKeys, ...cellSums, ...cellSketches];

async function countSlots(tx: Transaction, { from, to }: Range): Promise<void> {
  // What retention has taken out of the ledger stays as it was counted.
  await tx.$executeRaw`
    delete from usage_cell c where slot >= ${from} and slot < ${to}
      and not exists (select from keeping k where k.project_id = c.project_id and k.counted_from > c.slot)`;
  const keys = ['project_id', 'slot', ...cellKeys];
  await tx.$executeRaw`
    insert into usage_cell (project_id, slot, ${list(columns)})
    with facts as materialized (
      select f.* from (${factsOf({ from, to, projectId: null })}) f left join keeping k on k.project_id = f.project_id
      where k.counted_from is null or k.counted_from <= f.slot
    )
    ${addUp({ source: 'facts', keys, sums: cellSums, sumOf: exactly, withSketches: true })}`;
}

const zonesSchema = z.array(z.object({ zone: z.string(), first: z.string(), last: z.string() }));

/** The days, of every time zone that is kept, that a range of time touches. */
async function countDays(tx: Transaction, { from, to }: Range): Promise<void> {
  const rows = await tx.$queryRaw`
    select zone, greatest(built_from, (${from}::timestamptz at time zone zone)::date)::text as first,
           ((${to}::timestamptz - interval '1 microsecond') at time zone zone)::date::text as last
    from usage_zone
    where built_from <= ((${to}::timestamptz - interval '1 microsecond') at time zone zone)::date`;
  for (const { zone, first, last } of zonesSchema.parse(rows)) await makeDays(tx, zone, first, last);
}

async function makeDays(tx: Transaction, zone: string, first: string, last: string): Promise<void> {
  await tx.$executeRaw`delete from usage_day where zone = ${zone} and day >= ${first}::date and day <= ${last}::date`;
  const keys = ['project_id', 'zone', 'level', 'day', ...cellKeys];
  const target = list([...keys, ...daySums, ...cellSketches]);
  await tx.$executeRaw`
    insert into usage_day (${target})
    with cells as materialized (
      select ${zone}::text as zone, 0::smallint as level, (slot at time zone ${zone}::text)::date as day, c.*,
        ${outcomesOfCell}
      from usage_cell c
      where slot >= ${first}::date::timestamp at time zone ${zone}::text
        and slot < (${last}::date + 1)::timestamp at time zone ${zone}::text
    )
    ${addUp({ source: 'cells', keys, sums: daySums, sumOf: exactly, withSketches: true })}`;
  const kept = Prisma.sql`zone = ${zone} and level = 0 and day >= ${first}::date and day <= ${last}::date`;
  await tx.$executeRaw`
    insert into usage_day (${target})
    with days as materialized (
      ${Prisma.join(
        levelKeys.slice(1).map((present, i) => atLevel(i + 1, present, kept)),
        ' union all ',
      )}
    )
    ${addUp({ source: 'days', keys, sums: daySums, sumOf: exactly, withSketches: true })}`;
}

/** The days with all keys, without those that a level does not have. */
function atLevel(level: number, present: readonly string[], kept: Prisma.Sql): Prisma.Sql {
  const keys = cellKeys.map((key) =>
    present.includes(key) ? key : `${key === 'profile_id' ? `'${noProfile}'::uuid` : `''`} as ${key}`,
  );
  return Prisma.sql`
    select project_id, zone, ${level}::smallint as level, day, ${list(keys)}, ${list([...daySums, ...cellSketches])}
    from usage_day where ${kept}`;
}

const nextSchema = z.array(
  z.object({ zone: z.string(), first: z.string().nullable(), last: z.string().nullable(), done: z.boolean() }),
);

/** Makes some days of a time zone that is new, from the newest back. False when every zone is complete. */
async function buildZone(tx: Transaction): Promise<boolean> {
  const rows = await tx.$queryRaw`
    with unready as (select zone, built_from from usage_zone where built_from > '-infinity' order by zone limit 1),
    ends as (
      select zone, (min_slot at time zone zone)::date as oldest,
             least(built_from, (max_slot at time zone zone)::date + 1) as until
      from unready, (select min(slot) as min_slot, max(slot) as max_slot from usage_cell) all_cells
    )
    select zone, (until - ${daysAtOnce}::integer)::text as first, (until - 1)::text as last,
           coalesce(until - ${daysAtOnce}::integer <= oldest, true) as done
    from ends`;
  const [next] = nextSchema.parse(rows);
  if (next === undefined) return false;
  const { zone, first, last, done } = next;
  if (first !== null && last !== null) await makeDays(tx, zone, first, last);
  await tx.$executeRaw`
    update usage_zone set built_from = ${done ? '-infinity' : first}::date where zone = ${zone}`;
  return true;
}

/**
 * Has the generations accepted in a range of time counted anew, of which the ledger's triggers could not know: months that
 * were detached, or everything for a rebuild. Gives the number of slots noted.
 */
export async function noteUsage(database: Database, range: { from: Date; to: Date } | null = null): Promise<number> {
  const [from, to] = range === null ? [null, null] : [range.from, range.to];
  return await database.prisma.$executeRaw`
    insert into usage_change (slot)
    with ids as (
      select (select id from generation order by id limit 1) as first,
             (select id from generation order by id desc limit 1) as last
    ),
    bounds as (
      select coalesce(${from}::timestamptz, least(usage_slot(first), (select min(slot) from usage_cell))) as low,
             coalesce(${to}::timestamptz, greatest(usage_slot(last), (select max(slot) from usage_cell)) + interval '1 second') as high
      from ids
    )
    select slot from bounds,
      generate_series(to_timestamp(floor(extract(epoch from low) / 900) * 900), high, interval '15 minutes') as slot
    where slot < high`;
}

/** Makes whole days of a time zone be kept from now on, unless many are already. */
export async function keepZone(database: Database, zone: string): Promise<void> {
  await database.prisma.$executeRaw`
    insert into usage_zone (zone, built_from)
    select ${zone}::text, 'infinity'::date where (select count(*) from usage_zone) < ${zonesKept}::integer on conflict do nothing`;
}

const zonesKept = 12;
