import { afterEach, beforeEach, expect, it } from 'vitest';
import type { NewReplay, PlannedPair, ReplayWork } from '../../src/domain/replay.js';
import { newId } from '../../src/domain/ids.js';
import { createReplayWork } from '../../src/store/replay-work.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';

let bench: LedgerBench;
let works: ReplayWork[];

beforeEach(async () => {
  bench = await openLedger();
  works = [0, 1].map(() => createReplayWork(bench.connect(4), () => undefined));
});
afterEach(async () => await bench.stop());

const price = 60_000;

function newReplay(details: Partial<NewReplay> = {}): NewReplay {
  return {
    id: newId(),
    projectId: bench.projectId,
    filter: {},
    provider: 'bfl',
    model: null,
    overrides: {},
    reuseSeed: false,
    seed: 0,
    sample: 10,
    matches: 10,
    priority: 0,
    costLimitMicros: 5 * price,
    allowUnknownPrice: false,
    token: 't',
    ...details,
  };
}

function planned(place: number): PlannedPair {
  const pair = { priceMicros: price, adjusted: [], refusalCode: null, refusalMessage: null };
  return { ...pair, originalId: newId(), place };
}

async function begin(count: number, details: Partial<NewReplay> = {}): Promise<{ id: string; pairs: PlannedPair[] }> {
  const replay = newReplay(details);
  const pairs = Array.from({ length: count }, (_, place) => planned(place));
  await bench.store.replays.create(replay, pairs, null);
  await bench.store.replays.start(bench.projectId, replay.id);
  return { id: replay.id, pairs };
}

/** Every worker starts every pair, all at once. */
async function startAll(id: string, pairs: readonly PlannedPair[]): Promise<unknown[]> {
  const tries = pairs.flatMap(({ originalId }) =>
    works.map(async (work) => {
      const rerun = bench.fresh({ costEstimatedMicros: price, rerunOf: originalId });
      return await work.startPair(id, originalId, rerun);
    }),
  );
  return await Promise.all(tries);
}

it('starts each pair once, and no more than the limit allows, however many try at once', async () => {
  const { id, pairs } = await begin(10);
  const results = await startAll(id, pairs);
  expect(results.filter((result) => result === 'started')).toHaveLength(5);
  const [replay] = await bench.store.replays.find(bench.projectId, [id]);
  expect(replay?.committedMicros).toBe(5 * price);
  const rows = await bench.sql('select rerun_of::text as of, count(*)::integer from generation group by rerun_of');
  expect(rows).toHaveLength(5);
  expect(rows.map((row) => row['count'])).toEqual([1, 1, 1, 1, 1]);
  const started = (await bench.store.replays.pairs(bench.projectId, [id])).filter(({ rerunId }) => rerunId !== null);
  expect(started.map(({ originalId }) => originalId).sort()).toEqual(rows.map((row) => String(row['of'])).sort());
  await bench.checkHistory();
});

it('has the database itself hold the limit', async () => {
  const { id } = await begin(1);
  await expect(bench.sql(`update replay set committed_micros = ${5 * price + 1} where id = '${id}'`)).rejects.toThrow(
    'replay_within_limit',
  );
});

it('starts nothing once it is canceled', async () => {
  const { id, pairs } = await begin(3);
  await bench.store.replays.cancel(bench.projectId, id);
  expect(new Set(await startAll(id, pairs))).toEqual(new Set(['over']));
  await works[0]?.finish(id);
  const [replay] = await bench.store.replays.find(bench.projectId, [id]);
  expect(replay).toMatchObject({ status: 'CANCELED', committedMicros: 0, finishedAt: expect.any(Date) });
});

it('belongs to one worker at a time: until it lets go, or has been silent for too long', async () => {
  const { id } = await begin(1);
  const [one, other] = [newId(), newId()];
  const claim = async (worker: string, leaseMs = 60_000): Promise<string[]> =>
    ((await works[0]?.claim(worker, leaseMs)) ?? []).map((replay) => replay.id);
  expect(await claim(one)).toEqual([id]);
  expect(await claim(other)).toEqual([]);
  expect(await claim(one)).toEqual([id]);
  await works[0]?.release(one);
  expect(await claim(other)).toEqual([id]);
  await bench.sql("update replay set worker_until = now() - interval '1 second'");
  expect(await claim(one)).toEqual([id]);
  expect(await claim(other)).toEqual([]);
});

it('finishes only when nothing waits and nothing is open', async () => {
  const { id, pairs } = await begin(2);
  const [first, second] = pairs;
  const [work] = works;
  const status = async (): Promise<string | undefined> => {
    await work?.finish(id);
    return (await bench.store.replays.find(bench.projectId, [id]))[0]?.status;
  };
  expect(await status()).toBe('RUNNING');
  await work?.startPair(id, first?.originalId ?? '', bench.fresh({ costEstimatedMicros: price }));
  await work?.refusePair(id, second?.originalId ?? '', { code: 'NO_ROUTE', message: 'No.' });
  expect(await status()).toBe('RUNNING');
  await work?.endPair(id, first?.originalId ?? '', 0.5);
  expect(await status()).toBe('FINISHED');
  // What ended keeps its first end.
  await work?.endPair(id, first?.originalId ?? '', 0.9);
  const pair = await bench.store.replays.pair(bench.projectId, id, first?.originalId ?? '');
  expect(pair?.distance).toBeCloseTo(0.5);
});

it('chooses by rank among what matches, in the order of age', async () => {
  const ids = await bench.accept(12);
  const sorted = ids.toSorted();
  const { sampling } = bench.store;
  expect(await sampling.count(bench.projectId, {}, 100)).toBe(12);
  expect(await sampling.count(bench.projectId, {}, 5)).toBe(5);
  expect(await sampling.atRanks(bench.projectId, {}, [0, 3, 11])).toEqual([sorted[0], sorted[3], sorted[11]]);
  expect(await sampling.count(bench.projectId, { status: ['SUCCEEDED'] }, 100)).toBe(0);
  expect(await sampling.count(await bench.addProject('other'), {}, 100)).toBe(0);
});
