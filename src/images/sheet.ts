import sharp from 'sharp';
import { DarkroomError } from '../errors.js';
import { sheetVersion, type SheetCell, type SheetSpec } from '../domain/sheet.js';
import { createGate } from './gate.js';
import { keptThumbnail } from './kept-thumbnail.js';
import { layoutSheet, type SheetLayout } from './sheet-layout.js';
import type { ImageStore } from './store.js';
import { stepFor } from './thumbnail.js';

/** Bytes of drawn sheets that are kept in memory; the least used go first. */
const keptBytes = 32 * 1024 * 1024;

export const sheetColours = { ground: '#16181d', waiting: '#2b303b', ended: '#4a2327', text: '#e9ebf0' } as const;

export type SheetDrawer = {
  /** Pixels. */
  sizeOf(spec: SheetSpec): { width: number; height: number };
  /** A JPEG. Throws STORAGE_UNAVAILABLE when the pictures cannot be read at the moment. */
  draw(spec: SheetSpec): Promise<Buffer>;
};

/**
 * Draws contact sheets from thumbnails, one at a time, and keeps the latest. A sheet of 100 cells takes about 60 MB while it
 * is drawn. Text is drawn by the system's fonts: where there are none, labels stay empty.
 */
export function createSheetDrawer(store: ImageStore, options: { keptBytes?: number } = {}): SheetDrawer {
  const most = options.keptBytes ?? keptBytes;
  const oneAtATime = createGate(1);
  const drawn = new Map<string, Buffer>();
  const underWay = new Map<string, Promise<Buffer>>();
  let held = 0;

  function keep(version: string, bytes: Buffer): void {
    drawn.set(version, bytes);
    held += bytes.length;
    for (const [oldest, old] of drawn) {
      if (held <= most) return;
      drawn.delete(oldest);
      held -= old.length;
    }
  }

  async function drawAnew(version: string, spec: SheetSpec): Promise<Buffer> {
    const bytes = await oneAtATime(async () => await drawSheet(store, spec));
    keep(version, bytes);
    return bytes;
  }

  return {
    sizeOf(spec) {
      const { width, height } = layoutSheet(spec);
      return { width, height };
    },
    async draw(spec) {
      const version = sheetVersion(spec);
      const known = drawn.get(version);
      if (known !== undefined) {
        // The last one asked for is the last one to go.
        drawn.delete(version);
        drawn.set(version, known);
        return known;
      }
      const drawing = underWay.get(version) ?? drawAnew(version, spec).finally(() => underWay.delete(version));
      underWay.set(version, drawing);
      return await drawing;
    },
  };
}

type Tile = { place: number; pixels: Buffer; channels: 3 };

async function drawSheet(store: ImageStore, spec: SheetSpec): Promise<Buffer> {
  const layout = layoutSheet(spec);
  const tiles: Tile[] = [];
  const cells: SheetCell[] = [];
  for (const [place, cell] of spec.cells.entries()) {
    const pixels = cell.picture === null ? null : await tileOf(store, cell.picture, spec.cell);
    if (pixels !== null) tiles.push({ place, pixels, channels: 3 });
    cells.push(cell.picture !== null && pixels === null ? { ...cell, state: 'ENDED', caption: 'gone' } : cell);
  }
  const ground = Buffer.from(svgOf(layout, cells));
  return await sharp(ground)
    .composite(
      tiles.flatMap(({ place, pixels, channels }) => {
        const box = layout.cells.get(place);
        if (box === undefined) return [];
        return [{ input: pixels, raw: { ...spec.cell, channels }, left: box.left, top: box.top }];
      }),
    )
    .removeAlpha()
    .jpeg({ quality: 86, chromaSubsampling: '4:4:4' })
    .toBuffer();
}

/** A picture in the size of a cell; null where it cannot be shown any more. */
async function tileOf(
  store: ImageStore,
  picture: NonNullable<SheetCell['picture']>,
  size: { width: number; height: number },
): Promise<Buffer | null> {
  try {
    const small = await keptThumbnail(store, picture, stepFor(Math.max(size.width, size.height)));
    if (small === null) return null;
    return await sharp(small)
      .resize({ ...size, fit: 'contain', background: sheetColours.waiting })
      .removeAlpha()
      .toColourspace('srgb')
      .raw()
      .toBuffer();
  } catch (error) {
    // A damaged picture leaves its place empty; a store that is out of order must not be drawn as one that is empty.
    if (error instanceof DarkroomError && error.code === 'STORAGE_UNAVAILABLE') throw error;
    return null;
  }
}

function svgOf({ width, height, cells: boxes, texts }: SheetLayout, cells: readonly SheetCell[]): string {
  const fields = [...boxes].map(([place, { left, top, width: w, height: h }]) => {
    const cell = cells[place];
    const fill = cell?.state === 'ENDED' ? sheetColours.ended : sheetColours.waiting;
    const caption = text(cell?.caption ?? '', { x: left + w / 2, y: top + h / 2 + 5, size: 14, anchor: 'middle' });
    return `<rect x="${left}" y="${top}" width="${w}" height="${h}" fill="${fill}"/>${caption}`;
  });
  const labels = texts.map(({ text: label, ...where }) => text(label, where));
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}">` +
    `<rect width="${width}" height="${height}" fill="${sheetColours.ground}"/>` +
    `<g font-family="DejaVu Sans, Noto Sans, Helvetica, Arial, sans-serif" fill="${sheetColours.text}">` +
    `${fields.join('')}${labels.join('')}</g></svg>`
  );
}

function text(content: string, where: { x: number; y: number; size: number; anchor: string }): string {
  if (content === '') return '';
  const { x, y, size, anchor } = where;
  return `<text x="${x}" y="${y}" font-size="${size}" text-anchor="${anchor}">${escapeXml(content)}</text>`;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** A text as XML may hold it: what XML has no way to write becomes a replacement character. */
export function escapeXml(content: string): string {
  return content
    .toWellFormed()
    .replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '\uFFFD')
    .replaceAll(/[&<>"']/g, (character) => escapes[character] ?? character);
}
