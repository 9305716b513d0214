import { expect, it } from 'vitest';
import { createLookup } from '../../src/store/lookup.js';

/** Lets everything that can go on without an answer go on. */
const settle = async (): Promise<void> => await new Promise((resolve) => setImmediate(resolve));

/** A lookup over rows that the test may change; statements answer, with the rows of that time, when the test says so. */
function heldLookup(rows: Map<string, number>): {
  lookup: (key: string) => Promise<number | null>;
  asked: (readonly string[])[];
  answer: (statement: number) => void;
} {
  const asked: (readonly string[])[] = [];
  const answers: (() => void)[] = [];
  const lookup = createLookup<number>(async (keys) => {
    asked.push(keys);
    const seen = new Map(rows);
    await new Promise<void>((resolve) => answers.push(resolve));
    return seen;
  });
  return { lookup, asked, answer: (statement) => answers[statement]?.() };
}

it('reads what is asked at once in one statement, each row once, and says what is not there', async () => {
  const { lookup, asked, answer } = heldLookup(new Map([['a', 1]]));
  const found = Promise.all(['a', 'b', 'a'].map(async (key) => await lookup(key)));
  await settle();
  expect(asked).toEqual([['a', 'b']]);
  answer(0);
  expect(await found).toEqual([1, null, 1]);
});

it('never answers from a statement that was sent before the question', async () => {
  const rows = new Map([['a', 1]]);
  const { lookup, asked, answer } = heldLookup(rows);
  const before = lookup('a');
  await settle();
  rows.set('a', 2);
  const after = lookup('a');
  await settle();
  expect(asked).toEqual([['a'], ['a']]);
  answer(0);
  answer(1);
  expect(await Promise.all([before, after])).toEqual([1, 2]);
});
