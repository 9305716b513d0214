import { afterAll, beforeAll, expect, it } from 'vitest';
import { isShortfall, monthOf } from '../../src/domain/budget.js';
import { attemptMove, generationMove, type LedgerChange } from '../../src/domain/change.js';
import { newId } from '../../src/domain/ids.js';
import type { AttemptRef } from '../../src/domain/ports.js';
import { randomFrom } from '../../src/sandbox/random.js';
import { openStore, type Store } from '../../src/store/store.js';
import { checkMeters, fail } from '../support/budgets.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';

let bench: LedgerBench;
let stores: Store[];

beforeAll(async () => {
  bench = await openLedger();
  stores = [bench.store, openStore(bench.url, () => undefined)];
});
afterAll(async () => {
  await stores[1]?.close();
  await bench.stop();
});

const limit = 60_000;
const rounds = 25;

it.each([1, 2, 3])('meters say what the ledger says, whatever happens at once (seed %i)', async (seed) => {
  const random = randomFrom('budgets', seed);
  const below = (most: number): number => Math.floor(random() * most);
  const pick = <T>(items: readonly T[]): T => items[below(items.length)] ?? fail('Nothing to pick from.');
  const account = `random-${seed}`;
  const profiles = [newId(), newId()];
  const projects = [await bench.addProject(`${account}-a`), await bench.addProject(`${account}-b`)];
  for (const projectId of projects) {
    const budget = { projectId, month: null, unknownPriceMicros: 2_500, limitMicros: limit };
    await bench.store.budgets.set({ ...budget, id: newId(), profileId: null });
    await bench.store.budgets.set({ ...budget, id: newId(), profileId: profiles[0] ?? null, limitMicros: limit / 3 });
  }
  const known: string[] = [];
  const attempts: AttemptRef[] = [];
  const results = { accepted: 0, refused: 0 };

  async function accept(store: Store): Promise<void> {
    const micros = below(4) === 0 ? null : 500 * (1 + below(6));
    const row = bench.fresh({
      projectId: pick(projects),
      profileId: pick(profiles),
      account,
      costEstimatedMicros: micros,
      costReserveMicros: micros,
    });
    const accepted = await store.ledger.accept(row);
    if (accepted === null || isShortfall(accepted)) {
      results.refused += 1;
    } else {
      results.accepted += 1;
      known.push(row.id);
    }
  }

  function someChange(): LedgerChange | null {
    const cents = (): number | null => (below(3) === 0 ? null : 100 * below(60));
    if (attempts.length === 0) return null;
    const { generationId, n } = pick(attempts);
    const move = (to: Parameters<typeof attemptMove>[2], details = {}) => attemptMove(n, null, to, details);
    const of = (attempt: LedgerChange['attempt'], generation: LedgerChange['generation']): LedgerChange => ({
      generationId,
      attempt,
      generation,
    });
    const failed = generationMove('FAILED', { errorCode: 'PROVIDER_LOST' });
    return pick([
      of(move('SENT', { listMicros: cents() }), null),
      of(move('SENT', { listMicros: cents(), from: ['INTENDED'] }), null),
      of(move('ACCEPTED', { quotedMicros: cents(), taskId: 't' }), generationMove('RUNNING')),
      of(move('DONE', { settledMicros: cents() }), generationMove('SAVING')),
      of(move('DONE'), generationMove('MODERATED', { moderationStage: 'OUTPUT' })),
      of(move('LOST'), failed),
      of(move('REFUSED'), generationMove('QUEUED')),
      of(null, generationMove('UNCONFIRMED')),
      of(null, generationMove('CANCELED')),
      of(null, generationMove('FAILED', { errorCode: 'DEADLINE_EXCEEDED' })),
    ]);
  }

  async function step(store: Store): Promise<void> {
    const what = below(10);
    if (what < 3) return await accept(store);
    if (what < 5) {
      const admitted = await store.worklist.admit({ account, instanceId: newId(), limit: 1_000, atMost: 3 });
      attempts.push(...admitted);
      return undefined;
    }
    if (what === 6 && attempts.length > 0 && below(3) === 0) {
      await store.ledger.settle(pick(attempts), 100 * below(60));
      return undefined;
    }
    if (what === 5 && known.length > 0) {
      const generation = await retried(pick(known));
      const again = generationMove('QUEUED', { from: ['UNCONFIRMED'] });
      if (generation !== null) {
        await store.ledger.changeWithin({ generationId: generation.id, attempt: null, generation: again }, generation);
      }
      return undefined;
    }
    const change = someChange();
    if (change === null) return undefined;
    await store.ledger.change(change);
    // Whoever does not hear the answer says it again, maybe elsewhere.
    if (below(3) === 0) await pick(stores).ledger.change(change);
    return undefined;
  }

  async function retried(id: string) {
    for (const projectId of projects) {
      const generation = await bench.store.history.generation(projectId, id);
      if (generation !== null) return generation;
    }
    return null;
  }

  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(Array.from({ length: 16 }, async () => await step(pick(stores))));
    const meters = await checkMeters(bench);
    expect(meters.size).toBeGreaterThanOrEqual(2);
  }
  await bench.sql('select pg_stat_force_next_flush()::text');
  expect(await bench.sql('select deadlocks::integer from pg_stat_database where datname = current_database()')).toEqual(
    [{ deadlocks: 0 }],
  );
  const before = await checkMeters(bench);
  for (const projectId of projects) await bench.store.budgets.recount(projectId, monthOf(new Date()));
  expect(await checkMeters(bench)).toEqual(before);
  expect(results.accepted).toBeGreaterThan(30);
  expect(results.refused).toBeGreaterThan(0);
});
