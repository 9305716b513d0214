import { afterAll, beforeAll, expect, it } from 'vitest';
import { generationMove } from '../../src/domain/change.js';
import { newId } from '../../src/domain/ids.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';
import { acceptOne } from '../support/new-generation.js';

let bench: LedgerBench;
const callers = 200;

beforeAll(async () => {
  bench = await openLedger();
});

afterAll(async () => {
  await bench.stop();
});

/** How many transactions wrote these generations last. */
async function transactionsOf(ids: readonly string[]): Promise<number> {
  const [row] = await bench.sql(
    'select count(distinct xmin::text)::int as n from generation where id = any ($1::uuid[])',
    ids,
  );
  return Number(row?.['n']);
}

async function statusOf(id: string): Promise<unknown> {
  const [row] = await bench.sql('select status::text, version from generation where id = $1::uuid', id);
  return row;
}

const cancel = generationMove('CANCELED');

it('writes what many callers accept at once in few round trips, and answers each with its own', async () => {
  const rows = Array.from({ length: callers }, (_, n) => bench.fresh({ prompt: `prompt ${n}`, tags: [`t${n}`] }));
  const answers = await Promise.all(rows.map(async (row) => await acceptOne(bench.store.ledger, row)));
  expect(answers.map(({ id, prompt, status, version }) => ({ id, prompt, status, version }))).toEqual(
    rows.map(({ id, prompt }) => ({ id, prompt, status: 'QUEUED', version: 1 })),
  );
  const kept = await bench.sql('select id::text, prompt, tags from generation where prompt like $1', 'prompt %');
  expect(new Map(kept.map((row) => [row['id'], [row['prompt'], row['tags']]]))).toEqual(
    new Map(rows.map((row) => [row.id, [row.prompt, row.tags]])),
  );
  expect(await transactionsOf(rows.map((row) => row.id))).toBeLessThanOrEqual(4);
  await bench.checkHistory();
});

it('answers as the database has it', async () => {
  const row = bench.fresh({ deadlineMs: 90_000 });
  const answer = await bench.store.ledger.accept(row);
  expect(answer).toEqual(await bench.store.history.generation(bench.projectId, row.id));
});

it('changes what many callers change at once in few round trips, and answers each with its own', async () => {
  const ids = await bench.accept(callers);
  const ended = ids.filter((_, n) => n % 2 === 0);
  const change = async (id: string) =>
    (await bench.store.ledger.change({ generationId: id, attempt: null, generation: cancel })).generationChanged;
  expect(await Promise.all(ended.map(change))).toEqual(ended.map(() => true));
  // Now half of them can change, and half cannot any more.
  expect(await Promise.all(ids.map(change))).toEqual(ids.map((_, n) => n % 2 === 1));
  expect(await transactionsOf(ids)).toBeLessThanOrEqual(8);
  await bench.checkHistory();
});

it('does not fail the neighbours of a bad row', async () => {
  const rows = Array.from({ length: 40 }, (_, n) =>
    // A text with NUL, which the service refuses long before, is something that Postgres cannot keep.
    bench.fresh({ prompt: n === 17 ? 'bad \u0000' : `neighbour ${n}` }),
  );
  const outcomes = await Promise.allSettled(rows.map(async (row) => await bench.store.ledger.accept(row)));
  expect(outcomes.map((outcome) => outcome.status)).toEqual(rows.map((_, n) => (n === 17 ? 'rejected' : 'fulfilled')));
  const [count] = await bench.sql("select count(*)::int as n from generation where prompt like 'neighbour %'");
  expect(count).toEqual({ n: 39 });

  const ids = await bench.accept(20);
  // FAILED without a code breaks a rule of the table.
  const changes = await Promise.allSettled(
    ids.map(async (id, n) => {
      const generation = n === 3 ? generationMove('FAILED') : cancel;
      return await bench.store.ledger.change({ generationId: id, attempt: null, generation });
    }),
  );
  expect(changes.map((outcome) => outcome.status)).toEqual(ids.map((_, n) => (n === 3 ? 'rejected' : 'fulfilled')));
  expect(await statusOf(ids[3] ?? '')).toEqual({ status: 'QUEUED', version: 1 });
  await bench.checkHistory();
});

it('keeps a generation once, however often it is accepted', async () => {
  const row = bench.fresh({ images: { controlImage: newId() } });
  await Promise.all(Array.from({ length: 6 }, async () => await bench.store.ledger.accept(row)));
  await bench.store.ledger.change({ generationId: row.id, attempt: null, generation: cancel });
  await bench.store.ledger.accept(row);
  expect(await statusOf(row.id)).toEqual({ status: 'CANCELED', version: 2 });
  const [count] = await bench.sql(
    'select count(*)::int as n from generation_image where generation_id = $1::uuid',
    row.id,
  );
  expect(count).toEqual({ n: 1 });
  await bench.checkHistory();
});

it('makes a change once, whoever asks for it at the same time', async () => {
  const [id = ''] = await bench.accept(1);
  const outcomes = await Promise.all(
    Array.from({ length: 8 }, async () => {
      return await bench.store.ledger.change({ generationId: id, attempt: null, generation: cancel });
    }),
  );
  expect(outcomes.filter((outcome) => outcome.generationChanged)).toHaveLength(1);
  expect(await statusOf(id)).toEqual({ status: 'CANCELED', version: 2 });
  await bench.checkHistory();
});

it('says of a generation that does not exist that it did not change', async () => {
  const answer = await bench.store.ledger.change({ generationId: newId(), attempt: null, generation: cancel });
  expect(answer).toEqual({ attemptChanged: false, generationChanged: false });
});
