import { afterAll, beforeAll, expect, it } from 'vitest';
import { monthOf } from '../../src/domain/budget.js';
import { newId } from '../../src/domain/ids.js';
import type { PlannedPair, ReplayWork } from '../../src/domain/replay.js';
import { createReplayWork } from '../../src/store/replay-work.js';
import { fail } from '../support/budgets.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';

const price = 1_000;
const now = monthOf(new Date());

let bench: LedgerBench;
let work: ReplayWork;

beforeAll(async () => {
  bench = await openLedger();
  work = createReplayWork(bench.connect(), () => undefined);
});
afterAll(async () => await bench.stop());

let projects = 0;
async function projectWith(limitMicros: number) {
  const projectId = await bench.addProject(`replaying-${(projects += 1)}`);
  const [one, other] = [newId(), newId()];
  const budget = { projectId, month: null, unknownPriceMicros: null };
  await bench.store.budgets.set({ ...budget, id: newId(), profileId: null, limitMicros });
  await bench.store.budgets.set({ ...budget, id: newId(), profileId: one, limitMicros: 3 * price });
  return {
    projectId,
    profiles: [one, other] as const,
    /** Reserved in the project, and with the first profile. */
    async reserved(): Promise<number[]> {
      return (await bench.store.budgets.list(projectId, now)).map(({ reservedMicros }) => reservedMicros);
    },
  };
}

/** A replay of so many originals, by turns of the two profiles, which were accepted long ago. */
async function plan(project: Awaited<ReturnType<typeof projectWith>>, count: number, costLimitMicros: number) {
  const { projectId, profiles } = project;
  const originals = Array.from({ length: count }, (_, n) =>
    bench.fresh({
      projectId,
      profileId: profiles[n % 2] ?? fail('No profile.'),
      costEstimatedMicros: 0,
      costReserveMicros: 0,
    }),
  );
  for (const row of originals) await bench.store.ledger.accept(row);
  const pairs = originals.map(({ id }, place): PlannedPair => {
    return { originalId: id, place, priceMicros: price, adjusted: [], refusalCode: null, refusalMessage: null };
  });
  const id = newId();
  const about = { filter: {}, provider: 'bfl', model: null, overrides: {}, reuseSeed: false, seed: 1, sample: count };
  const rest = { matches: count, priority: 0, costLimitMicros, allowUnknownPrice: false, token: id };
  await bench.store.replays.create({ id, projectId, ...about, ...rest }, pairs, null);
  const rerunOf = (n: number) => {
    const original = originals[n] ?? fail('No original.');
    const { profileId } = original;
    const costs = { costEstimatedMicros: price, costReserveMicros: price };
    return bench.fresh({ projectId, profileId, rerunOf: original.id, ...costs });
  };
  return { id, pairs, start: async () => await bench.store.replays.start(projectId, id), rerunOf };
}

it('holds what its limit lets start, and each pair hands on its own part', async () => {
  const project = await projectWith(100 * price);
  const replay = await plan(project, 6, 5 * price);
  expect(await replay.start()).toBeNull();
  expect(await project.reserved()).toEqual([5 * price, 3 * price]);
  const idOf = (n: number): string => replay.pairs[n]?.originalId ?? fail('No pair.');
  expect(await work.startPair(replay.id, idOf(0), replay.rerunOf(0))).toBe('started');
  expect(await project.reserved()).toEqual([5 * price, 3 * price]);
  await work.refusePair(replay.id, idOf(1), { code: 'NOT_FOUND', message: 'The generation is gone.' });
  expect(await project.reserved()).toEqual([4 * price, 3 * price]);
  // Twice is once.
  await work.refusePair(replay.id, idOf(1), { code: 'NOT_FOUND', message: 'The generation is gone.' });
  expect(await work.startPair(replay.id, idOf(0), replay.rerunOf(0))).toBe('over');
  expect(await project.reserved()).toEqual([4 * price, 3 * price]);
  await bench.store.budgets.recount(project.projectId, now);
  expect(await project.reserved()).toEqual([4 * price, 3 * price]);
  await bench.store.replays.cancel(project.projectId, replay.id);
  expect(await project.reserved()).toEqual([price, price]);
});

it('starts only if all of it fits, also with each profile', async () => {
  const project = await projectWith(100 * price);
  const large = await plan(project, 8, 100 * price);
  const short = await large.start();
  expect(short).toMatchObject({ code: 'BUDGET_EXCEEDED', askedMicros: 4 * price });
  expect(short?.state.budget.profileId).toBe(project.profiles[0]);
  expect(await project.reserved()).toEqual([0, 0]);
  const [kept] = await bench.store.replays.find(project.projectId, [large.id]);
  expect(kept?.status).toBe('PLANNED');
});

it('a rerun that has become too dear since is not started', async () => {
  const project = await projectWith(2 * price);
  const replay = await plan(project, 2, 2 * price);
  expect(await replay.start()).toBeNull();
  const dear = { ...replay.rerunOf(1), costEstimatedMicros: price + 1, costReserveMicros: price + 1 };
  const result = await work.startPair(replay.id, replay.pairs[1]?.originalId ?? '', dear);
  expect(result).toMatchObject({ code: 'BUDGET_EXCEEDED', askedMicros: price + 1 });
  expect(await project.reserved()).toEqual([2 * price, price]);
  await work.refusePair(replay.id, replay.pairs[1]?.originalId ?? '', { code: 'BUDGET_EXCEEDED', message: 'No.' });
  expect(await project.reserved()).toEqual([price, price]);
});
