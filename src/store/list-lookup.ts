import { createBatcher, readingPace } from './batcher.js';
import { isRowFault } from './database.js';

/** Requests answered by one statement at most. */
const askersAtMost = 20;

/**
 * Rows by lists of keys, asked for by many requests at once and read in one statement; each gets the rows of its keys, key by
 * key, those of one key in the order of the statement. As with lookups nothing is remembered.
 */
export function createListLookup<Row>(options: {
  read: (keys: readonly string[]) => Promise<readonly Row[]>;
  keyOf: (row: Row) => string;
}): (keys: readonly string[]) => Promise<Row[]> {
  const { read, keyOf } = options;
  let asked = 0;
  const batcher = createBatcher<readonly string[], Row[]>({
    isRowFault,
    // Readings never stand in each other's way.
    keyOf: () => String((asked += 1)),
    maxRows: askersAtMost,
    ...readingPace,
    async write(lists) {
      const found = Map.groupBy(await read([...new Set(lists.flat())]), keyOf);
      return lists.map((list) => [...new Set(list)].flatMap((key) => found.get(key) ?? []));
    },
  });
  return async (keys) => (keys.length === 0 ? [] : await batcher.add(keys));
}
