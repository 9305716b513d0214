import type { ParameterName, ParameterValues } from './model.js';
import { accepted, refusal, refused, type Checked, type Refusal } from './refusal.js';

/** What may vary along an axis. */
export const axisNames = [
  'finetuneStrength',
  'guidance',
  'steps',
  'cannyLowThreshold',
  'cannyHighThreshold',
  'cannyThresholds',
  'seed',
  'prompt',
] as const;
export type AxisName = (typeof axisNames)[number];

/** The directions of a grid, the first one always used. */
export const axisPlaces = ['columns', 'rows', 'pages'] as const;
export type AxisPlace = (typeof axisPlaces)[number];

export const gridBounds = { cells: 100, values: 50 } as const;

type Thresholds = { low: number; high: number };

/** One axis as a caller gives it: exactly one of the names. */
export type AxisInput = {
  readonly [Name in AxisName]?:
    | readonly (Name extends 'prompt' ? string : Name extends 'cannyThresholds' ? Thresholds : number)[]
    | null;
};

export type AxisValue = {
  /** The value as text, for people. */
  label: string;
  parameters: ParameterValues;
  /** Null where the axis is not one of prompts. */
  prompt: string | null;
};
export type Axis = { place: AxisPlace; name: AxisName; values: readonly AxisValue[] };
export type Grid = readonly Axis[];

export type Cell = {
  /** From 0: along the columns, then the rows, then the pages. */
  n: number;
  column: number;
  row: number;
  page: number;
  /** What its place says. */
  parameters: ParameterValues;
  prompt: string | null;
};

/** What an axis decides, so that it is decided nowhere else. */
export function decidedBy(name: AxisName): (ParameterName | 'prompt')[] {
  return name === 'cannyThresholds' ? ['cannyLowThreshold', 'cannyHighThreshold'] : [name];
}

/**
 * Builds a grid of at most 100 cells. With `baseline` an axis of strengths begins with 0: the model without the finetune's
 * influence. Ranges are not checked here: each cell is a request of its own.
 */
export function buildGrid(
  given: Readonly<Partial<Record<AxisPlace, AxisInput | null>>>,
  options: { baseline: boolean; path: readonly string[] },
): Checked<Grid> {
  const { baseline, path } = options;
  const refusals: Refusal[] = [];
  const grid: Axis[] = [];
  for (const place of axisPlaces) {
    const input = given[place] ?? null;
    if (input === null) continue;
    const axis = readAxis(place, input, { baseline, path: [...path, place] });
    if (axis.ok) grid.push(axis.value);
    else refusals.push(...axis.refusals);
  }
  refusals.push(...checkTogether(grid, given, path));
  if (baseline && refusals.length === 0 && grid.every(({ name }) => name !== 'finetuneStrength')) {
    const message = 'withBaseline puts strength 0 on an axis of finetuneStrength; there is none.';
    refusals.push(refusal('INVALID', [...path, 'withBaseline'], message));
  }
  return refusals.length > 0 ? refused(...refusals) : accepted(grid);
}

function checkTogether(grid: Grid, given: object, path: readonly string[]): Refusal[] {
  const refusals: Refusal[] = [];
  if (!('columns' in given) || given.columns == null) {
    refusals.push(refusal('REQUIRED', [...path, 'columns'], 'A sweep needs at least the axis columns.'));
  }
  if ('pages' in given && given.pages != null && (!('rows' in given) || given.rows == null)) {
    refusals.push(refusal('REQUIRED', [...path, 'rows'], 'The axis pages comes after columns and rows; give rows.'));
  }
  const decided = new Set<string>();
  for (const { place, name } of grid) {
    const twice = decidedBy(name).filter((each) => decided.has(each));
    if (twice.length > 0) {
      const message = `${twice.join(' and ')} is on another axis already.`;
      refusals.push(refusal('INVALID', [...path, place, name], message));
    }
    for (const each of decidedBy(name)) decided.add(each);
  }
  const cells = cellCount(grid);
  if (refusals.length === 0 && cells > gridBounds.cells) {
    const sizes = grid.map(({ values }) => values.length).join(' × ');
    const message = `The grid has ${sizes} = ${cells} cells; at most ${gridBounds.cells} are allowed.`;
    refusals.push(refusal('OUT_OF_RANGE', path, message, { minimum: 1, maximum: gridBounds.cells, given: cells }));
  }
  return refusals;
}

