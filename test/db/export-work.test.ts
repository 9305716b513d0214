import { afterAll, beforeAll, expect, it } from 'vitest';
import { exportBounds, type NewExport } from '../../src/domain/export.js';
import { newId } from '../../src/domain/ids.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';

let bench: LedgerBench;
const [one, other] = [newId(), newId()];
const leaseMs = 60_000;
const progress = { rows: 5, bytes: 10, expectedRows: 20 };

beforeAll(async () => {
  bench = await openLedger();
});

afterAll(async () => {
  await bench.stop();
});

async function create(projectId = bench.projectId): Promise<string> {
  const wanted: NewExport = {
    id: newId(),
    projectId,
    partitionBy: 'NONE',
    token: 'token',
    format: 'CSV',
    filter: { createdFrom: new Date('2026-11-01T00:00:00Z'), status: ['FAILED'], rating: { from: 3 } },
    search: 'a jar',
    columns: ['prompt', 'cost_micros'],
    bom: true,
  };
  const made = await bench.store.exports.create(wanted);
  expect(made).toMatchObject({ ...wanted, status: 'QUEUED' });
  return wanted.id;
}

/** As if whoever has it had died. */
async function die(id: string): Promise<void> {
  await bench.sql("update export set worker_until = now() - interval '1 second' where id = $1::uuid", id);
}

const clear = async (): Promise<unknown> => await bench.sql('delete from export');

it('gives an export to one worker, and to another only when the first has died', async () => {
  const { exportWork: work, exports } = bench.store;
  const id = await create();
  const first = await work.claim(one, leaseMs);
  expect(first).toMatchObject({
    id,
    status: 'RUNNING',
    projectSlug: 'first',
    bom: true,
    columns: ['prompt', 'cost_micros'],
  });
  expect(first?.filter.createdFrom).toEqual(new Date('2026-11-01T00:00:00Z'));
  if (first === null) throw new Error('There was none.');
  expect(await work.claim(other, leaseMs)).toBeNull();
  expect(await work.renew(first, leaseMs, progress)).toBe(true);
  expect(await exports.find(bench.projectId, id)).toMatchObject({ rows: 5, bytes: 10, expectedRows: 20 });

  await die(id);
  const second = await work.claim(other, leaseMs);
  if (second === null) throw new Error('There was none.');
  expect(second).toMatchObject({ id, rows: 0 });
  // The first comes back, and can do nothing any more.
  expect(await work.renew(first, leaseMs, progress)).toBe(false);
  expect(await work.finish(first, [])).toBe(false);
  await work.fail(first, { code: 'INTERNAL', message: 'late' }, { forGood: true });
  await work.release(first);
  const file = { path: 'generations.csv', rows: 7, bytes: 70, sha256: 'x' };
  expect(await work.finish(second, [file])).toBe(true);
  expect(await exports.byToken(id, 'token')).toMatchObject({ status: 'READY', rows: 7, bytes: 70, files: [file] });
  expect(await exports.byToken(id, 'other')).toBeNull();
  expect(await work.expire()).toEqual([second.folder]);
  await clear();
});

it('gives up what was begun three times', async () => {
  const { exportWork: work, exports } = bench.store;
  const id = await create();
  for (let n = 0; n < exportBounds.tries; n += 1) {
    expect(await work.claim(one, leaseMs)).toMatchObject({ id });
    await die(id);
  }
  expect(await work.claim(one, leaseMs)).toBeNull();
  expect(await exports.find(bench.projectId, id)).toMatchObject({
    status: 'FAILED',
    errorMessage: 'It was begun 3 times, and each time the process that made it ended.',
  });
  await clear();
});

it('tries again what failed, but not what was given up by a process that stops', async () => {
  const { exportWork: work, exports } = bench.store;
  const id = await create();
  for (let n = 0; n < 2 * exportBounds.tries; n += 1) {
    const claimed = await work.claim(one, leaseMs);
    if (claimed === null) throw new Error('There was none.');
    await work.release(claimed);
  }
  const states: (string | undefined)[] = [];
  for (let n = 0; n < exportBounds.tries; n += 1) {
    const claimed = await work.claim(one, leaseMs);
    if (claimed === null) throw new Error('There was none.');
    await work.fail(claimed, { code: 'INTERNAL', message: 'no' }, { forGood: false });
    states.push((await exports.find(bench.projectId, id))?.status);
  }
  expect(states).toEqual(['QUEUED', 'QUEUED', 'FAILED']);
  await clear();
});

it('takes projects in turn', async () => {
  const { exportWork: work } = bench.store;
  const second = await bench.addProject('second');
  const ids = [await create(), await create(), await create(second)];
  const taken = [await work.claim(one, leaseMs), await work.claim(other, leaseMs), await work.claim(newId(), leaseMs)];
  expect(taken.map((each) => ids.indexOf(each?.id ?? ''))).toEqual([0, 2, 1]);
  await clear();
});

it('forgets what has expired', async () => {
  const { exportWork: work, exports } = bench.store;
  const id = await create();
  const claimed = await work.claim(one, leaseMs);
  if (claimed === null) throw new Error('There was none.');
  await work.finish(claimed, []);
  await bench.sql("update export set expires_at = now() - interval '1 second'");
  expect(await work.expire()).toEqual([]);
  expect(await exports.find(bench.projectId, id)).toBeNull();
});

it('keeps to a project’s limits, also when asked all at once', async () => {
  const wanted = async (): Promise<boolean> => (await create().catch(() => null)) !== null;
  const made = await Promise.all(Array.from({ length: 6 }, wanted));
  expect(made.filter(Boolean)).toHaveLength(exportBounds.unfinished);
});
