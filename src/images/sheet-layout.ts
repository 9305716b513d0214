import type { SheetSpec } from '../domain/sheet.js';

export type Box = { left: number; top: number; width: number; height: number };
export type SheetText = {
  text: string;
  /** Where the text's middle, or its beginning, lies. */
  x: number;
  /** Its base line. */
  y: number;
  /** Pixels. */
  size: number;
  anchor: 'start' | 'middle';
};
export type SheetLayout = {
  width: number;
  height: number;
  /** By the place of the cell. */
  cells: ReadonlyMap<number, Box>;
  texts: readonly SheetText[];
};

const [margin, gap] = [16, 8];
const [titleSize, labelSize] = [18, 14];
const lineHeight = 18;
/** Lines that a label may take above a column, and beside a row. */
const [columnLines, rowLines] = [2, 4];
/** Pixels beside the rows, where there are labels. */
const sideWidth = 180;
/** Room for the title even above a single cell. */
const leastWidth = 420;

/** Where everything lies: the title, and below it block by block with labels above the columns and left of the rows. */
export function layoutSheet({ title, blocks, cell }: SheetSpec): SheetLayout {
  const cells = new Map<number, Box>();
  const texts: SheetText[] = [];
  const widest = Math.max(...blocks.map(({ columns }) => columns.length));
  const labelled = blocks.some(({ rows }) => rows.some((row) => row !== ''));
  const left = margin + (labelled ? sideWidth + gap : 0);
  const width = Math.max(leastWidth, left + widest * (cell.width + gap) - gap + margin);
  texts.push({ ...line(title, width - 2 * margin, titleSize), x: margin, y: margin + titleSize, anchor: 'start' });

  let top = margin + titleSize + margin;
  for (const block of blocks) {
    if (block.title !== null) {
      texts.push({
        ...line(block.title, width - 2 * margin, titleSize),
        x: margin,
        y: top + titleSize,
        anchor: 'start',
      });
      top += titleSize + gap;
    }
    for (const [column, label] of block.columns.entries()) {
      const x = left + column * (cell.width + gap) + cell.width / 2;
      const lines = wrap(label, cell.width, labelSize, columnLines);
      for (const [n, text] of lines.entries()) {
        const y = top + (columnLines - lines.length + n + 1) * lineHeight - 4;
        texts.push({ text, x, y, size: labelSize, anchor: 'middle' });
      }
    }
    top += columnLines * lineHeight;
    for (const [row, label] of block.rows.entries()) {
      const lines = wrap(label, sideWidth, labelSize, rowLines);
      const middle = top + cell.height / 2;
      for (const [n, text] of lines.entries()) {
        const y = middle + (n - (lines.length - 1) / 2) * lineHeight + labelSize / 3;
        texts.push({ text, x: margin, y, size: labelSize, anchor: 'start' });
      }
      for (const column of block.columns.keys()) {
        const place = block.cells[row * block.columns.length + column];
        if (place !== undefined) cells.set(place, { left: left + column * (cell.width + gap), top, ...cell });
      }
      top += cell.height + gap;
    }
    top += gap;
  }
  return { width, height: top - 2 * gap + margin, cells, texts };
}

function line(text: string, maxWidth: number, size: number): { text: string; size: number } {
  return { text: wrap(text, maxWidth, size, 1)[0] ?? '', size };
}

/** A character's width as part of the font's size: about right, and rather too wide. */
function widthOf(text: string, size: number): number {
  let width = 0;
  // Characters from the CJK blocks on are as wide as they are high.
  for (const character of text) width += (character.codePointAt(0) ?? 0) >= 0x1100 ? 1.05 : 0.62;
  return width * size;
}

/** Breaks a text between words into at most so many lines; what is too long ends in an ellipsis. */
export function wrap(text: string, maxWidth: number, size: number, most: number): string[] {
  const lines: string[] = [];
  let rest = text.replaceAll(/\s+/g, ' ').trim();
  while (rest !== '' && lines.length < most) {
    const isLast = lines.length === most - 1;
    const fitting = fit(rest, maxWidth, size);
    if (fitting.length === rest.length) return [...lines, rest];
    if (isLast) return [...lines, `${fit(rest, maxWidth - widthOf('…', size), size).trimEnd()}…`];
    const space = fitting.lastIndexOf(' ');
    const taken = rest[fitting.length] === ' ' || space <= 0 ? fitting : fitting.slice(0, space);
    lines.push(taken.trimEnd());
    rest = rest.slice(taken.length).trimStart();
  }
  return lines;
}

/** As much of the text's beginning as is not too wide, at least one character. */
function fit(text: string, maxWidth: number, size: number): string {
  let taken = '';
  for (const character of text) {
    if (taken !== '' && widthOf(taken + character, size) > maxWidth) break;
    taken += character;
  }
  return taken;
}
