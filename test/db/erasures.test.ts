import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Erasure, ErasureFilter } from '../../src/domain/erasure.js';
import { newId } from '../../src/domain/ids.js';
import { createLogger } from '../../src/logger.js';
import { createEraser, type Eraser } from '../../src/service/eraser.js';
import { createErasureWork } from '../../src/store/erasure-work.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';
import { hashOfName, removals, writeGeneration } from '../support/past.js';
import { settleUsage } from '../support/usage.js';

let bench: LedgerBench;
let erasers: Eraser[];
let removed: string[];
let remove: ReturnType<typeof removals>['remove'];
const sql: LedgerBench['sql'] = async (text, ...values) => await bench.sql(text, ...values);
const anHourAgo = new Date(Date.now() - 3_600_000);

beforeEach(async () => {
  bench = await openLedger();
  erasers = [];
  ({ remove, removed } = removals());
});

afterEach(async () => {
  for (const eraser of erasers) await eraser.stop();
  await bench.stop();
});

/** Ordered a minute ago, so that nothing is waited for. */
async function order(filter: ErasureFilter, keepTags = false): Promise<string> {
  const id = newId();
  const { projectId, store } = bench;
  await store.erasures.create({ id, projectId, filter, keepTags }, null);
  await sql("update erasure set created_at = now() - interval '1 minute' where id = $1::uuid", id);
  return id;
}

function startEraser(): void {
  const work = createErasureWork(bench.connect(), bench.url);
  const { ledger } = bench.store;
  const logger = createLogger('silent');
  const eraser = createEraser({
    work,
    ledger,
    remove,
    removeLeftovers: async () => 0,
    removeExport: async () => undefined,
    logger,
  });
  eraser.start();
  erasers.push(eraser);
}

async function finished(id: string): Promise<Erasure> {
  await expect
    .poll(async () => (await bench.store.erasures.find(bench.projectId, [id]))[0]?.finishedAt ?? null, {
      timeout: 20_000,
    })
    .not.toBe(null);
  const [erasure] = await bench.store.erasures.find(bench.projectId, [id]);
  if (erasure === undefined) throw new Error('The erasure is gone.');
  return erasure;
}

it('does each thing once, with several processes at it and erasures that overlap', async () => {
  const { projectId, store } = bench;
  for (let n = 0; n < 12; n += 1) {
    const subject = n < 8 ? 'one' : 'two';
    await writeGeneration(sql, {
      projectId,
      at: anHourAgo,
      subject,
      control: `control ${n % 3}`,
      result: `result ${n}`,
    });
  }
  await settleUsage(store);
  const before = await sql('select sum(generations)::int as n, sum(images)::int as images from usage_cell');
  const one = await order({ subject: 'one' });
  const both = await order({ createdTo: new Date() });
  for (let n = 0; n < 3; n += 1) startEraser();
  const [first, second] = [await finished(one), await finished(both)];
  // Those of both are on both receipts where the second was there before the first was done; nothing is done twice.
  expect(first.generations).toBe(8);
  expect(first.prompts + second.prompts).toBe(12);
  expect(first.attempts + second.attempts).toBe(12);
  expect(removed.sort()).toEqual(
    [...Array.from({ length: 12 }, (_, n) => `result ${n}`), 'control 0', 'control 1', 'control 2']
      .map(hashOfName)
      .sort(),
  );
  expect(await sql("select count(*)::int as n from generation where prompt <> '' or tags <> '{}'")).toEqual([{ n: 0 }]);
  expect(await sql('select filter from erasure')).toEqual([{ filter: null }, { filter: null }]);
  await settleUsage(store);
  expect(await sql('select sum(generations)::int as n, sum(images)::int as images from usage_cell')).toEqual(before);
  expect(await sql('select sum(image_bytes)::int as bytes from usage_cell')).toEqual([{ bytes: 0 }]);
});

it('erases what ran a generation again while the order was on its way', async () => {
  const { projectId, store } = bench;
  const original = await writeGeneration(sql, { projectId, at: anHourAgo, subject: 'one' });
  const id = await order({ subject: 'one' });
  const [rerun = ''] = await bench.accept(1, { rerunOf: original, subject: 'one', prompt: 'a jar again' });
  startEraser();
  await finished(id);
  expect(await sql('select status::text, prompt, subject from generation where id = $1::uuid', rerun)).toEqual([
    { status: 'CANCELED', prompt: '', subject: null },
  ]);
  expect(await store.erasures.left(projectId, id)).toEqual({ generations: 0, images: 0 });
  expect(await store.erasures.generationKeys(projectId, id, { after: null, limit: 10 })).toEqual([original, rerun]);
});

it('keeps tags where it was told to, and what is searched for is gone', async () => {
  const { projectId, store } = bench;
  await writeGeneration(sql, { projectId, at: anHourAgo, subject: 'one' });
  await writeGeneration(sql, { projectId, at: anHourAgo, subject: 'two' });
  const id = await order({ subject: 'one' }, true);
  startEraser();
  expect(await finished(id)).toMatchObject({ generations: 1, images: 0 });
  const listed = async (filter: ErasureFilter, search: string | null): Promise<number> =>
    (await store.history.count(projectId, { filter, search, orderBy: 'NEWEST' })).value;
  expect(await listed({ anyTag: ['old'] }, null)).toBe(2);
  expect(await listed({}, 'jar')).toBe(1);
  expect(await listed({ subject: 'one' }, null)).toBe(0);
  expect(await listed({ subject: 'two' }, null)).toBe(1);
});

it('leaves no words behind of a prompt that is just being made searchable', async () => {
  const { store } = bench;
  const ids = await bench.accept(40, { subject: 'one' });
  await sql("update generation set status = 'CANCELED', finished_at = now()");
  const id = await order({ subject: 'one' });
  startEraser();
  while ((await store.indexPrompts()) > 0);
  await finished(id);
  while ((await store.indexPrompts()) > 0);
  expect(ids).toHaveLength(40);
  expect(await sql('select count(*)::int as n from generation_text')).toEqual([{ n: 0 }]);
});
