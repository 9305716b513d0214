import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { generationMove } from '../../src/domain/change.js';
import type { GenerationEvent } from '../../src/domain/generation.js';
import { newId } from '../../src/domain/ids.js';
import { createAccept } from '../../src/store/accept-batched.js';
import { createChange } from '../../src/store/change.js';
import { eventsAfter, lastPosition, numberEvents } from '../../src/store/events.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';
import { acceptOne } from '../support/new-generation.js';

let bench: LedgerBench;
let slow: Client;

beforeEach(async () => {
  bench = await openLedger();
  slow = new Client({ connectionString: bench.url });
  await slow.connect();
});

afterEach(async () => {
  await slow.end();
  await bench.stop();
});

const steps = ['SUBMITTING', 'RUNNING', 'SAVING', 'SUCCEEDED'] as const;

/** One process's worth of generations, each taken through its whole life. */
async function write(count: number): Promise<void> {
  const database = bench.connect();
  const { accept } = createAccept(database);
  const { change } = createChange(database);
  await Promise.all(
    Array.from({ length: count }, async () => {
      const { id } = await acceptOne({ accept }, bench.fresh());
      for (const to of steps) await change({ generationId: id, attempt: null, generation: generationMove(to) });
    }),
  );
}

/** Adds an event in a transaction that stays open. */
async function insertSlowly(generationId: string): Promise<void> {
  await slow.query(
    `insert into generation_event (generation_id, n, project_id, status, control, provider)
     values ($1, 1, $2, 'QUEUED', 'NONE', 'bfl')`,
    [generationId, bench.projectId],
  );
}

/** Reads from a position on until everything is there. */
function createReader(): { read: () => Promise<void>; seen: GenerationEvent[] } {
  const database = bench.connect(1);
  const seen: GenerationEvent[] = [];
  return {
    seen,
    async read() {
      seen.push(...(await eventsAfter(database, seen.at(-1)?.position ?? 0, 37)));
    },
  };
}

it('gives positions without gap or repeat, in the order of versions, to many sequencers and a patient reader', async () => {
  await slow.query('begin');
  const late = newId();
  await insertSlowly(late);
  let writing = true;
  const sequencers = Array.from({ length: 3 }, async () => {
    const database = bench.connect(1);
    while (writing) await numberEvents(database);
  });
  const reader = createReader();
  const reading = (async () => {
    while (writing) await reader.read();
  })();

  await Promise.all([write(30), write(30)]);
  // All that others have committed is numbered although the old transaction is still open.
  await expect.poll(async () => await lastPosition(bench.store.database)).toBe(60 * (1 + steps.length));
  await slow.query('commit');
  await expect.poll(async () => await lastPosition(bench.store.database)).toBe(60 * (1 + steps.length) + 1);
  writing = false;
  await Promise.all([...sequencers, reading]);
  for (let before = -1; before !== reader.seen.length;) {
    before = reader.seen.length;
    await reader.read();
  }

  expect(reader.seen.map((event) => event.position)).toEqual(reader.seen.map((_, n) => n + 1));
  expect(reader.seen).toHaveLength(60 * (1 + steps.length) + 1);
  expect(reader.seen.at(-1)?.generationId).toBe(late);
  for (const events of Map.groupBy(reader.seen, (event) => event.generationId).values()) {
    expect(events.map((event) => event.n)).toEqual(events.map((_, n) => n + 1));
  }
  await bench.sql('delete from generation_event where generation_id = $1::uuid', late);
  await bench.checkHistory();
});

it('stalls behind no snapshot that somebody keeps open', async () => {
  await slow.query('begin isolation level repeatable read; select count(*) from generation_event');
  await bench.accept(3);
  expect(await numberEvents(bench.store.database)).toBe(3);
  expect(await lastPosition(bench.store.database)).toBe(3);
});

it('leaves numbering to whoever is at it', async () => {
  await bench.accept(2);
  await slow.query('begin; select last from event_position for update');
  expect(await numberEvents(bench.store.database)).toBeNull();
  expect(await lastPosition(bench.store.database)).toBe(0);
  await slow.query('commit');
  expect(await numberEvents(bench.store.database)).toBe(2);
});

it('leaves alone what another sequencer numbered after its own statement had begun', async () => {
  await bench.accept(2);
  // The row of the last position can be read only when the test lets go: in between lies what is tested here.
  await bench.sql('alter table event_position rename to last_position');
  await bench.sql(`create view event_position as select * from last_position
    where (select pg_advisory_xact_lock_shared(42)) is not null`);
  await slow.query('begin; select pg_advisory_xact_lock(42)');
  const late = numberEvents(bench.store.database);
  await expect
    .poll(async () => await bench.sql("select from pg_locks where locktype = 'advisory' and not granted"))
    .toHaveLength(1);
  await bench.sql(`with numbered as (
    update generation_event e set position = r.rank
    from (select generation_id, row_number() over (order by generation_id) as rank from generation_event) r
    where e.generation_id = r.generation_id)
    update last_position set last = 2`);
  await slow.query('commit');
  expect(await late).toBeNull();
  expect(await bench.sql('select position::int from generation_event order by position')).toEqual([
    { position: 1 },
    { position: 2 },
  ]);
  expect(await bench.sql('select last::int from last_position')).toEqual([{ last: 2 }]);
});

it('writes nothing when there is nothing to number', async () => {
  await bench.accept(1);
  await numberEvents(bench.store.database);
  const before = await bench.sql('select xmin::text from event_position');
  expect(await numberEvents(bench.store.database)).toBe(0);
  expect(await bench.sql('select xmin::text from event_position')).toEqual(before);
});

it('keeps a generation’s own order even when the clock of its server stands still or goes back', async () => {
  const [id = ''] = await bench.accept(1);
  await bench.sql("update generation set updated_at = now() + interval '1 hour' where id = $1::uuid", id);
  for (const to of steps) {
    await bench.store.ledger.change({ generationId: id, attempt: null, generation: generationMove(to) });
  }
  await numberEvents(bench.store.database);
  const events = await eventsAfter(bench.store.database, 0, 100);
  expect(events.map((event) => event.status)).toEqual(['QUEUED', ...steps]);
});
