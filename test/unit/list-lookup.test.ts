import { expect, it, vi } from 'vitest';
import { createListLookup } from '../../src/store/list-lookup.js';

type Row = { key: string; n: number };
const rows: Row[] = [
  { key: 'b', n: 2 },
  { key: 'a', n: 1 },
  { key: 'b', n: 3 },
  { key: 'c', n: 4 },
];

function make() {
  const read = vi.fn<(keys: readonly string[]) => Promise<Row[]>>(async (keys) =>
    rows.filter(({ key }) => keys.includes(key)),
  );
  return { read, find: createListLookup({ read, keyOf: ({ key }: Row) => key }) };
}

it('gives each asker the rows of its keys, all read at once', async () => {
  const { read, find } = make();
  const asked = [['a', 'b'], ['b', 'b', 'x'], [], ['c']];
  const found = await Promise.all(asked.map(async (keys) => await find(keys)));
  expect(found.map((each) => each.map(({ n }) => n))).toEqual([[1, 2, 3], [2, 3], [], [4]]);
  expect(read.mock.calls).toEqual([[['a', 'b', 'x', 'c']]]);
});

it('asks nothing for no keys, and remembers nothing', async () => {
  const { read, find } = make();
  expect(await find([])).toEqual([]);
  expect(read).not.toHaveBeenCalled();
  await find(['a']);
  await find(['a']);
  expect(read).toHaveBeenCalledTimes(2);
});

it('fails those whose reading failed, and reads on', async () => {
  const { read, find } = make();
  read.mockRejectedValueOnce(new Error('No database.'));
  await expect(find(['a'])).rejects.toThrow('No database.');
  expect(await find(['a'])).toHaveLength(1);
});
