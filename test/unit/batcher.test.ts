import { describe, expect, it } from 'vitest';
import { createBatcher, type Batcher } from '../../src/store/batcher.js';

type Row = { key: string; n: number };
type Flight = { rows: Row[]; land: () => void; crash: (error: Error) => void };

const row = (key: string, n = 0): Row => ({ key, n });
const rowsTo = (count: number): Row[] => Array.from({ length: count }, (_, n) => row(`k${n}`, n));
/** Lets everything that can go on without a landing go on. */
const settle = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

/** A batcher whose writes land when the test says so; each row's result is its number. */
function heldBatcher(options: { maxRows?: number; maxInFlight?: number; maxWaiting?: number; share?: number } = {}): {
  batcher: Batcher<Row, number>;
  flights: Flight[];
} {
  const flights: Flight[] = [];
  const batcher = createBatcher<Row, number>({
    ...options,
    keyOf: ({ key }) => key,
    write: async (rows) => {
      const { promise, resolve, reject } = Promise.withResolvers<number[]>();
      flights.push({ rows, land: () => resolve(rows.map(({ n }) => n)), crash: reject });
      return await promise;
    },
  });
  return { batcher, flights };
}
const sizes = (flights: Flight[]): number[] => flights.map(({ rows }) => rows.length);

