import { afterAll, beforeAll, expect, it } from 'vitest';
import { generationMove } from '../../src/domain/change.js';
import { newId } from '../../src/domain/ids.js';
import type { EventFilter } from '../../src/domain/ports.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';

let bench: LedgerBench;
let other: string;
const profileId = newId();

beforeAll(async () => {
  bench = await openLedger();
  other = await bench.addProject('other');
  const { store } = bench;
  // Positions 1 to 3, 4, 5 and 6, 7.
  await bench.accept(3);
  await store.events.number();
  await bench.accept(1, { projectId: other });
  await store.events.number();
  const [id = ''] = await bench.accept(1, { profileId, control: 'CANNY', provider: 'fal' });
  await store.events.number();
  await store.ledger.change({ generationId: id, attempt: null, generation: generationMove('SUBMITTING') });
  await store.events.number();
  await bench.accept(1);
  await store.events.number();
});

afterAll(async () => await bench.stop());

async function page(filter: EventFilter, after: number, upTo: number, limit = 100): Promise<number[]> {
  const events = await bench.store.eventLog.page(bench.projectId, filter, { after, upTo, limit });
  return events.map(({ position }) => position);
}

it('reads a project’s own events between two positions, in order', async () => {
  expect(await page({}, 0, 100)).toEqual([1, 2, 3, 5, 6, 7]);
  expect(await page({}, 2, 6)).toEqual([3, 5, 6]);
  expect(await page({}, 2, 6, 2)).toEqual([3, 5]);
  expect(await page({}, 7, 100)).toEqual([]);
});

it.each<[EventFilter, number[]]>([
  [{ status: null, profileId: null, control: null, provider: null }, [1, 2, 3, 5, 6, 7]],
  [{ status: ['SUBMITTING', 'FAILED'] }, [6]],
  [{ status: [] }, []],
  [{ profileId }, [5, 6]],
  [{ control: ['CANNY'] }, [5, 6]],
  [{ provider: ['bfl', 'replicate'] }, [1, 2, 3, 7]],
  [{ profileId, status: ['QUEUED'], control: ['CANNY', 'NONE'], provider: ['fal'] }, [5]],
])('reads those of %j', async (filter, wanted) => {
  expect(await page(filter, 0, 100)).toEqual(wanted);
});

it('says how the log stands to somebody who comes again', async () => {
  const { eventLog } = bench.store;
  const rested = { last: 7, gone: false, many: false };
  expect(await eventLog.since(bench.projectId, 7, 10)).toEqual({ ...rested, oldestMs: null });
  expect(await eventLog.since(bench.projectId, 99, 10)).toEqual({ ...rested, oldestMs: null });
  expect(await eventLog.since(other, 4, 10)).toEqual({ ...rested, oldestMs: null });
  // Six of its own events, however many there are of others.
  expect(await eventLog.since(bench.projectId, 0, 6)).toMatchObject(rested);
  expect(await eventLog.since(bench.projectId, 0, 5)).toMatchObject({ ...rested, many: true });
  await bench.sql("update generation_event set at = at - interval '1 hour' where position = 5");
  const { oldestMs } = await eventLog.since(bench.projectId, 4, 10);
  expect(oldestMs).toBeGreaterThanOrEqual(3_600_000);
  expect(oldestMs).toBeLessThan(3_700_000);
  await bench.sql('delete from generation_event where position <= 2');
  expect(await eventLog.since(bench.projectId, 1, 10)).toMatchObject({ gone: true });
  expect(await eventLog.since(bench.projectId, 2, 10)).toMatchObject({ gone: false });
});
