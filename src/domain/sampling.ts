import { createHash } from 'node:crypto';

/** A whole number from 0 to below `below` (at most 2^48) that only the seed and the words decide. */
function drawn(seed: number, words: string, below: number): number {
  const digest = createHash('sha256').update(`${seed} ${words}`).digest();
  return digest.readUIntBE(0, 6) % below;
}

/**
 * Ranks, from 0, of a sample that is spread over all: of `sample` parts as equal as can be one each, in rising order. All of
 * them where there are no more than were asked for. The same seed chooses the same ranks.
 */
export function sampleRanks(matches: number, sample: number, seed: number): number[] {
  const parts = Math.min(matches, sample);
  return Array.from({ length: parts }, (_, part) => {
    const from = Math.floor((part * matches) / parts);
    const to = Math.floor(((part + 1) * matches) / parts);
    return from + drawn(seed, `part ${part}`, to - from);
  });
}

/** The same things in an order that only the seed decides, so that any beginning of it is spread over all. */
export function shuffled<T>(things: readonly T[], seed: number): T[] {
  return things
    .map((thing, n) => ({ thing, n, key: drawn(seed, `turn ${n}`, 2 ** 48) }))
    .toSorted((a, b) => a.key - b.key || a.n - b.n)
    .map(({ thing }) => thing);
}
