import { lowestIdAt } from '../domain/ids.js';
import type { Database } from './database.js';

/** Tables with a partition for every month of their generations' ids. */
export const partitionedTables = [
  'generation',
  'attempt',
  'generation_image',
  'generation_event',
  'generation_tag',
  'generation_text',
] as const;

/** Months kept ready beyond the present one. */
const monthsAhead = 3;

/** A month in UTC, with the ids of what was made in it; `to` is exclusive. A partition's name ends with the month's. */
export type Month = { name: string; start: Date; end: Date; from: string; to: string };

/** The month (UTC) from 0 on of a year; past the twelfth they go on in the next. */
export function monthAt(year: number, month: number): Month {
  const start = new Date(Date.UTC(year, month, 1));
  const end = new Date(Date.UTC(year, month + 1, 1));
  const name = `y${start.getUTCFullYear()}m${String(start.getUTCMonth() + 1).padStart(2, '0')}`;
  return { name, start, end, from: lowestIdAt(start), to: lowestIdAt(end) };
}

/** The month that a time lies in. */
export function monthOf(at: Date): Month {
  return monthAt(at.getUTCFullYear(), at.getUTCMonth());
}

/** The months from `from` to `to`, both included. */
function monthsBetween(from: Date, to: Date): Month[] {
  const months: Month[] = [];
  const last = to.getUTCFullYear() * 12 + to.getUTCMonth();
  for (let n = from.getUTCFullYear() * 12 + from.getUTCMonth(); n <= last; n += 1) {
    months.push(monthAt(Math.floor(n / 12), n % 12));
  }
  return months;
}

/**
 * Makes the monthly partitions from the month before `from`'s until three months after `to`'s. Each is made as a plain table and then
 * attached: `partition of` would wait behind any open reader while holding up every insert. Safe to repeat, and to run in
 * several processes at once.
 */
export async function ensurePartitions(database: Database, from: Date, to: Date = from): Promise<void> {
  const until = new Date(Date.UTC(to.getUTCFullYear(), to.getUTCMonth() + monthsAhead, 1));
  // From a month before: another host's clock may be a moment behind when a month begins.
  const start = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() - 1, 1));
  for (const month of monthsBetween(start, until)) {
    for (const table of partitionedTables) await ensurePartition(database, table, month);
  }
}

async function ensurePartition(database: Database, table: string, month: Month): Promise<void> {
  const name = `${table}_${month.name}`;
  const attached = await database.prisma.$queryRaw<unknown[]>`
    select from pg_inherits where inhrelid = to_regclass(${name}) and inhparent = to_regclass(${table})`;
  if (attached.length > 0) return;
  await database.transaction(async (tx) => {
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtext('darkroom.partitions'), hashtext(${name}))`;
    const others = await tx.$queryRaw<unknown[]>`select from pg_inherits where inhrelid = to_regclass(${name})`;
    if (others.length > 0) return;
    await tx.$executeRaw`select set_config('lock_timeout', '5s', true)`;
    // Names and bounds are made above from the list of tables and a date, never from input.
    await tx.$executeRawUnsafe(`create table if not exists ${name} (like ${table} including all)`);
    await tx.$executeRawUnsafe(
      `alter table ${table} attach partition ${name} for values from ('${month.from}') to ('${month.to}')`,
    );
  });
}

/** Throws when next month's partitions are missing: inserts would fail when the month begins. */
export async function checkPartitions(database: Database, now: Date): Promise<void> {
  const month = monthAt(now.getUTCFullYear(), now.getUTCMonth() + 1);
  for (const table of partitionedTables) {
    const rows = await database.prisma.$queryRaw<unknown[]>`
      select from pg_inherits where inhrelid = to_regclass(${`${table}_${month.name}`})`;
    if (rows.length === 0) throw new Error(`The partition ${table}_${month.name} is missing.`);
  }
}
