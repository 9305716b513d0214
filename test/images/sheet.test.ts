import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { sheetCell, type SheetSpec } from '../../src/domain/sheet.js';
import { createDiskStore } from '../../src/images/disk.js';
import { createSheetDrawer, escapeXml, sheetColours } from '../../src/images/sheet.js';
import { layoutSheet } from '../../src/images/sheet-layout.js';
import type { ImageStore } from '../../src/images/store.js';
import { flat } from './pictures.js';

const projectId = '01990000-0000-7000-8000-000000000001';
let folder = '';
let store: ImageStore;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'darkroom-sheet-'));
  store = createDiskStore({ folder });
});
afterEach(async () => await rm(folder, { recursive: true }));

async function keep(colour: string, size = { width: 400, height: 300 }): Promise<string> {
  const bytes = await flat(size, colour).png().toBuffer();
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  await store.put({ projectId, sha256 }, bytes);
  return sha256;
}

function specOf(cells: SheetSpec['cells'], label = 'a label'): SheetSpec {
  const places = cells.map((_, n) => n);
  const block = { title: null, columns: places.map(() => label), rows: [''], cells: places };
  return { title: 'a sheet', blocks: [block], cell: { width: 256, height: 192 }, cells };
}

async function colourAt(bytes: Buffer, x: number, y: number): Promise<string> {
  const pixel = await sharp(bytes).extract({ left: x, top: y, width: 1, height: 1 }).raw().toBuffer();
  return `#${[...pixel].map((value) => value.toString(16).padStart(2, '0')).join('')}`;
}

function near(colour: string, expected: string): boolean {
  const values = (text: string): number[] => [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16));
  return values(colour).every((value, n) => Math.abs(value - (values(expected)[n] ?? 0)) <= 6);
}

it('shows each picture in its place, and what became of the others', async () => {
  const spec = specOf([
    sheetCell(projectId, { status: 'SUCCEEDED', sha256: await keep('#ff0000') }),
    sheetCell(projectId, { status: 'QUEUED', sha256: null }),
    sheetCell(projectId, { status: 'MODERATED', sha256: null }),
    // The row is there and the bytes are gone.
    sheetCell(projectId, { status: 'SUCCEEDED', sha256: 'ab'.repeat(32) }),
  ]);
  const bytes = await createSheetDrawer(store).draw(spec);
  const { width, height, cells } = layoutSheet(spec);
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'jpeg', width, height });
  const colours = await Promise.all(
    [...cells.values()].map(async ({ left, top }) => await colourAt(bytes, left + 20, top + 20)),
  );
  const expected = ['#ff0000', sheetColours.waiting, sheetColours.ended, sheetColours.ended];
  expect(colours.map((colour, n) => near(colour, expected[n] ?? ''))).toEqual([true, true, true, true]);
  expect(near(await colourAt(bytes, 2, 2), sheetColours.ground)).toBe(true);
});

it('keeps a picture’s proportions', async () => {
  const sha256 = await keep('#00ff00', { width: 300, height: 900 });
  const spec = specOf([sheetCell(projectId, { status: 'SUCCEEDED', sha256 })]);
  const bytes = await createSheetDrawer(store).draw(spec);
  const { left, top } = layoutSheet(spec).cells.get(0) ?? { left: 0, top: 0 };
  expect(near(await colourAt(bytes, left + 128, top + 96), '#00ff00')).toBe(true);
  expect(near(await colourAt(bytes, left + 20, top + 96), sheetColours.waiting)).toBe(true);
});

it('takes any label for what it is: text', async () => {
  const hostile = '<script>&"\'</text><rect width="9999" height="9999" fill="red"/>\u0001\uFFFE';
  const spec = specOf([sheetCell(projectId, { status: 'QUEUED', sha256: null })], hostile);
  const bytes = await createSheetDrawer(store).draw(spec);
  const { left, top } = layoutSheet(spec).cells.get(0) ?? { left: 0, top: 0 };
  expect(near(await colourAt(bytes, left + 20, top + 20), sheetColours.waiting)).toBe(true);
  const escaped = escapeXml(hostile);
  for (const character of ['<', '>', '"', "'", '\u0001', '\uFFFE']) expect(escaped).not.toContain(character);
  expect(escapeXml('a\uD800b')).toBe('a\uFFFDb');
});

it('draws the same sheet once, however many ask at once, and forgets the oldest beyond its bound', async () => {
  const readDerived = vi.spyOn(store, 'readDerived');
  const drawer = createSheetDrawer(store, { keptBytes: 40_000 });
  const sha256 = await keep('#0000ff');
  const spec = specOf([sheetCell(projectId, { status: 'SUCCEEDED', sha256 })]);
  const [one, two] = await Promise.all([drawer.draw(spec), drawer.draw(spec)]);
  expect(one).toBe(two);
  expect(await drawer.draw(spec)).toBe(one);
  expect(readDerived).toHaveBeenCalledTimes(1);
  for (let n = 0; n < 10; n += 1) await drawer.draw({ ...spec, title: `another one ${n}` });
  readDerived.mockClear();
  expect(await drawer.draw(spec)).toEqual(one);
  expect(readDerived).toHaveBeenCalledTimes(1);
});

it('does not draw a store that is out of order as an empty one', async () => {
  const spec = specOf([sheetCell(projectId, { status: 'SUCCEEDED', sha256: await keep('#123456') })]);
  const file = createDiskStore({ folder: '/dev/null/nowhere' });
  await expect(createSheetDrawer(file).draw(spec)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
});
