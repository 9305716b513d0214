import { Client } from 'pg';
import { z } from 'zod';
import { liveStatuses } from '../domain/lifecycle.js';
import type { Database } from './database.js';
import { noErasure } from './image-removal.js';
import { lowestId } from './list-values.js';
import { monthOf, type Month } from './partitions.js';
import { deleteGroups, inTurn, keepCounts } from './retention.js';

/** A month of events goes before the rest of it. */
const eventTables = ['generation_event'];
/** Generations first, so that nobody sees one without its parts; images last, since until then they are used. */
const generationTables = ['generation', 'attempt', 'generation_tag', 'generation_text', 'generation_image'];

/**
 * How long anything here waits for others: whoever comes after it in the queue of a lock waits as well. What has to wait
 * longer, for a reader that takes an hour, is tried again at the next turn.
 */
const lockTimeoutMs = 500;
/** PostgreSQL's codes for a lock that was not to be had, a statement that was stopped, another partition being detached. */
const notNow = new Set(['55P03', '57014', '55000']);
const imagesAtOnce = 10_000;

/** In parts of a name: the table, the year, the month. */
const partitionName = /^([a-z_]+)_y(\d{4})m(\d{2})$/;

export type MonthCutoff = { eventsBefore: Date | null; before: Date | null; now: Date };

/**
 * Drops whole months. A partition is detached concurrently, which neither waits in front of an insert nor stops one, and
 * dropped when nobody reads it any more. Everything may be cut off at any point: what is left of a month is found by its
 * name, and finished at the next turn. Gives what was dropped.
 */
export async function dropMonths(url: string, database: Database, cutoff: MonthCutoff): Promise<string[]> {
  const months = (await monthsThere(database)).filter(
    (month) => over(month, cutoff.eventsBefore, cutoff.now) || over(month, cutoff.before, cutoff.now),
  );
  if (months.length === 0) return [];
  const client = new Client({
    connectionString: url,
    application_name: 'darkroom',
    options: `-c lock_timeout=${lockTimeoutMs}`,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ mine: boolean }>(
      "select pg_try_advisory_lock(hashtext('darkroom.months'), 0) as mine",
    );
    return rows[0]?.mine === true ? await dropAll(client, database, months, cutoff) : [];
  } finally {
    await client.end();
  }
}

/** The month before this one is always made anew (partitions.ts), as another host's clock may be behind: it stays. */
function over(month: Month, until: Date | null, now: Date): boolean {
  const before = monthOf(new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - 1, 1)));
  return until !== null && month.end <= until && month.end <= before.start;
}

async function dropAll(
  client: Client,
  database: Database,
  months: readonly Month[],
  { eventsBefore, before, now }: MonthCutoff,
): Promise<string[]> {
  const dropped: string[] = [];
  const drop = async (tables: readonly string[], month: Month): Promise<boolean> => {
    const all = (await tablesOf(client, tables, month)).map(({ name }) => name);
    const done = await dropTables(client, tables, month);
    dropped.push(...done);
    return done.length === all.length;
  };
  for (const month of months) {
    if (await isLive(client, month)) continue;
    // One at a time is detached: the next one would be refused while this one waits.
    if (over(month, eventsBefore, now) && !(await drop(eventTables, month))) return dropped;
    if (!over(month, before, now) || (await tablesOf(client, eventTables, month)).length > 0) continue;
    const counted = await inTurn(database, async (tx) => {
      const whole = await keepCounts(tx, null, month.end);
      if (whole) await deleteGroups(tx, null, month.to);
      return whole;
    });
    if (counted === true && !(await drop(generationTables, month))) return dropped;
  }
  return dropped;
}

