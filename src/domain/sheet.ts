import { createHash } from 'node:crypto';
import { valuesAt, type Axis, type Grid } from './grid.js';
import { isTerminal, type GenerationStatus } from './lifecycle.js';

/** Raised when the same spec is drawn differently. */
const drawing = 1;

/** A generation with its first picture. */
export type SheetPicture = {
  generationId: string;
  /** Null: the generation is gone. */
  status: GenerationStatus | null;
  model: string | null;
  sha256: string | null;
  /** Pixels. */
  width: number | null;
  height: number | null;
};

export function goneGeneration(generationId: string): SheetPicture {
  return { generationId, status: null, model: null, sha256: null, width: null, height: null };
}

/** One field of a sheet. */
export type SheetCell = {
  /** Shown until there is a picture, or instead of one. */
  caption: string;
  state: 'WAITING' | 'ENDED' | 'PICTURE';
  picture: { projectId: string; sha256: string } | null;
};

/** A grid within a sheet. `cells` are the places of its cells in `SheetSpec.cells`, row by row. */
export type SheetBlock = { title: string | null; columns: string[]; rows: string[]; cells: number[] };

/** All that a sheet shows. */
export type SheetSpec = {
  title: string;
  blocks: SheetBlock[];
  /** Pixels. */
  cell: { width: number; height: number };
  cells: SheetCell[];
};

/** Changes whenever the sheet would look different. */
export function sheetVersion(spec: SheetSpec): string {
  return createHash('sha256')
    .update(JSON.stringify([drawing, spec]))
    .digest('hex');
}

/** A generation as a field: its picture once there is one. `status` null: it is gone. */
export function sheetCell(projectId: string, { status, sha256 }: Pick<SheetPicture, 'status' | 'sha256'>): SheetCell {
  if (status === 'SUCCEEDED' && sha256 !== null) {
    return { caption: '', state: 'PICTURE', picture: { projectId, sha256 } };
  }
  if (status === null || status === 'SUCCEEDED') return { caption: 'gone', state: 'ENDED', picture: null };
  if (isTerminal(status)) return { caption: status.toLowerCase(), state: 'ENDED', picture: null };
  // Not each step on the way: the whole sheet is drawn anew for every change.
  return { caption: status === 'QUEUED' ? 'waiting' : 'running', state: 'WAITING', picture: null };
}

/** Cells of a sweep along one axis only that stand in one line. */
const lineLength = 10;

/** A grid's pages one below the other; a single axis is broken into lines. */
export function sweepBlocks(grid: Grid): SheetBlock[] {
  const columns = labelsOf(grid, 'columns');
  if (grid.length === 1) {
    const lines = Math.ceil(columns.length / lineLength);
    return Array.from({ length: lines }, (_, line) => {
      const cells = columns.map((_label, n) => n).slice(line * lineLength, (line + 1) * lineLength);
      return { title: null, columns: cells.map((n) => columns[n] ?? ''), rows: [''], cells };
    });
  }
  const rows = labelsOf(grid, 'rows');
  const perPage = columns.length * rows.length;
  return labelsOf(grid, 'pages').map((title, page) => ({
    title: title === '' ? null : title,
    columns,
    rows,
    cells: Array.from({ length: perPage }, (_, n) => page * perPage + n),
  }));
}

function labelsOf(grid: Grid, place: Axis['place']): string[] {
  const name = grid.find((axis) => axis.place === place)?.name;
  return valuesAt(grid, place).map(({ label, prompt }) =>
    name === undefined || prompt !== null ? label : `${name} ${label}`,
  );
}

/** Longest side of a picture beside another, in pixels. */
const pairSide = 512;

/** A generation and its rerun side by side. `after` null: it was not started. */
export function pairSheet(
  projectId: string,
  pair: { distance: number | null; refusalCode: string | null },
  { before, after }: { before: SheetPicture; after: SheetPicture | null },
): SheetSpec {
  const { width, height } = before.width === null ? (after ?? before) : before;
  const ratio = Math.min(3, Math.max(1 / 3, (width ?? 4) / (height ?? 3)));
  const cell =
    ratio >= 1
      ? { width: pairSide, height: Math.round(pairSide / ratio) }
      : { width: Math.round(pairSide * ratio), height: pairSide };
  const notStarted: SheetCell =
    pair.refusalCode === null
      ? { caption: 'not started', state: 'WAITING', picture: null }
      : { caption: pair.refusalCode, state: 'ENDED', picture: null };
  return {
    title: pair.distance === null ? 'Not compared' : `Distance ${pair.distance.toFixed(3)}`,
    blocks: [
      {
        title: null,
        columns: [`before: ${before.model ?? 'gone'}`, after === null ? 'after' : `after: ${after.model ?? 'gone'}`],
        rows: [''],
        cells: [0, 1],
      },
    ],
    cell,
    cells: [sheetCell(projectId, before), after === null ? notStarted : sheetCell(projectId, after)],
  };
}