describe('a batcher', () => {
  it.each([
    [1, [10]],
    [0.3, [10, 3, 4]],
  ])('sends the next batch once it has %s of the rows in flight', async (share, sent) => {
    const { batcher, flights } = heldBatcher({ share, maxInFlight: 4 });
    const adding = rowsTo(10).map(async (each) => await batcher.add(each));
    await settle();
    for (let n = 10; n < 17; n += 1) {
      adding.push(batcher.add(row(`k${n}`, n)));
      await settle();
    }
    expect(sizes(flights)).toEqual(sent);
    while (flights.length > 0) {
      for (const { land } of flights.splice(0)) land();
      await settle();
    }
    expect(await Promise.all(adding)).toEqual(Array.from({ length: 17 }, (_, n) => n));
  });

  it('writes a single row at once when it is idle', async () => {
    const { batcher, flights } = heldBatcher();
    const added = batcher.add(row('a', 7));
    await settle();
    expect(sizes(flights)).toEqual([1]);
    flights[0]?.land();
    expect(await added).toBe(7);
  });

  it('joins what is added together, and gives everyone their own result', async () => {
    const { batcher, flights } = heldBatcher();
    const added = Promise.all(rowsTo(50).map(async (each) => await batcher.add(each)));
    await settle();
    expect(sizes(flights)).toEqual([50]);
    flights[0]?.land();
    expect(await added).toEqual(rowsTo(50).map(({ n }) => n));
  });

  it('joins what is added in one turn of the event loop, one after the other', async () => {
    const { batcher, flights } = heldBatcher();
    const added: Promise<number>[] = [];
    for (const each of rowsTo(5)) {
      added.push(batcher.add(each));
      await Promise.resolve();
    }
    await settle();
    expect(sizes(flights)).toEqual([5]);
    flights[0]?.land();
    expect(await Promise.all(added)).toEqual(rowsTo(5).map(({ n }) => n));
  });

  it('has two batches in flight at most, and joins what waits meanwhile', async () => {
    const { batcher, flights } = heldBatcher();
    const added: Promise<number>[] = [];
    for (const each of rowsTo(10)) {
      added.push(batcher.add(each));
      await settle();
    }
    expect(sizes(flights)).toEqual([1, 1]);
    flights[1]?.land();
    await settle();
    expect(sizes(flights)).toEqual([1, 1, 8]);
    flights[0]?.land();
    flights[2]?.land();
    expect(await Promise.all(added)).toEqual(rowsTo(10).map(({ n }) => n));
  });

  it('lets a second batch fly only when it is as large as what flies', async () => {
    const { batcher, flights } = heldBatcher();
    const added = rowsTo(3).map(async (each) => await batcher.add(each));
    await settle();
    for (const each of [row('x', 3), row('y', 4)]) {
      added.push(batcher.add(each));
      await settle();
    }
    expect(sizes(flights)).toEqual([3]);
    added.push(batcher.add(row('z', 5)));
    await settle();
    expect(sizes(flights)).toEqual([3, 3]);
    added.push(batcher.add(row('last', 6)));
    flights[0]?.land();
    await settle();
    expect(sizes(flights)).toEqual([3, 3]);
    flights[1]?.land();
    await settle();
    flights[2]?.land();
    expect(await Promise.all(added)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });

  it('writes 200 rows at most in one batch, in the order of their coming', async () => {
    const { batcher, flights } = heldBatcher();
    const added = Promise.all(rowsTo(500).map(async (each) => await batcher.add(each)));
    await settle();
    expect(sizes(flights)).toEqual([200, 200]);
    flights[0]?.land();
    flights[1]?.land();
    await settle();
    expect(sizes(flights)).toEqual([200, 200, 100]);
    expect(flights.flatMap(({ rows }) => rows)).toEqual(rowsTo(500));
    for (const flight of flights) flight.land();
    await added;
  });

  it('never puts two rows of the same key into one batch', async () => {
    const { batcher, flights } = heldBatcher({ maxInFlight: 1 });
    const given = [row('a', 1), row('a', 2), row('b', 3), row('a', 4), row('c', 5)];
    const added = Promise.all(given.map(async (each) => await batcher.add(each)));
    for (let flown = 0; flown < 3; flown += 1) {
      await settle();
      flights[flown]?.land();
    }
    expect(await added).toEqual([1, 2, 3, 4, 5]);
    expect(flights.map(({ rows }) => rows.map(({ n }) => n))).toEqual([[1, 3, 5], [2], [4]]);
  });

  it('halves a failed batch until the bad row stands alone, so that only it fails', async () => {
    const written: number[][] = [];
    const batcher = createBatcher<Row, number>({
      keyOf: ({ key }) => key,
      write: async (rows) => {
        written.push(rows.map(({ n }) => n));
        if (rows.some(({ n }) => n === 2)) throw new Error('Row 2 is bad.');
        return rows.map(({ n }) => n);
      },
    });
    const added = await Promise.allSettled(rowsTo(5).map(async (each) => await batcher.add(each)));
    expect(added.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled', 'fulfilled']);
    expect(added[2]).toMatchObject({ reason: new Error('Row 2 is bad.') });
    expect(written).toEqual([[0, 1, 2, 3, 4], [0, 1, 2], [0, 1], [2], [3, 4]]);
    expect(await batcher.add(row('z', 9))).toBe(9);
  });

  it('fails a whole batch at once when no row is to blame', async () => {
    let writes = 0;
    const batcher = createBatcher<Row, number>({
      keyOf: ({ key }) => key,
      write: async () => {
        writes += 1;
        throw new Error('No database.');
      },
      isRowFault: () => false,
    });
    const added = await Promise.allSettled(rowsTo(5).map(async (each) => await batcher.add(each)));
    expect(added.map(({ status }) => status)).toEqual(rowsTo(5).map(() => 'rejected'));
    expect(writes).toBe(1);
  });

  it('takes no more when too much waits, and again when that is written', async () => {
    const { batcher, flights } = heldBatcher({ maxInFlight: 1, maxWaiting: 2 });
    const flying = batcher.add(row('a'));
    await settle();
    const waiting = [batcher.add(row('b')), batcher.add(row('c'))];
    await expect(batcher.add(row('d'))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    flights[0]?.land();
    await settle();
    waiting.push(batcher.add(row('e')));
    flights[1]?.land();
    await settle();
    flights[2]?.land();
    await Promise.all([flying, ...waiting]);
    expect(sizes(flights)).toEqual([1, 2, 1]);
  });

  it('writes a single bad row only once', async () => {
    const { batcher, flights } = heldBatcher();
    const added = batcher.add(row('a'));
    await settle();
    flights[0]?.crash(new Error('No.'));
    await expect(added).rejects.toThrow('No.');
    expect(flights).toHaveLength(1);
  });

  it('fails a row that got no result, instead of leaving it waiting', async () => {
    const batcher = createBatcher<Row, number>({ keyOf: ({ key }) => key, write: async () => [1] });
    const added = await Promise.allSettled([batcher.add(row('a')), batcher.add(row('b'))]);
    expect(added.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
  });

  it('drains what waits and what flies, and what fails', async () => {
    const { batcher, flights } = heldBatcher({ maxRows: 2, maxInFlight: 1 });
    const outcomes = Promise.allSettled(rowsTo(3).map(async (each) => await batcher.add(each)));
    let drained = false;
    const draining = batcher.drain().then(() => (drained = true));
    await settle();
    flights[0]?.land();
    await settle();
    expect(drained).toBe(false);
    flights[1]?.crash(new Error('No.'));
    await draining;
    expect((await outcomes).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  });

  it('is drained at once when there is nothing to do', async () => {
    await expect(heldBatcher().batcher.drain()).resolves.toBeUndefined();
  });
});
