import { assert, integer, property } from 'fast-check';
import { expect, it } from 'vitest';
import { sampleRanks, shuffled } from '../../src/domain/sampling.js';

it('takes one of each equal part, all of them where there are too few, and the same for the same seed', () => {
  const numbers = { matches: integer({ min: 0, max: 100_000 }), sample: integer({ min: 1, max: 300 }) };
  assert(
    property(numbers.matches, numbers.sample, integer({ min: 0, max: 1e9 }), (matches, sample, seed) => {
      const ranks = sampleRanks(matches, sample, seed);
      expect(ranks).toHaveLength(Math.min(matches, sample));
      for (const [part, rank] of ranks.entries()) {
        expect(rank).toBeGreaterThanOrEqual(Math.floor((part * matches) / ranks.length));
        expect(rank).toBeLessThan(Math.floor(((part + 1) * matches) / ranks.length));
      }
      expect(sampleRanks(matches, sample, seed)).toEqual(ranks);
    }),
    { seed: 5, numRuns: 200 },
  );
});

it('takes others for another seed', () => {
  expect(sampleRanks(10_000, 20, 1)).not.toEqual(sampleRanks(10_000, 20, 2));
});

it('shuffles: everything once, in an order of the seed’s', () => {
  const things = Array.from({ length: 100 }, (_, n) => n);
  const order = shuffled(things, 3);
  expect(order.toSorted((a, b) => a - b)).toEqual(things);
  expect(order).not.toEqual(things);
  expect(shuffled(things, 3)).toEqual(order);
  expect(shuffled(things, 4)).not.toEqual(order);
  // The first ones come from everywhere.
  const firsts = order.slice(0, 20);
  expect(Math.min(...firsts)).toBeLessThan(25);
  expect(Math.max(...firsts)).toBeGreaterThan(75);
});
