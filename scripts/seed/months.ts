import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { ReservedSql, Sql } from 'postgres';
import { monthAt, partitionedTables, type Month } from '../../src/store/partitions.js';
import type { Bytes } from './bytes.js';
import { tables, tableNames, type TableName } from './rows.js';

/** Writes one month in one transaction. */
export type MonthWriter = { write(bytes: Bytes): Promise<void>; finish(): Promise<void>; abandon(): Promise<void> };

/** The month (UTC) that a moment is in. */
export function monthOf(ms: number): Month {
  const date = new Date(ms);
  return monthAt(date.getUTCFullYear(), date.getUTCMonth());
}

/**
 * Takes the empty months among these out, so that each can be written aside, without indexes, and put in its place when it
 * is full: several times faster than writing index by index. What is left out after a failure is made by the next start
 * of the seeder. A month that somebody may be writing to is not for this.
 */
export async function takeOutEmpty(sql: Sql, months: readonly Month[]): Promise<Set<string>> {
  const taken = new Set<string>();
  for (const { name } of months) {
    const parts = partitionedTables.map((table) => ({ table, part: `${table}_${name}` }));
    const filled = await Promise.all(
      parts.map(async ({ part }) => (await sql`select from ${sql(part)} limit 1`).length > 0),
    );
    if (filled.includes(true)) continue;
    await sql.begin(async (tx) => {
      for (const { table, part } of parts) {
        await tx`alter table ${tx(table)} detach partition ${tx(part)}`;
        await tx`drop table ${tx(part)}`;
      }
    });
    taken.add(name);
  }
  return taken;
}

const partitioned: readonly string[] = partitionedTables;

/** `aside`: the month was taken out. `silent`: no trigger is to be asked about each row. */
export async function openMonth(
  sql: Sql,
  month: Month,
  { aside, silent }: { aside: boolean; silent: boolean },
): Promise<MonthWriter> {
  const tx = await sql.reserve();
  await tx`begin`;
  await tx`set local maintenance_work_mem = '256MB'`;
  if (silent) await tx`set local session_replication_role = replica`;
  if (aside) {
    for (const table of partitionedTables) {
      await tx`create table ${tx(`${table}_${month.name}`)} (like ${tx(table)} including all excluding indexes)`;
    }
  }
  return {
    async write(bytes) {
      for (const table of tableNames) {
        const apart = aside && partitioned.includes(table);
        await copy(tx, table, bytes[table], apart ? `${table}_${month.name}` : null);
      }
    },
    async finish() {
      // Attaching makes the indexes.
      for (const table of aside ? partitionedTables : []) {
        await tx.unsafe(
          `alter table ${table} attach partition ${table}_${month.name} for values from ('${month.from}') to ('${month.to}')`,
        );
      }
      await tx`commit`;
      tx.release();
    },
    async abandon() {
      await tx`rollback`;
      tx.release();
    },
  };
}

/** A table made in this transaction takes its rows frozen: nobody need look at them again. */
async function copy(tx: ReservedSql, table: TableName, chunks: readonly Buffer[], apart: string | null): Promise<void> {
  if (chunks.length === 0) return;
  const into = `${apart ?? table} (${tables[table]})`;
  const target = await tx.unsafe(`copy ${into} from stdin${apart === null ? '' : ' (freeze)'}`).writable();
  const done = finished(target);
  for (const chunk of chunks) {
    if (!target.write(chunk)) await once(target, 'drain');
  }
  target.end();
  await done;
}
