import { Pool } from 'pg';
import { sleep } from '../../src/time.js';

export type Row = Record<string, unknown>;

/** What the database says, asked again and again over a connection of its own that may be cut at any time. */
export type Monitor = {
  /** Asks until it is answered. */
  sql(text: string, ...values: unknown[]): Promise<Row[]>;
  /** Generations that have not ended, as last heard. */
  unfinished(): number;
  succeeded(): number;
  /** The database's time of the latest SUCCEEDED, ms since the epoch. */
  lastSucceededAt(): number;
  stop(): Promise<void>;
};

const everyMs = 200;

export const terminal = "('SUCCEEDED', 'MODERATED', 'FAILED', 'EXPIRED', 'CANCELED')";

export function startMonitor(url: string): Monitor {
  const stopping = new AbortController();
  // The name keeps it apart from Darkroom's own sessions, which get terminated.
  const pool = new Pool({
    connectionString: url,
    application_name: 'chaos',
    max: 3,
    connectionTimeoutMillis: 5_000,
    idleTimeoutMillis: 0,
  });
  pool.on('error', () => undefined);
  let state = { unfinished: 0, succeeded: 0, lastSucceededAt: 0 };

  async function sql(text: string, ...values: unknown[]): Promise<Row[]> {
    for (;;) {
      try {
        return (await pool.query<Row>(text, values)).rows;
      } catch (error) {
        // A fault of the question itself does not pass.
        const code = error instanceof Error && 'code' in error ? String(error.code) : '';
        if (/^(22|23|42)/.test(code) || stopping.signal.aborted) throw error;
        await sleep(100, stopping.signal);
      }
    }
  }

  async function watch(): Promise<void> {
    while (!stopping.signal.aborted) {
      const [row] = await sql(`
        select count(*) filter (where status not in ${terminal})::int as unfinished,
          count(*) filter (where status = 'SUCCEEDED')::int as succeeded,
          coalesce(extract(epoch from max(finished_at) filter (where status = 'SUCCEEDED')) * 1000, 0)::float8 as last
        from generation`).catch(() => []);
      if (row !== undefined) {
        state = {
          unfinished: Number(row['unfinished']),
          succeeded: Number(row['succeeded']),
          lastSucceededAt: Number(row['last']),
        };
      }
      await sleep(everyMs, stopping.signal);
    }
  }

  const watching = watch();
  return {
    sql,
    unfinished: () => state.unfinished,
    succeeded: () => state.succeeded,
    lastSucceededAt: () => state.lastSucceededAt,
    async stop() {
      stopping.abort();
      await watching;
      await pool.end();
    },
  };
}
