import { createReading } from './reading.js';

/** Requests answered by one statement at most. */
const askersAtMost = 20;

/**
 * Rows by lists of keys, asked for by many requests at once and read in one statement; each gets the rows of its keys, key by
 * key, those of one key in the order of the statement.
 */
export function createListLookup<Row>(options: {
  read: (keys: readonly string[]) => Promise<readonly Row[]>;
  keyOf: (row: Row) => string;
}): (keys: readonly string[]) => Promise<Row[]> {
  const { read, keyOf } = options;
  const rowsOf = createReading<readonly string[], Row[]>({
    atMost: askersAtMost,
    async read(lists) {
      const found = Map.groupBy(await read([...new Set(lists.flat())]), keyOf);
      return lists.map((list) => [...new Set(list)].flatMap((key) => found.get(key) ?? []));
    },
  });
  return async (keys) => (keys.length === 0 ? [] : await rowsOf(keys));
}
