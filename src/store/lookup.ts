import { createReading } from './reading.js';

/** Rows by their key, asked for by many requests at once and read in one statement. */
export function createLookup<Row>(
  read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Row>>,
): (key: string) => Promise<Row | null> {
  return createReading<string, Row | null>({
    async read(keys) {
      const found = await read([...new Set(keys)]);
      return keys.map((key) => found.get(key) ?? null);
    },
  });
}
