import type { Sql } from 'postgres';

/** Places in the order of all events, taken many at a time beside whoever else takes some. */
export type Positions = {
  /** Has so many at hand. */
  reserve(count: number): Promise<void>;
  next(): number;
  /** Gives back what was not used, unless somebody took more since. */
  end(): Promise<void>;
};

const atOnce = 20_000;

export function takePositions(sql: Sql): Positions {
  let blocks: { next: number; last: number }[] = [];
  return {
    async reserve(count) {
      const left = blocks.reduce((sum, { next, last }) => sum + last - next + 1, 0);
      if (left >= count) return;
      const more = Math.max(count - left, atOnce);
      const [taken] = await sql<{ last: string }[]>`
        update event_position set last = last + ${more} returning last`;
      const last = Number(taken?.last);
      blocks.push({ next: last - more + 1, last });
    },
    next() {
      const [block] = blocks;
      if (block === undefined) throw new Error('More positions were used than reserved.');
      if (block.next === block.last) blocks = blocks.slice(1);
      return block.next++;
    },
    async end() {
      const block = blocks.at(-1);
      blocks = [];
      if (block === undefined) return;
      await sql`update event_position set last = ${block.next - 1} where last = ${block.last}`;
    },
  };
}
