import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createReserve, type Reserve } from '../../src/images/reserve.js';
import { createLogger } from '../../src/logger.js';

vi.mock('node:timers/promises', async () => await import('./fake-delay.js'));
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

let now = 0;
const freeBytes = vi.fn<() => Promise<number>>();

function watch(reserveBytes = 1_000): { reserve: Reserve; said: string[] } {
  now = 0;
  freeBytes.mockReset();
  const said: string[] = [];
  const logger = createLogger('silent');
  logger.error = (_details: unknown, message?: string) => void said.push(`error: ${message}`);
  logger.info = (_details: unknown, message?: string) => void said.push(`info: ${message}`);
  return { reserve: createReserve({ freeBytes, reserveBytes, logger, now: () => now }), said };
}

/** What it answers, a while later, with so much free. */
async function at(reserve: Reserve, free: number): Promise<boolean> {
  now += 1_000;
  freeBytes.mockResolvedValueOnce(free);
  return await reserve.accepting();
}

const begins = 'error: The disk of the image store is nearly full: nothing new is taken, what runs is finished';
const ends = 'info: The disk of the image store has room again';

it('takes nothing new below the reserve, and says so once when that begins and once when it ends', async () => {
  const { reserve, said } = watch();
  expect(await at(reserve, 1_000)).toBe(true);
  expect(said).toEqual([]);
  for (const free of [999, 0, 500]) expect(await at(reserve, free)).toBe(false);
  expect(said).toEqual([begins]);
  expect(await at(reserve, 5_000)).toBe(true);
  expect(await at(reserve, 5_000)).toBe(true);
  expect(said).toEqual([begins, ends]);
});

it('does not come and go at the very edge', async () => {
  const { reserve, said } = watch();
  for (const free of [999, 1_000, 999, 1_099]) expect(await at(reserve, free)).toBe(false);
  expect(await at(reserve, 1_100)).toBe(true);
  expect(await at(reserve, 1_000)).toBe(true);
  expect(said).toEqual([begins, ends]);
});

it('asks the disk once a second, however many ask', async () => {
  const { reserve } = watch();
  freeBytes.mockResolvedValue(5_000);
  for (now = 0; now < 3_000; now += 10) await Promise.all([reserve.accepting(), reserve.accepting()]);
  expect(freeBytes).toHaveBeenCalledTimes(3);
});

it('asks nothing when it is off', async () => {
  const { reserve } = watch(0);
  expect(await reserve.accepting()).toBe(true);
  expect(freeBytes).not.toHaveBeenCalled();
});

it('leaves it to the writers to say that the disk does not answer', async () => {
  const { reserve, said } = watch();
  freeBytes.mockRejectedValue(new Error('No such disk.'));
  expect(await reserve.accepting()).toBe(true);
  expect(said).toEqual([]);
});

it('tells the log although nobody asks, until it is stopped', async () => {
  const { reserve, said } = watch();
  freeBytes.mockResolvedValue(5_000);
  reserve.start();
  await vi.advanceTimersByTimeAsync(0);
  now += 10_000;
  freeBytes.mockResolvedValue(10);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(said).toEqual([begins]);
  await reserve.stop();
  expect(vi.getTimerCount()).toBe(0);
});
