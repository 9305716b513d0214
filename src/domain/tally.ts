import { generationStatuses, isTerminal, type GenerationStatus } from './lifecycle.js';

/** Generations of one statement: how many, and what they cost in micro-USD as far as that is known. */
export type TallyRow = {
  status: GenerationStatus;
  count: number;
  estimatedMicros: number | null;
  quotedMicros: number | null;
  settledMicros: number | null;
};

/** How a group of generations stands. */
export type Tally = {
  /** Those that are none are left out; in the order of the lifecycle. */
  counts: { status: GenerationStatus; count: number }[];
  total: number;
  ended: number;
  cost: Pick<TallyRow, 'estimatedMicros' | 'quotedMicros' | 'settledMicros'>;
};

export function tallyOf(rows: readonly TallyRow[]): Tally {
  const counts = generationStatuses.flatMap((status) => {
    const count = sum(rows.filter((row) => row.status === status).map((row) => row.count)) ?? 0;
    return count === 0 ? [] : [{ status, count }];
  });
  return {
    counts,
    total: counts.reduce((total, { count }) => total + count, 0),
    ended: counts.reduce((total, { status, count }) => total + (isTerminal(status) ? count : 0), 0),
    cost: {
      estimatedMicros: sum(rows.map((row) => row.estimatedMicros)),
      quotedMicros: sum(rows.map((row) => row.quotedMicros)),
      settledMicros: sum(rows.map((row) => row.settledMicros)),
    },
  };
}

/** Null where nothing is known. */
function sum(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce((total, value) => total + value, 0);
}
