import { afterAll, beforeAll, expect, it } from 'vitest';
import { isShortfall, leftOf, monthOf, type Budget, type BudgetRecord } from '../../src/domain/budget.js';
import { attemptMove, generationMove } from '../../src/domain/change.js';
import type { NewGeneration } from '../../src/domain/generation.js';
import { lowestIdAt, newId } from '../../src/domain/ids.js';
import { openStore, type Store } from '../../src/store/store.js';
import { checkMeters, fail } from '../support/budgets.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';

let bench: LedgerBench;
let other: Store;
const price = 1_000;

beforeAll(async () => {
  bench = await openLedger();
  other = openStore(bench.url, () => undefined);
});
afterAll(async () => {
  await other.close();
  await bench.stop();
});

const now = monthOf(new Date());
let projects = 0;
const newProject = async (): Promise<string> => await bench.addProject(`project-${(projects += 1)}`);

async function setBudget(budget: Partial<Budget> & Pick<Budget, 'projectId' | 'limitMicros'>): Promise<string> {
  const whole = { id: newId(), profileId: null, month: null, unknownPriceMicros: null, ...budget };
  return (await bench.store.budgets.set(whole)).id;
}
async function stateOf(projectId: string, month = now): Promise<BudgetRecord> {
  const [state] = await bench.store.budgets.list(projectId, month);
  return state ?? fail('There is no budget.');
}
const priced = (details: Partial<NewGeneration>): NewGeneration =>
  bench.fresh({ costEstimatedMicros: price, costReserveMicros: price, ...details });

/** Whether it was accepted, or by which code it was not. */
async function tryAccept(store: Store, details: Partial<NewGeneration>): Promise<string> {
  const result = await store.ledger.accept(priced(details));
  return result !== null && isShortfall(result) ? result.code : 'accepted';
}

it('accepts exactly what fits, however many come at once by two processes', async () => {
  const projectId = await newProject();
  const limitMicros = 40 * price + price / 2;
  await setBudget({ projectId, limitMicros });
  const tries = Array.from({ length: 100 }, async (_, n) =>
    n % 2 === 0 ? await tryAccept(bench.store, { projectId }) : await tryAccept(other, { projectId }),
  );
  const results = await Promise.all(tries);
  expect(results.filter((each) => each === 'accepted')).toHaveLength(40);
  expect(results.filter((each) => each === 'BUDGET_EXCEEDED')).toHaveLength(60);
  expect(await stateOf(projectId)).toMatchObject({ reservedMicros: 40 * price, spentMicros: 0 });
  await checkMeters(bench);
});

it('judges each of a batch by itself: what is small enough still fits behind what is too large', async () => {
  const projectId = await newProject();
  await setBudget({ projectId, limitMicros: 10 * price });
  const sizes = [4, 9, 3, 9, 3, 1];
  const results = await Promise.all(
    sizes.map(async (size) => await tryAccept(bench.store, { projectId, costReserveMicros: size * price })),
  );
  expect(results).toEqual([
    'accepted',
    'BUDGET_EXCEEDED',
    'accepted',
    'BUDGET_EXCEEDED',
    'accepted',
    'BUDGET_EXCEEDED',
  ]);
});

it("counts in the project's budget and in the profile's", async () => {
  const [projectId, profileId] = [await newProject(), newId()];
  await setBudget({ projectId, limitMicros: 5 * price });
  await setBudget({ projectId, profileId, limitMicros: 2 * price });
  const accept = async (of: string): Promise<string> => await tryAccept(bench.store, { projectId, profileId: of });
  expect([await accept(profileId), await accept(profileId), await accept(profileId)]).toEqual([
    'accepted',
    'accepted',
    'BUDGET_EXCEEDED',
  ]);
  const others = [await accept(newId()), await accept(newId()), await accept(newId()), await accept(newId())];
  expect(others).toEqual(['accepted', 'accepted', 'accepted', 'BUDGET_EXCEEDED']);
  const refused = await bench.store.ledger.accept(priced({ projectId, profileId }));
  expect(refused).toMatchObject({ code: 'BUDGET_EXCEEDED', askedMicros: price });
  await checkMeters(bench);
});

