/**
 * The axis on which durations are learned: 512 cells from 0 to 100 minutes, each 2.15 % longer than the one before it; the
 * first reaches from 0 to 102 ms. A table with a value for each cell has 512 elements, one for each edge has 513.
 */
const cellCount = 512;
const shortestMs = 100;
const longestMs = 6_000_000;
/** Width of a cell in the natural logarithm of the age. */
const cellWidth = Math.log(longestMs / shortestMs) / cellCount;

/** The element of a table that is known to be that long. */
const at = (table: Float64Array, index: number): number => table[index] ?? 0;

/** Age in ms at each edge. */
const edges = Float64Array.from({ length: cellCount + 1 }, (_, edge) =>
  edge === 0 ? 0 : shortestMs * Math.exp(edge * cellWidth),
);

/** Length of each cell in ms. */
const spans = Float64Array.from({ length: cellCount }, (_, cell) => at(edges, cell + 1) - at(edges, cell));

/** One object, to be taken apart at the top of a file: in the tests, an imported name costs a call each time it is read. */
export const axis = { cellCount, cellWidth, edges, spans } as const;

/** The cell that holds an age of 0 ms or more; the last one for all that is beyond. */
export function cellOf(ageMs: number): number {
  if (!(ageMs > at(edges, 1))) return 0;
  return Math.min(cellCount - 1, Math.floor(Math.log(ageMs / shortestMs) / cellWidth));
}

/** Where an age of 0 ms or more lies, in cells from the beginning, with the part of its own cell; 512 at most. */
export function positionOf(ageMs: number): number {
  const cell = cellOf(ageMs);
  return cell + Math.min(1, Math.max(0, (ageMs - at(edges, cell)) / at(spans, cell)));
}

/** The value of a table of edges at a position (0 to 512): straight lines between the edges. */
export function valueAt(table: Float64Array, position: number): number {
  const cell = Math.min(cellCount - 1, Math.floor(position));
  const begin = at(table, cell);
  return begin + (position - cell) * (at(table, cell + 1) - begin);
}

/** The age in ms at which a rising table of edges reaches `value`: the end of the axis if it never does. */
export function ageWhere(table: Float64Array, value: number): number {
  if (at(table, 0) >= value) return 0;
  if (at(table, cellCount) < value) return longestMs;
  let below = 0;
  let above = cellCount;
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (at(table, middle) < value) below = middle;
    else above = middle;
  }
  const low = at(table, below);
  return at(edges, below) + ((value - low) / (at(table, above) - low)) * at(spans, below);
}

/** The running sum of a table of cells, as a table of edges: a new one, or `sums`. */
export function cumulate(cells: Float64Array, sums: Float64Array = new Float64Array(cellCount + 1)): Float64Array {
  for (let cell = 0; cell < cellCount; cell += 1) sums[cell + 1] = at(sums, cell) + at(cells, cell);
  return sums;
}

/** What a table of edges rises by in each cell. */
export function rises(sums: Float64Array): Float64Array {
  return Float64Array.from({ length: cellCount }, (_, cell) => at(sums, cell + 1) - at(sums, cell));
}
