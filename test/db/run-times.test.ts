import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '../../src/logger.js';
import { createLatencies } from '../../src/service/latencies.js';
import { purgeRunTimes } from '../../src/store/run-times.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';

let bench: LedgerBench;

beforeEach(async () => {
  bench = await openLedger();
});

afterEach(async () => await bench.stop());

const sample = (model: string, size: string, ms: number) => ({ model, size, lowerMs: ms, upperMs: ms });

it('is learned anew by whoever starts, and by everybody of everybody', async () => {
  const { runTimes } = bench.store;
  await runTimes.keep(Array.from({ length: 300 }, (_, n) => sample('bfl/a', '1MP', 9_000 + 10 * (n % 200))));
  await runTimes.keep([sample('bfl/b', '1MP', 100)]);
  const latencies = createLatencies({ runTimes, logger: createLogger('silent') });
  await latencies.start();
  const learned = latencies.of('bfl/a', 1_000_000)?.summary();
  expect(learned?.samples).toBe(300);
  expect(learned?.p50Ms).toBeGreaterThan(9_000);
  expect(learned?.p50Ms).toBeLessThan(11_000);
  expect(latencies.of('bfl/a', 4_000_000)).toBeNull();
  expect(latencies.of('bfl/c', 1_000_000)).toBeNull();
  expect(latencies.sizesOf('bfl/b').map(({ size }) => size)).toEqual(['1MP']);
  await latencies.stop();
});

it('reads of each kind the newest only, oldest first, and forgets the others', async () => {
  const { runTimes, database } = bench.store;
  await runTimes.keep(Array.from({ length: 2_100 }, (_, n) => sample('bfl/a', '1MP', n)));
  await runTimes.keep([sample('bfl/a', '2MP', 7)]);
  const rows = await runTimes.after(0n);
  expect(rows.map(({ lowerMs }) => lowerMs)).toEqual([...Array.from({ length: 2_000 }, (_, n) => n + 100), 7]);
  expect(await runTimes.after(rows.at(-1)?.id ?? 0n)).toEqual([]);
  expect(await purgeRunTimes(database)).toBe(100);
  expect(await runTimes.after(0n)).toEqual(rows);
});
