import { expect, it } from 'vitest';
import { buildGrid, type AxisInput, type AxisPlace } from '../../src/domain/grid.js';
import { sheetCell, sheetVersion, sweepBlocks, type SheetSpec } from '../../src/domain/sheet.js';
import { layoutSheet, wrap, type Box } from '../../src/images/sheet-layout.js';
import { idAt, valueOf } from './fakes.js';

function specOf(given: Partial<Record<AxisPlace, AxisInput>>, cell = { width: 256, height: 192 }): SheetSpec {
  const grid = valueOf(buildGrid(given, { baseline: false, path: [] }));
  const count = grid.reduce((product, { values }) => product * values.length, 1);
  const waiting = sheetCell(idAt(1), { status: 'QUEUED', sha256: null });
  return {
    title: 'bfl/flux-pro-finetuned',
    blocks: sweepBlocks(grid),
    cell,
    cells: Array.from({ length: count }, () => waiting),
  };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, n) => n + 1);
const shapes = [
  { columns: { finetuneStrength: [0, 0.5, 1, 1.5, 2] }, rows: { seed: [1, 2, 3] } },
  { columns: { steps: numbers(33) } },
  { columns: { steps: [1] } },
  { columns: { steps: [1, 2] }, rows: { prompt: ['a '.repeat(400), 'b'] }, pages: { seed: [1, 2, 3] } },
  { columns: { steps: numbers(50) }, rows: { seed: [1, 2] } },
];

function overlap(a: Box, b: Box): boolean {
  return a.left < b.left + b.width && b.left < a.left + a.width && a.top < b.top + b.height && b.top < a.top + a.height;
}

it.each(shapes)('gives every cell a place of its own, inside the picture', (shape) => {
  const spec = specOf(shape);
  const { width, height, cells, texts } = layoutSheet(spec);
  expect([...cells.keys()].sort((a, b) => a - b)).toEqual(spec.cells.map((_, n) => n));
  const boxes = [...cells.values()];
  for (const [n, box] of boxes.entries()) {
    expect(box).toMatchObject(spec.cell);
    expect(Math.min(box.left, box.top)).toBeGreaterThanOrEqual(0);
    expect(box.left + box.width).toBeLessThanOrEqual(width);
    expect(box.top + box.height).toBeLessThanOrEqual(height);
    expect(boxes.slice(n + 1).filter((other) => overlap(box, other))).toEqual([]);
  }
  for (const { x, y } of texts) {
    expect(x).toBeLessThanOrEqual(width);
    expect(y).toBeLessThanOrEqual(height);
    // No label lies on a picture.
    expect(
      boxes.filter((box) => x > box.left && x < box.left + box.width && y > box.top && y < box.top + box.height),
    ).toEqual([]);
  }
  // What a JPEG and the drawing of text can hold.
  expect(Math.max(width, height)).toBeLessThan(32_000);
});

it('puts columns beside each other, rows below, pages below these, each with its label', () => {
  const { cells, texts } = layoutSheet(
    specOf({ columns: { guidance: [2, 3] }, rows: { seed: [7, 8] }, pages: { steps: [10, 20] } }),
  );
  const at = (n: number): Box => cells.get(n) ?? { left: -1, top: -1, width: 0, height: 0 };
  expect(at(1)).toMatchObject({ left: at(0).left + 256 + 8, top: at(0).top });
  expect(at(2)).toMatchObject({ left: at(0).left, top: at(0).top + 192 + 8 });
  expect(at(4).left).toBe(at(0).left);
  expect(at(4).top).toBeGreaterThan(at(3).top + 192);
  const find = (text: string): { x: number; y: number }[] => texts.filter((each) => each.text === text);
  expect(find('guidance 3').map(({ x }) => x)).toEqual([at(1).left + 128, at(5).left + 128]);
  expect(find('seed 8').map(({ y }) => Math.round(y))).toEqual([at(2).top + 96, at(6).top + 96].map((y) => y + 5));
  expect(find('steps 20')[0]?.y).toBeGreaterThan(at(3).top + 192);
});

it('breaks a single axis into lines of ten', () => {
  const { cells } = layoutSheet(specOf({ columns: { steps: numbers(12) } }));
  expect(cells.get(10)?.left).toBe(cells.get(0)?.left);
  expect(cells.get(10)?.top).toBeGreaterThan(cells.get(9)?.top ?? Infinity);
});

it('wraps long labels between words, and shortens what is still too long', () => {
  expect(wrap('a short label', 200, 14, 2)).toEqual(['a short label']);
  const lines = wrap('one two three four five six seven eight nine ten eleven', 120, 14, 2);
  expect(lines).toHaveLength(2);
  expect(lines[0]).not.toMatch(/\s$|…/);
  expect(lines[1]).toMatch(/…$/);
  expect(wrap('x'.repeat(500), 120, 14, 3)).toHaveLength(3);
  expect(wrap('', 120, 14, 3)).toEqual([]);
  // Never half of a character.
  expect(wrap('😀'.repeat(100), 60, 14, 1)[0]?.isWellFormed()).toBe(true);
});

it('has a new version when a cell changed, and only then', () => {
  const spec = specOf({ columns: { steps: [1, 2] } });
  const done = sheetCell(idAt(1), { status: 'SUCCEEDED', sha256: 'ab' });
  expect(sheetVersion(specOf({ columns: { steps: [1, 2] } }))).toBe(sheetVersion(spec));
  expect(sheetVersion({ ...spec, cells: [done, ...spec.cells.slice(1)] })).not.toBe(sheetVersion(spec));
});

it('says what became of a cell without a picture', () => {
  const cell = (status: 'MODERATED' | 'RUNNING' | 'SUCCEEDED' | null, sha256: string | null = null): unknown =>
    sheetCell(idAt(1), { status, sha256 });
  expect(cell('RUNNING')).toMatchObject({ caption: 'running', state: 'WAITING', picture: null });
  expect(cell('MODERATED')).toMatchObject({ caption: 'moderated', state: 'ENDED' });
  expect(cell('SUCCEEDED')).toMatchObject({ caption: 'gone', state: 'ENDED' });
  expect(cell(null)).toMatchObject({ caption: 'gone', state: 'ENDED' });
  expect(cell('SUCCEEDED', 'ab')).toMatchObject({ state: 'PICTURE', picture: { sha256: 'ab' } });
});
