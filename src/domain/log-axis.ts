/**
 * The axis that durations are learned on: 512 cells, equally wide in the logarithm of the age (2.15 % each), from 100 ms to
 * 100 minutes. What is shorter or longer counts to the first or the last cell.
 */
export const cellCount = 512;
const shortestMs = 100;
const longestMs = 6_000_000;
export const cellWidth = Math.log(longestMs / shortestMs) / cellCount;

/** Ages in ms at which the cells begin, and at the end where the last one ends; the first begins at 0. */
export const edges: Float64Array = Float64Array.from({ length: cellCount + 1 }, (_, i) =>
  i === 0 ? 0 : shortestMs * Math.exp(i * cellWidth),
);

/** The element of a table that is known to be that long. */
export const at = (table: Float64Array, index: number): number => table[index] ?? 0;

/** Where an age lies, in cells from the beginning: 0 to 512, with the part of the cell that has passed. */
export function positionOf(ageMs: number): number {
  if (!(ageMs > 0)) return 0;
  const first = at(edges, 1);
  if (ageMs < first) return ageMs / first;
  const cell = Math.min(cellCount, Math.floor(Math.log(ageMs / shortestMs) / cellWidth));
  if (cell >= cellCount) return cellCount;
  // The logarithm may round to the neighbour of a cell's own edge.
  const begin = at(edges, cell);
  return cell + Math.min(1, Math.max(0, (ageMs - begin) / (at(edges, cell + 1) - begin)));
}

/** The age in ms at a position of 0 to 512 cells. */
export function ageAt(position: number): number {
  const cell = Math.min(cellCount - 1, Math.max(0, Math.floor(position)));
  const begin = at(edges, cell);
  return begin + (position - cell) * (at(edges, cell + 1) - begin);
}

/** The value of a table of 513 edges at a position in between. */
export function between(table: Float64Array, position: number): number {
  const cell = Math.min(cellCount - 1, Math.floor(position));
  const begin = at(table, cell);
  return begin + (position - cell) * (at(table, cell + 1) - begin);
}

/** The position at which a rising table of 513 edges reaches `value`; 512 if it never does. */
export function reach(table: Float64Array, value: number): number {
  if (at(table, 0) >= value) return 0;
  if (at(table, cellCount) <= value) return cellCount;
  let below = 0;
  let above = cellCount;
  while (above - below > 1) {
    const middle = (below + above) >> 1;
    if (at(table, middle) < value) below = middle;
    else above = middle;
  }
  const low = at(table, below);
  return below + (value - low) / (at(table, above) - low);
}
