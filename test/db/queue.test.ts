import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId } from '../../src/domain/ids.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';

let bench: LedgerBench;

beforeEach(async () => {
  bench = await openLedger();
});

afterEach(async () => await bench.stop());

const account = 'sandbox';

async function admitOne(limit: number): Promise<string | null> {
  const refs = await bench.store.worklist.admit({ account, instanceId: newId(), limit, atMost: 1 });
  return refs[0]?.generationId ?? null;
}

it('tells everybody the place in which admission then takes them', async () => {
  const [other, third] = [await bench.addProject('other'), await bench.addProject('third')];
  await bench.accept(12, { priority: 0 });
  await bench.accept(3, { priority: 5 });
  await bench.accept(4, { projectId: other });
  // One that has much running already stands further back.
  await bench.accept(6, { projectId: third });
  for (let limit = 1; limit <= 5; limit += 1) await admitOne(limit);

  const projects = [bench.projectId, other, third];
  const rows = await bench.sql("select id::text, project_id::text as project from generation where status = 'QUEUED'");
  const told = new Map<string, number>();
  for (const project of projects) {
    const ids = rows.filter((row) => row['project'] === project).map((row) => String(row['id']));
    for (const [id, { position, running }] of await bench.store.queue.places(project, account, ids)) {
      told.set(id, position);
      expect(running).toBe(5);
    }
  }
  expect(told.size).toBe(rows.length);
  const taken: string[] = [];
  for (let limit = 6; taken.length < rows.length; limit += 1) taken.push((await admitOne(limit)) ?? 'none');
  // Projects whose turn is the same are told the same place: a tie is decided by priority and age.
  const off = taken.map((id, index) => Math.abs((told.get(id) ?? Number.NaN) - (index + 1)));
  expect(Math.max(...off)).toBeLessThan(projects.length);
});

it('foretells the place that somebody gets who comes now', async () => {
  const other = await bench.addProject('other');
  const { queue } = bench.store;
  expect(await queue.placeOfNext(bench.projectId, account, 0)).toEqual({ position: 1, running: 0 });
  await bench.accept(6);
  await bench.accept(2, { priority: 5 });
  await bench.accept(3, { projectId: other });
  for (let limit = 1; limit <= 2; limit += 1) await admitOne(limit);
  for (const projectId of [bench.projectId, other]) {
    for (const priority of [-5, 0, 5]) {
      const foretold = await queue.placeOfNext(projectId, account, priority);
      const [id = ''] = await bench.accept(1, { projectId, priority });
      expect((await queue.places(projectId, account, [id])).get(id)).toEqual(foretold);
    }
  }
});

it('knows nothing of what does not wait, and shows nobody another project', async () => {
  const [mine = ''] = await bench.accept(1);
  const other = await bench.addProject('other');
  const [theirs = ''] = await bench.accept(1, { projectId: other });
  const { queue } = bench.store;
  expect([...(await queue.places(bench.projectId, account, [mine, theirs])).keys()]).toEqual([mine]);
  expect((await queue.places(bench.projectId, 'elsewhere', [mine])).size).toBe(0);
  while ((await admitOne(10)) !== null);
  expect((await queue.places(bench.projectId, account, [mine])).size).toBe(0);
});