/** The months of which there is any table, oldest first. */
async function monthsThere({ prisma }: Database): Promise<Month[]> {
  const rows = await prisma.$queryRaw<{ name: string }[]>`
    select relname::text as name from pg_class
    where relkind = 'r' and relnamespace = current_schema()::regnamespace and relname ~ '_y[0-9]{4}m[0-9]{2}$'`;
  const tables = new Set([...eventTables, ...generationTables]);
  const starts = rows.flatMap(({ name }) => {
    const [, table = '', year, month] = partitionName.exec(name) ?? [];
    return tables.has(table) ? [Date.UTC(Number(year), Number(month) - 1, 1)] : [];
  });
  return [...new Set(starts)].sort((a, b) => a - b).map((start) => monthOf(new Date(start)));
}

/** Whether something of the month has not ended, or is still with its provider. */
async function isLive(client: Client, month: Month): Promise<boolean> {
  const { rows } = await client.query<{ live: boolean }>(
    `select exists (select from generation where id >= $1 and id < $2 and status = any ($3::generation_status[]))
         or exists (select from attempt where generation_id >= $1 and generation_id < $2
                      and state in ('INTENDED', 'SENT', 'ACCEPTED')) as live`,
    [month.from, month.to, liveStatuses],
  );
  return rows[0]?.live !== false;
}

const tableSchema = z.object({ name: z.string(), parent: z.string().nullable(), pending: z.boolean().nullable() });
type MonthTable = z.infer<typeof tableSchema>;

/** Those of these tables' parts of a month that are there, attached (with a parent) or not any more. */
async function tablesOf(client: Client, tables: readonly string[], month: Month): Promise<MonthTable[]> {
  const { rows } = await client.query(
    `select c.relname::text as name, p.relname::text as parent, i.inhdetachpending as pending
     from unnest($1::text[]) with ordinality as t (name, place)
       join pg_class c on c.relname = t.name || '_' || $2::text and c.relnamespace = current_schema()::regnamespace
       left join pg_inherits i on i.inhrelid = c.oid left join pg_class p on p.oid = i.inhparent
     order by t.place`,
    [tables, month.name],
  );
  return z.array(tableSchema).parse(rows);
}

/** Detaches all, then drops all; gives what was dropped. Stops where it would have to wait. */
async function dropTables(client: Client, tables: readonly string[], month: Month): Promise<string[]> {
  const dropped: string[] = [];
  try {
    for (const { name, parent, pending } of await tablesOf(client, tables, month)) {
      // Names are of the lists above and of a date, never from input.
      if (parent !== null) {
        await client.query(
          `alter table ${parent} detach partition ${name} ${pending === true ? 'finalize' : 'concurrently'}`,
        );
      }
    }
    for (const { name } of await tablesOf(client, tables, month)) {
      if (name.startsWith('generation_image_')) await noteImages(client, name);
      await client.query(`drop table ${name}`);
      dropped.push(name);
    }
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    if (!notNow.has(code)) throw error;
  }
  return dropped;
}

type ImagePlace = { generation_id: string; role: string; n: number };

/** Notes the images that a month which is no part of the ledger any more referred to, so that they go unless others do. */
async function noteImages(client: Client, table: string): Promise<void> {
  let place: ImagePlace | undefined = { generation_id: lowestId, role: 'CONTROL', n: -1 };
  while (place !== undefined) place = await noteSome(client, table, place);
}

async function noteSome(client: Client, table: string, after: ImagePlace): Promise<ImagePlace | undefined> {
  const { rows } = await client.query<ImagePlace>(
    `with page as materialized (
       select generation_id, role, n, image_id from ${table}
       where (generation_id, role, n) > ($1::uuid, $2::image_role, $3::integer)
       order by generation_id, role, n limit ${imagesAtOnce}
     ),
     noted as (
       insert into image_removal (erasure_id, image_id, project_id, sha256, bytes)
       select distinct $4::uuid, i.id, i.project_id, i.sha256, i.bytes from page p join image i on i.id = p.image_id
       on conflict do nothing
     )
     select generation_id, role::text, n from page order by page.generation_id desc, page.role desc, page.n desc limit 1`,
    [after.generation_id, after.role, after.n, noErasure],
  );
  return rows[0];
}