/** With `zero` at the beginning, whether it was there or not; what is twice besides stays to be refused. */
function moveFirst(zero: AxisValue, values: readonly AxisValue[]): AxisValue[] {
  const at = values.findIndex(({ label }) => label === zero.label);
  return [zero, ...values.filter((_, n) => n !== at)];
}

function readAxis(
  place: AxisPlace,
  input: AxisInput,
  { baseline, path }: { baseline: boolean; path: readonly string[] },
): Checked<Axis> {
  const names = axisNames.filter((each) => (input[each] ?? null) !== null);
  const [name] = names;
  if (name === undefined || names.length > 1) {
    const found = names.length === 0 ? 'none' : names.join(' and ');
    return refused(
      refusal('INVALID', path, `Give exactly one of ${axisNames.join(', ')}; ${found} was given.`, { given: found }),
    );
  }
  const read = (input[name] ?? []).map((value) => valueOf(name, value));
  const zero = valueOf(name, 0);
  const withZero = baseline && name === 'finetuneStrength';
  const values = withZero ? moveFirst(zero, read) : read;
  if (values.length === 0 || values.length > gridBounds.values) {
    const message = `An axis has 1 to ${gridBounds.values} values; ${values.length} were given.`;
    const bounds = { minimum: 1, maximum: gridBounds.values, given: values.length };
    return refused(refusal('OUT_OF_RANGE', [...path, name], message, bounds));
  }
  const doubled = values.findIndex(({ label }, n) => values.findIndex((other) => other.label === label) < n);
  if (doubled >= 0) {
    const message = 'A value is twice on the axis; the same picture would be paid twice.';
    return refused(refusal('INVALID', [...path, name], message, { given: values[doubled]?.label }));
  }
  return accepted({ place, name, values });
}

function valueOf(name: AxisName, value: string | number | Thresholds): AxisValue {
  if (typeof value === 'string') return { label: value, parameters: {}, prompt: value };
  if (typeof value === 'number') return { label: String(value), parameters: { [name]: value }, prompt: null };
  const { low, high } = value;
  const parameters = { cannyLowThreshold: low, cannyHighThreshold: high };
  return { label: `${low}–${high}`, parameters, prompt: null };
}

export function cellCount(grid: Grid): number {
  return grid.reduce((count, { values }) => count * values.length, 1);
}

/** The values of a grid's axis; one without a name where there is none. */
export function valuesAt(grid: Grid, place: AxisPlace): readonly AxisValue[] {
  return grid.find((axis) => axis.place === place)?.values ?? [nowhere];
}

const nowhere: AxisValue = { label: '', parameters: {}, prompt: null };

/** All cells, in the order of their numbers. */
export function cellsOf(grid: Grid): Cell[] {
  return valuesAt(grid, 'pages')
    .flatMap((page, p) =>
      valuesAt(grid, 'rows').flatMap((row, r) =>
        valuesAt(grid, 'columns').map((column, c) => ({
          n: 0,
          column: c,
          row: r,
          page: p,
          parameters: { ...column.parameters, ...row.parameters, ...page.parameters },
          prompt: column.prompt ?? row.prompt ?? page.prompt,
        })),
      ),
    )
    .map((cell, n) => Object.assign(cell, { n }));
}

/** The column, row and page of a cell, each from 0. */
export function placeOf(grid: Grid, n: number): Pick<Cell, 'column' | 'row' | 'page'> {
  const columns = valuesAt(grid, 'columns').length;
  const rows = valuesAt(grid, 'rows').length;
  return { column: n % columns, row: Math.floor(n / columns) % rows, page: Math.floor(n / (columns * rows)) };
}
