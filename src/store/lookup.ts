import { createBatcher, readingPace } from './batcher.js';
import { isRowFault } from './database.js';

/**
 * Rows by their key, asked for by many requests at once and read in one statement. Nothing is remembered, and nobody
 * joins a statement that was sent before they asked: what was committed before a question is in its answer.
 */
export function createLookup<Row>(
  read: (keys: readonly string[]) => Promise<ReadonlyMap<string, Row>>,
): (key: string) => Promise<Row | null> {
  let asked = 0;
  const batcher = createBatcher<string, Row | null>({
    isRowFault,
    // Readings never stand in each other's way, those of the same row neither.
    keyOf: () => String((asked += 1)),
    ...readingPace,
    async write(keys) {
      const found = await read([...new Set(keys)]);
      return keys.map((key) => found.get(key) ?? null);
    },
  });
  return async (key) => await batcher.add(key);
}