it('refuses everything while more is reserved than a lowered limit, and what costs nothing never', async () => {
  const projectId = await newProject();
  const id = await setBudget({ projectId, limitMicros: 9 * price });
  const rows = Array.from({ length: 9 }, () => priced({ projectId }));
  await Promise.all(rows.map(async (row) => await bench.store.ledger.accept(row)));
  expect(await setBudget({ projectId, limitMicros: 4 * price })).toBe(id);
  expect(leftOf(await stateOf(projectId))).toBe(-5 * price);
  expect(await tryAccept(bench.store, { projectId })).toBe('BUDGET_EXCEEDED');
  expect(await tryAccept(bench.store, { projectId, costEstimatedMicros: 0, costReserveMicros: 0 })).toBe('accepted');
  for (const { id: generationId } of rows.slice(0, 6)) {
    await bench.store.ledger.change({ generationId, attempt: null, generation: generationMove('CANCELED') });
  }
  expect(await tryAccept(bench.store, { projectId })).toBe('accepted');
  expect(await tryAccept(bench.store, { projectId })).toBe('BUDGET_EXCEEDED');
  await checkMeters(bench);
});

it('counts each generation in the month in which it was made, by UTC', async () => {
  const projectId = await newProject();
  const turn = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
  await setBudget({ projectId, limitMicros: 2 * price });
  await setBudget({ projectId, month: turn, limitMicros: price });
  const idAt = (at: number): string => lowestIdAt(new Date(at)).slice(0, 14) + newId().slice(14);
  const before = (): string => idAt(turn.getTime() - 1);
  const after = (): string => idAt(turn.getTime());
  const tries = [before(), after(), before(), after(), before()].map(
    async (id) => await tryAccept(bench.store, { projectId, id }),
  );
  expect(await Promise.all(tries)).toEqual(['accepted', 'accepted', 'accepted', 'BUDGET_EXCEEDED', 'BUDGET_EXCEEDED']);
  expect(await stateOf(projectId, now)).toMatchObject({ reservedMicros: 2 * price });
  expect(await stateOf(projectId, turn)).toMatchObject({ reservedMicros: price, budget: { limitMicros: price } });
  await checkMeters(bench);
});

it('refuses what has no known price, or reserves what the budget reckons for it, and never nothing', async () => {
  const projectId = await newProject();
  await setBudget({ projectId, limitMicros: 5 * price });
  const unknown = { projectId, costEstimatedMicros: null, costReserveMicros: null };
  expect(await tryAccept(bench.store, unknown)).toBe('PRICE_UNKNOWN');
  await setBudget({ projectId, limitMicros: 5 * price, unknownPriceMicros: 4 * price });
  expect(await tryAccept(bench.store, unknown)).toBe('accepted');
  expect(await tryAccept(bench.store, unknown)).toBe('BUDGET_EXCEEDED');
  expect(await stateOf(projectId)).toMatchObject({ reservedMicros: 4 * price, unpriced: 0 });
});

it('counts what a month came to before its budget was made, also what is under way', async () => {
  const projectId = await newProject();
  const rows = Array.from({ length: 3 }, () => priced({ projectId }));
  for (const row of rows) await bench.store.ledger.accept(row);
  await bench.store.ledger.accept(priced({ projectId, costEstimatedMicros: null, costReserveMicros: null }));
  const id = await setBudget({ projectId, limitMicros: 10 * price });
  expect(await stateOf(projectId)).toMatchObject({ reservedMicros: 3 * price, unpriced: 1 });
  expect(await bench.store.budgets.remove(projectId, id)).toBe(true);
  expect(await bench.store.budgets.remove(projectId, id)).toBe(false);
  const [first] = rows;
  await bench.store.ledger.change({
    generationId: first?.id ?? '',
    attempt: null,
    generation: generationMove('CANCELED'),
  });
  await setBudget({ projectId, limitMicros: 10 * price });
  expect(await stateOf(projectId)).toMatchObject({ reservedMicros: 2 * price });
  await checkMeters(bench);
});

