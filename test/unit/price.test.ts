import { describe, expect, it } from 'vitest';
import { dearestPrice, priceAt, priceDifference, type PriceTable } from '../../src/domain/price.js';

const day = (text: string): Date => new Date(`${text}T00:00:00Z`);
const prices: PriceTable = [
  { from: null, micros: 50, per: 'IMAGE' },
  { from: day('2026-06-01'), micros: 60, per: 'IMAGE' },
  { from: day('2026-09-01'), micros: null, per: 'IMAGE' },
  { from: day('2026-10-01'), micros: 40, per: 'MEGAPIXEL' },
];

describe('a price', () => {
  it.each([
    ['2020-01-01', 50],
    ['2026-06-01', 60],
    ['2026-08-31', 60],
    ['2026-09-15', null],
    ['2026-10-01', 40],
  ])('at %s is %s', (at, expected) => {
    expect(priceAt(prices, day(at))).toBe(expected);
  });

  it('is unknown where none is listed, or not yet', () => {
    expect(priceAt([], day('2026-01-01'))).toBeNull();
    expect(priceAt(prices.slice(1), day('2026-05-31'))).toBeNull();
  });

  it.each([
    [{ width: 1024, height: 1024 }, 40],
    [{ width: 1024, height: 1025 }, 80],
    [{ width: 1440, height: 1440 }, 80],
    [{ width: 2048, height: 2048 }, 160],
    [{ width: 64, height: 64 }, 40],
    [{}, 40],
  ])('by the megapixel of %j is %i', (size, expected) => {
    expect(priceAt(prices, day('2026-11-01'), size)).toBe(expected);
  });
});

it.each([
  ['2026-01-01', '2026-01-02', 50],
  ['2026-05-31', '2026-06-01', 60],
  ['2026-06-15', '2026-06-16', 60],
  ['2026-08-31', '2026-09-02', null],
  ['2026-10-01', '2026-10-02', 40],
])('the dearest from %s until %s is %s', (now, until, expected) => {
  expect(dearestPrice(prices, day(now), day(until), {})).toBe(expected);
});

it.each([
  [60_000, 60_000, 0],
  [60_000, 60_600, 0],
  [60_000, 60_601, 601],
  [60_000, 51_000, -9_000],
  [1_000, 1_100, 0],
  [1_000, 1_101, 101],
  [0, 100, 0],
  [null, 60_000, null],
  [60_000, null, null],
])('listed at %s and settled at %s differs by %s', (list, settled, expected) => {
  expect(priceDifference(list, settled)).toBe(expected);
});
