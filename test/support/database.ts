import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { inject } from 'vitest';
import { sleep } from '../../src/time.js';
import { TEMPLATE } from './template.js';

export type TestDatabase = {
  url: string;
  /** Removes the database; fails when somebody still has a connection to it, for that is a leak of the test. */
  drop(): Promise<void>;
};

/** How long a closed connection may take to be gone from the server's list. */
const PATIENCE_MS = 3_000;

/** A database of its own for a test file: a clone of the migrated template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = inject('databaseServer');
  const name = `test_${randomBytes(8).toString('hex')}`;
  const url = new URL(server);
  url.pathname = name;
  // Copying files is several times faster than the default, which writes the copy to the log.
  await asAdmin(server, (admin) => admin.query(`create database "${name}" template ${TEMPLATE} strategy file_copy`));
  return {
    url: url.href,
    async drop() {
      await asAdmin(server, async (admin) => {
        const left = await connectionsLeft(admin, name);
        await admin.query(`drop database "${name}" with (force)`);
        if (left.length > 0) throw new Error(`Connections left open on the test database:\n${left.join('\n')}`);
      });
    },
  };
}

async function asAdmin<T>(url: string, work: (admin: Client) => Promise<T>): Promise<T> {
  const admin = new Client({ connectionString: url });
  await admin.connect();
  try {
    return await work(admin);
  } finally {
    await admin.end();
  }
}

async function connectionsLeft(admin: Client, database: string): Promise<string[]> {
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const { rows } = await admin.query<{ line: string }>(
      "select concat_ws(' ', state, application_name, left(query, 200)) as line from pg_stat_activity where datname = $1",
      [database],
    );
    if (rows.length === 0 || Date.now() > until) return rows.map((row) => row.line);
    await sleep(20);
  }
}
