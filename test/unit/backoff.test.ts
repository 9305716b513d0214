import { afterEach, describe, expect, it, vi } from 'vitest';
import { backoffMs } from '../../src/poller/backoff.js';

afterEach(() => vi.restoreAllMocks());
const chance = (value: number): void => void vi.spyOn(Math, 'random').mockReturnValue(value);
const almostOne = 1 - 2 ** -53;
const pauses = (failures: number[]): number[] =>
  failures.map((each) => backoffMs({ failures: each, baseMs: 500, capMs: 30_000 }));

describe('the pause before the next try', () => {
  it('doubles with each failure up to its cap, at the most', () => {
    chance(almostOne);
    expect(pauses([1, 2, 3, 6, 7, 8, 100, 1e9])).toEqual([500, 1_000, 2_000, 16_000, 30_000, 30_000, 30_000, 30_000]);
  });

  it('is half of that at the least', () => {
    chance(0);
    expect(pauses([1, 2, 3, 6, 7, 1e9])).toEqual([250, 500, 1_000, 8_000, 15_000, 15_000]);
  });

  it('differs between many that failed together', () => {
    const many = Array.from({ length: 100 }, () => backoffMs({ failures: 5, baseMs: 500, capMs: 30_000 }));
    expect(new Set(many).size).toBeGreaterThan(50);
    for (const pause of many) expect(pause >= 4_000 && pause <= 8_000).toBe(true);
  });

  it.each([
    [60_000, 60_000],
    [400, 400],
    [100, 250],
    [0, 250],
    [null, 250],
    [undefined, 250],
  ])('is never shorter than the %o ms that the provider asked for, not even for the cap', (retryAfterMs, pause) => {
    chance(0);
    const asked = retryAfterMs === undefined ? {} : { retryAfterMs };
    expect(backoffMs({ failures: 1, baseMs: 500, capMs: 30_000, ...asked })).toBe(pause);
  });

  it('is a whole number, and not above a cap below its base', () => {
    chance(1 / 3);
    expect(pauses([1, 2, 3]).every((pause) => Number.isInteger(pause))).toBe(true);
    chance(almostOne);
    expect(backoffMs({ failures: 1, baseMs: 500, capMs: 100 })).toBe(100);
  });
});
