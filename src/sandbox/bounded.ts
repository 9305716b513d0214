/** A list that keeps its newest `limit` items; adding one costs the same however long it is. */
export type BoundedList<T> = {
  push(item: T): void;
  /** Oldest first. */
  items(): T[];
};

export function createBoundedList<T>(limit: number): BoundedList<T> {
  let kept: T[] = [];
  let first = 0;
  return {
    push(item) {
      kept.push(item);
      if (kept.length - first > limit) first += 1;
      if (first < limit) return;
      // What has fallen out is let go of in one go, once it is as long as the list itself.
      kept = kept.slice(first);
      first = 0;
    },
    items: () => kept.slice(first),
  };
}

/** A map that knows at least its newest `limit` keys, and never more than twice as many. */
export type BoundedMap<V> = {
  get(key: string): V | undefined;
  set(key: string, value: V): void;
  values(): IterableIterator<V>;
};

export function createBoundedMap<V>(limit: number): BoundedMap<V> {
  let newer = new Map<string, V>();
  let older = new Map<string, V>();
  return {
    get: (key) => newer.get(key) ?? older.get(key),
    set(key, value) {
      older.delete(key);
      newer.set(key, value);
      if (newer.size < limit) return;
      older = newer;
      newer = new Map();
    },
    *values() {
      yield* older.values();
      yield* newer.values();
    },
  };
}