it('misses nothing that is written while a budget is made', async () => {
  const projectId = await newProject();
  const writers = Array.from(
    { length: 60 },
    async (_, n) => await tryAccept(n % 2 === 0 ? bench.store : other, { projectId }),
  );
  const made = [
    setBudget({ projectId, limitMicros: 1e9 }),
    setBudget({ projectId, profileId: newId(), limitMicros: 1e9 }),
  ];
  const more = Array.from(
    { length: 60 },
    async (_, n) => await tryAccept(n % 2 === 0 ? bench.store : other, { projectId }),
  );
  await Promise.all([...writers, ...made, ...more]);
  expect(await stateOf(projectId)).toMatchObject({ reservedMicros: 120 * price });
  await checkMeters(bench);
});

it('is not made while somebody writes for long, and then nobody waits for it', async () => {
  const projectId = await newProject();
  const slow = bench.connect(1);
  const row = priced({ projectId });
  await slow.transaction(async (tx) => {
    await tx.$executeRaw`update generation set note = 'slow' where false`;
    await expect(setBudget({ projectId, limitMicros: price })).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    await bench.store.ledger.accept(row);
  });
  expect(await bench.store.budgets.list(projectId, now)).toEqual([]);
  await setBudget({ projectId, limitMicros: price });
  expect(await stateOf(projectId)).toMatchObject({ reservedMicros: price });
});

it('keeps what was spent when the generation is erased', async () => {
  const projectId = await newProject();
  await setBudget({ projectId, limitMicros: 10 * price });
  const row = priced({ projectId, account: 'erased' });
  await bench.store.ledger.accept(row);
  const [ref] = await bench.store.worklist.admit({ account: 'erased', instanceId: newId(), limit: 9, atMost: 9 });
  const { ledger } = bench.store;
  const n = ref?.n ?? 0;
  await ledger.change({ generationId: row.id, attempt: attemptMove(n, null, 'SENT'), generation: null });
  await ledger.change({
    generationId: row.id,
    attempt: attemptMove(n, null, 'ACCEPTED', { quotedMicros: 700, taskId: 't' }),
    generation: generationMove('RUNNING'),
  });
  expect(await stateOf(projectId)).toMatchObject({ reservedMicros: 700, spentMicros: 0 });
  await ledger.change({
    generationId: row.id,
    attempt: attemptMove(n, null, 'DONE', { settledMicros: 650 }),
    generation: generationMove('SAVING'),
  });
  expect(await stateOf(projectId)).toMatchObject({ reservedMicros: 0, spentMicros: 650 });
  for (const table of ['attempt', 'generation']) {
    const key = table === 'attempt' ? 'generation_id' : 'id';
    await bench.sql(`delete from ${table} where ${key} = $1::uuid`, row.id);
  }
  await bench.store.budgets.recount(projectId, now);
  expect(await stateOf(projectId)).toMatchObject({ reservedMicros: 0, spentMicros: 650 });
});

it('what nobody knows stays uncertain until somebody settles it, and can be corrected', async () => {
  const projectId = await newProject();
  await setBudget({ projectId, limitMicros: 10 * price });
  const row = priced({ projectId, account: 'settled' });
  await bench.store.ledger.accept(row);
  await bench.store.worklist.admit({ account: 'settled', instanceId: newId(), limit: 9, atMost: 9 });
  const { ledger } = bench.store;
  const ref = { generationId: row.id, n: 1 };
  expect(await ledger.settle(ref, 5)).toBe('open');
  await ledger.change({ generationId: row.id, attempt: attemptMove(1, null, 'SENT'), generation: null });
  const lost = generationMove('FAILED', { errorCode: 'SUBMIT_UNCONFIRMED' });
  await ledger.change({ generationId: row.id, attempt: attemptMove(1, null, 'LOST'), generation: lost });
  expect(await stateOf(projectId)).toMatchObject({ reservedMicros: 0, uncertainMicros: price, spentMicros: 0 });
  expect(await ledger.settle(ref, 800)).toMatchObject({ costSettledMicros: 800 });
  expect(await stateOf(projectId)).toMatchObject({ uncertainMicros: 0, spentMicros: 800 });
  await ledger.settle(ref, 0);
  expect(await stateOf(projectId)).toMatchObject({ uncertainMicros: 0, spentMicros: 0 });
  expect(await bench.store.history.generation(projectId, row.id)).toMatchObject({ costSettledMicros: 0 });
  expect(await ledger.settle({ ...ref, n: 2 }, 5)).toBe('missing');
});
