import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { checkFilter } from '../../src/domain/check-list.js';
import { indexedFields, listOrders, planOf, type ListFilter, type ListOrder } from '../../src/domain/listing.js';

const aDay = new Date('2026-03-01T12:00:00Z');
const plan = (filter: ListFilter, orderBy: ListOrder = 'NEWEST', search: string | null = null): boolean =>
  planOf({ filter, orderBy, search }).bounded;

it.each<[ListFilter, ListOrder]>([
  [{}, 'NEWEST'],
  [{ createdFrom: aDay }, 'OLDEST'],
  [{ model: ['a', 'b'], createdFrom: aDay, createdTo: aDay }, 'NEWEST'],
  [{ sweepId: 'x', favourite: false, control: ['NONE'] }, 'OLDEST'],
  [{ allTags: ['a'] }, 'NEWEST'],
  [{ costMicros: { from: 1 } }, 'CHEAPEST'],
])('reads %j in the order %s from an index', (filter, orderBy) => {
  expect(plan(filter, orderBy)).toBe(false);
});

it.each<[ListFilter, ListOrder]>([
  [{ model: ['a'], control: ['NONE'] }, 'NEWEST'],
  [{ allTags: ['a', 'b'] }, 'NEWEST'],
  [{ favourite: false }, 'OLDEST'],
  [{ hasImage: false }, 'NEWEST'],
  [{ costMicros: { from: 1 } }, 'NEWEST'],
  [{ costMicros: { from: 1 } }, 'FASTEST'],
  [{ createdFrom: aDay }, 'BEST_RATED'],
])('stops %j in the order %s when it takes long', (filter, orderBy) => {
  expect(plan(filter, orderBy)).toBe(true);
});

it('stops every search that takes long', () => {
  expect(plan({}, 'NEWEST', 'jar')).toBe(true);
});

it('has every condition and order in the table of docs/history.md', async () => {
  const text = await readFile(new URL('../../docs/history.md', import.meta.url), 'utf8');
  for (const name of [...indexedFields, ...Object.keys(listOrders)]) expect(text).toMatch(new RegExp(`\\b${name}\\b`));
});

it.each<[string, ListFilter]>([
  ['a time before the epoch', { createdFrom: new Date(-1) }],
  ['a time that is none', { createdTo: new Date(Number.NaN) }],
  ['half a surrogate pair', { model: ['\ud800'] }],
])('refuses %s', (_what, filter) => {
  expect(() => checkFilter(filter)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
});
