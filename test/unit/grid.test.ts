import { expect, it } from 'vitest';
import { buildGrid, cellsOf, placeOf, type AxisInput, type AxisPlace } from '../../src/domain/grid.js';
import { refusalsOf, told, valueOf } from './fakes.js';

type Given = Partial<Record<AxisPlace, AxisInput | null>>;
const build = (given: Given, baseline = false): ReturnType<typeof buildGrid> =>
  buildGrid(given, { baseline, path: ['input'] });

it('numbers cells along the columns, then the rows, then the pages', () => {
  const grid = valueOf(
    build({ columns: { guidance: [2, 3] }, rows: { seed: [7, 8] }, pages: { prompt: ['a jar', 'a cup'] } }),
  );
  const cells = cellsOf(grid);
  expect(cells.map(({ n }) => n)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(cells.slice(0, 5)).toEqual([
    { n: 0, column: 0, row: 0, page: 0, parameters: { guidance: 2, seed: 7 }, prompt: 'a jar' },
    { n: 1, column: 1, row: 0, page: 0, parameters: { guidance: 3, seed: 7 }, prompt: 'a jar' },
    { n: 2, column: 0, row: 1, page: 0, parameters: { guidance: 2, seed: 8 }, prompt: 'a jar' },
    { n: 3, column: 1, row: 1, page: 0, parameters: { guidance: 3, seed: 8 }, prompt: 'a jar' },
    { n: 4, column: 0, row: 0, page: 1, parameters: { guidance: 2, seed: 7 }, prompt: 'a cup' },
  ]);
  for (const { n, column, row, page } of cells) expect(placeOf(grid, n)).toEqual({ column, row, page });
});

it('puts strength 0 first as a baseline, once', () => {
  const labels = (strengths: number[]): string[] | undefined =>
    valueOf(build({ columns: { finetuneStrength: strengths } }, true))[0]?.values.map(({ label }) => label);
  expect(labels([0.5, 1])).toEqual(['0', '0.5', '1']);
  expect(labels([1, 0])).toEqual(['0', '1']);
});

it('takes both thresholds as one axis', () => {
  const grid = valueOf(build({ columns: { cannyThresholds: [{ low: 50, high: 200 }] } }));
  expect(cellsOf(grid)[0]?.parameters).toEqual({ cannyLowThreshold: 50, cannyHighThreshold: 200 });
});

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);

it.each<[string, Given, boolean, string[]]>([
  ['no axis', {}, false, ['REQUIRED input.columns']],
  ['an axis of nothing', { columns: {} }, false, ['INVALID input.columns']],
  ['an axis of two things', { columns: { steps: [1], seed: [1] } }, false, ['INVALID input.columns']],
  ['an axis without values', { columns: { steps: [] } }, false, ['OUT_OF_RANGE input.columns.steps']],
  ['an axis of 51 values', { columns: { steps: numbers(51) } }, false, ['OUT_OF_RANGE input.columns.steps']],
  ['a value twice', { columns: { steps: [1, 2, 1] } }, false, ['INVALID input.columns.steps']],
  ['the same axis twice', { columns: { steps: [1] }, rows: { steps: [2] } }, false, ['INVALID input.rows.steps']],
  [
    'a threshold on two axes',
    { columns: { cannyThresholds: [{ low: 1, high: 2 }] }, rows: { cannyLowThreshold: [2] } },
    false,
    ['INVALID input.rows.cannyLowThreshold'],
  ],
  ['pages without rows', { columns: { steps: [1] }, pages: { seed: [2] } }, false, ['REQUIRED input.rows']],
  ['a baseline for nothing', { columns: { steps: [1] } }, true, ['INVALID input.withBaseline']],
  [
    '101 cells and more',
    { columns: { steps: numbers(11) }, rows: { seed: numbers(10) } },
    false,
    ['OUT_OF_RANGE input'],
  ],
])('refuses %s', (_, given, baseline, expected) => {
  expect(told(build(given, baseline))).toEqual(expected);
});

it('takes 100 cells, and says how many were too many', () => {
  expect(cellsOf(valueOf(build({ columns: { steps: numbers(10) }, rows: { seed: numbers(10) } })))).toHaveLength(100);
  const [refusal] = refusalsOf(build({ columns: { steps: numbers(50) }, rows: { seed: numbers(3) } }));
  expect(refusal).toMatchObject({ maximum: 100, given: '150', message: expect.stringContaining('50 × 3 = 150') });
});

it('counts the baseline among the values', () => {
  expect(told(build({ columns: { finetuneStrength: numbers(50) } }, true))).toEqual([
    'OUT_OF_RANGE input.columns.finetuneStrength',
  ]);
});
