import { assert, jsonValue, property } from 'fast-check';
import { expect, it } from 'vitest';
import type { Idempotency } from '../../src/domain/ports.js';
import { findRepeated, requestKeyOf } from '../../src/service/idempotency.js';
import { idAt, makeGeneration, refusalsOf, valueOf, viewer } from './fakes.js';

function hashOf(request: unknown): string {
  return requestKeyOf(viewer, 'k', request)?.requestHash.toString('hex') ?? 'none';
}

it('takes a request for the same whatever the order of its fields and what is left out', () => {
  const request = { prompt: 'a', parameters: { steps: 20, seed: 7 }, tags: ['x', 'y'], model: null };
  expect(hashOf({ tags: ['x', 'y'], parameters: { seed: 7, steps: 20, width: undefined }, prompt: 'a' })).toBe(
    hashOf(request),
  );
});

it.each([
  ['a value', { prompt: 'b' }],
  ['a name', { prompts: 'a' }],
  ['a type', { prompt: 1 }, { prompt: '1' }],
  ['an order', { tags: ['x', 'y'] }, { tags: ['y', 'x'] }],
  ['a border between texts', { tags: ['xy', ''] }, { tags: ['x', 'y'] }],
  ['a nesting', { tags: [['x'], 'y'] }, { tags: [['x', 'y']] }],
])('takes a request for another when it differs in %s', (_, one, other: unknown = { prompt: 'a' }) => {
  expect(hashOf(one)).not.toBe(hashOf(other));
});

it('never takes two different requests for the same', () => {
  const value = jsonValue({ maxDepth: 3 });
  const plain = (each: unknown): string => JSON.stringify(each, (_, part: unknown) => sorted(part));
  assert(
    property(value, value, (one, other) => {
      expect(hashOf(one) === hashOf(other)).toBe(plain(one) === plain(other));
    }),
    { seed: 7, numRuns: 500 },
  );
});

/** An object's keys in order, without those that hold null. */
function sorted(part: unknown): unknown {
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return Object.is(part, -0) ? 0 : part;
  const entries = Object.entries(part).filter(([, each]) => each !== null);
  return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

it('has no key for a request that brings none', () => {
  expect(requestKeyOf(viewer, null, {})).toBeNull();
});

function present<T>(value: T | null): T {
  if (value === null) throw new Error('There is nothing.');
  return value;
}

const mine = present(requestKeyOf(viewer, 'k', { prompt: 'a' }));

async function find(known: Awaited<ReturnType<Idempotency['find']>>, there = true): ReturnType<typeof findRepeated> {
  const generation = async () => (there ? makeGeneration() : null);
  return await findRepeated({ idempotency: { find: async () => known }, history: { generation } }, viewer, mine);
}

it('gives what the key stands for, or says why it cannot', async () => {
  const generationId = idAt(20);
  expect(await find(null)).toBeNull();
  const same = present(await find({ generationId, requestHash: mine.requestHash }));
  expect(valueOf(same).id).toBe(generationId);
  const other = present(await find({ generationId, requestHash: Buffer.alloc(32) }));
  expect(refusalsOf(other)).toMatchObject([{ code: 'CONFLICT', path: ['input', 'idempotencyKey'], given: 'k' }]);
  const gone = present(await find({ generationId, requestHash: mine.requestHash }, false));
  expect(refusalsOf(gone)).toMatchObject([{ code: 'CONFLICT' }]);
});
