import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openLedger, type LedgerBench } from '../support/ledger.js';

let bench: LedgerBench;
const uncaught: unknown[] = [];
const note = (error: unknown): void => void uncaught.push(error);

beforeEach(async () => {
  bench = await openLedger();
  uncaught.length = 0;
  process.on('uncaughtException', note);
});

afterEach(async () => {
  process.off('uncaughtException', note);
  await bench.stop();
});

it('lives on whenever the server ends connections', async () => {
  const admin = new Client({ connectionString: bench.url });
  await admin.connect();
  const database = bench.connect(4);
  let [done, failed, rounds] = [0, 0, 0];
  const work = async (): Promise<void> => {
    while (rounds < 60) {
      await database
        .transaction(async (tx) => await tx.$queryRaw`select 1`)
        .then(() => (done += 1))
        .catch(() => (failed += 1));
    }
  };
  const ending = async (): Promise<void> => {
    for (; rounds < 60; rounds += 1) {
      await admin.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid()`,
      );
    }
  };
  await Promise.all([work(), work(), work(), work(), ending()]);
  await admin.end();
  expect(uncaught).toEqual([]);
  expect(failed).toBeGreaterThan(0);
  // And it works as before.
  expect(await database.transaction(async (tx) => await tx.$queryRaw`select 1 as one`)).toEqual([{ one: 1 }]);
  expect(done).toBeGreaterThan(0);
});
