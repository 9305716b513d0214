import { Client } from 'pg';
import { monthOf } from './partitions.js';

/** What an erasure changes, by month and as a whole. */
const monthly = ['generation', 'attempt', 'generation_image', 'generation_tag', 'generation_text'];
const plain = ['image', 'generation_unsearched', 'idempotency', 'sweep', 'replay', 'erasure'];
const lockTimeoutMs = 500;
const statementTimeoutMs = 15_000;

/**
 * Lets the database overwrite at once what an erasure left as dead rows, which it would do by itself later. It waits for nobody
 * and nobody waits for it; what is too much for it is left to the database.
 */
export async function vacuumErased(url: string, erasureId: string): Promise<void> {
  const client = new Client({
    connectionString: url,
    application_name: 'darkroom',
    options: `-c lock_timeout=${lockTimeoutMs} -c statement_timeout=${statementTimeoutMs}`,
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query<{ month: Date }>(
      `select distinct date_trunc('month', usage_slot(generation_id), 'UTC') as month from erasure_item where erasure_id = $1`,
      [erasureId],
    );
    const months = rows.map(({ month }) => monthOf(month).name);
    const tables = [...months.flatMap((name) => monthly.map((table) => `${table}_${name}`)), ...plain];
    for (const table of tables) {
      // Names are of the lists above and of a date, never from input. A month may be dropped meanwhile.
      await client.query(`vacuum (skip_locked, truncate false) ${table}`).catch(() => undefined);
    }
  } finally {
    await client.end();
  }
}
