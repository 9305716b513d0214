import { expect } from 'vitest';
import type { NewGeneration } from '../../src/domain/generation.js';
import { newId } from '../../src/domain/ids.js';
import { openDatabase, type Database } from '../../src/store/database.js';
import { ensureProject } from '../../src/store/keys.js';
import { ensurePartitions } from '../../src/store/partitions.js';
import { openStore, type Store } from '../../src/store/store.js';
import { createTestDatabase } from './database.js';
import type { Row } from './darkroom.js';
import { acceptOne, newGeneration } from './new-generation.js';

/** The ledger on a database of its own, without anything that works on it. */
export type LedgerBench = {
  store: Store;
  projectId: string;
  url: string;
  /** Another process's way to the same database. */
  connect(connections?: number): Database;
  addProject(slug: string): Promise<string>;
  sql(text: string, ...values: unknown[]): Promise<Row[]>;
  /** A row that can be accepted; in the first project unless said otherwise. */
  fresh(details?: Partial<NewGeneration>): NewGeneration;
  /** Accepts so many; gives their ids. */
  accept(count: number, details?: Partial<NewGeneration>): Promise<string[]>;
  /** Every event has its generation's next version, every change of status is one of the table, and the last is now. */
  checkHistory(): Promise<void>;
  stop(): Promise<void>;
};

export async function openLedger(): Promise<LedgerBench> {
  const database = await createTestDatabase();
  const store = openStore(database.url, () => undefined);
  // Nobody waits for what a test asks itself: on a busy machine it takes what it takes.
  const own = openDatabase(database.url, { connections: 2 });
  const others = [own];
  await ensurePartitions(store.database, new Date());
  const addProject = async (slug: string): Promise<string> =>
    (await ensureProject(store.database, { id: newId(), slug, name: slug })).id;
  const projectId = await addProject('first');
  const sql: LedgerBench['sql'] = async (text, ...values) => await own.prisma.$queryRawUnsafe<Row[]>(text, ...values);

  const fresh = (details: Partial<NewGeneration> = {}): NewGeneration => newGeneration({ projectId, ...details });

  return {
    store,
    projectId,
    url: database.url,
    connect(connections = 3) {
      const other = openDatabase(database.url, { connections });
      others.push(other);
      return other;
    },
    addProject,
    sql,
    fresh,
    async accept(count, details) {
      const rows = Array.from({ length: count }, () => fresh(details));
      return (await Promise.all(rows.map(async (row) => await acceptOne(store.ledger, row)))).map((each) => each.id);
    },
    async checkHistory() {
      const broken = await sql(`
        with told as (
          select *, row_number() over w as place, lag(status) over w as before
          from generation_event window w as (partition by generation_id order by n)
        )
        select generation_id::text, n from told
        where n <> place or previous_status is distinct from before`);
      expect(broken).toEqual([]);
      const behind = await sql(`
        select g.id::text from generation g left join generation_event e on e.generation_id = g.id and e.n = g.version
        where e.status is distinct from g.status
           or g.version <> (select count(*) from generation_event where generation_id = g.id)`);
      expect(behind).toEqual([]);
    },
    async stop() {
      for (const other of others) await other.close();
      await store.close();
      await database.drop();
    },
  };
}
