import { createBytes, type Bytes } from './bytes.ts';

/** The different texts of a column, in the order in which they came. */
export type Dictionary = {
  /** The number of a text. */
  indexOf(source: Uint8Array, at: number, length: number): number;
  size(): number;
  /** All texts, each behind its length. */
  page(): Bytes;
  clear(): void;
};

type Entry = { index: number; at: number; length: number };

export function createDictionary(): Dictionary {
  const page = createBytes();
  let entries = new Map<number, Entry[]>();
  let size = 0;

  function isSame({ at, length }: Entry, source: Uint8Array, from: number, count: number): boolean {
    if (length !== count) return false;
    const known = page.view();
    for (let n = 0; n < count; n += 1) if (known[at + n] !== source[from + n]) return false;
    return true;
  }

  return {
    indexOf(source, at, length) {
      // FNV-1a: few texts, so the bytes are compared mostly once.
      let hash = 0x811c9dc5;
      for (let n = 0; n < length; n += 1) hash = Math.imul(hash ^ (source[at + n] ?? 0), 0x01000193);
      const alike = entries.get(hash) ?? [];
      for (const entry of alike) if (isSame(entry, source, at, length)) return entry.index;
      page.uint32(length);
      const entry = { index: size, at: page.length(), length };
      page.copy(source, at, length);
      entries.set(hash, [...alike, entry]);
      size += 1;
      return entry.index;
    },
    size: () => size,
    page: () => page,
    clear() {
      page.clear();
      entries = new Map();
      size = 0;
    },
  };
}
