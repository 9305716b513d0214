import { createBlock, type Block, type GiveBlock } from './block.ts';
import { readTexts } from './copy-binary.ts';
import type { ExportJob, FileWriter } from './job.ts';
import type { ColumnKind } from '../domain/export-columns.js';

const [quote, apostrophe, comma, lineFeed, carriageReturn] = [34, 39, 44, 10, 13];
/** First bytes that make a spreadsheet take a text for a formula: = + - @, tab and line breaks. */
const formula: ReadonlySet<number> = new Set(Buffer.from('=+-@\t\r\n'));
/** The wide ＋ － ＝ ＠ begin with EF BC and have these behind it. */
const wide: ReadonlySet<number> = new Set([0x8b, 0x8d, 0x9d, 0xa0]);

/**
 * CSV by RFC 4180: a header, commas, lines that end with CR LF, quotes where needed. What is unknown is empty; an empty text is
 * "". `bom` puts the mark in front by which Excel knows UTF-8.
 */
export function createCsv(columns: ExportJob['columns'], bom: boolean, give: GiveBlock): FileWriter {
  const block = createBlock(give);
  const kinds = columns.map(({ kind }) => kind);
  let rows = 0;
  if (bom) block.text('\ufeff');
  block.ascii(`${columns.map(({ name }) => name).join(',')}\r\n`);
  return {
    row(message) {
      let at = 2;
      for (let n = 0; n < kinds.length; n += 1) {
        if (n > 0) block.byte(comma);
        const length = message.readInt32BE(at);
        at += 4;
        if (length < 0) continue;
        putValue(block, kinds[n] ?? 'text', message, at, length);
        at += length;
      }
      block.byte(carriageReturn);
      block.byte(lineFeed);
      rows += 1;
      block.flush(false);
    },
    end: () => block.flush(true),
    rows: () => rows,
  };
}

function putValue(block: Block, kind: ColumnKind, message: Buffer, at: number, length: number): void {
  switch (kind) {
    case 'word':
    case 'text':
    case 'json':
      return putText(block, message, at, length);
    case 'texts': {
      const list = Buffer.from(JSON.stringify(readTexts(message, at)));
      return putText(block, list, 0, list.length);
    }
    case 'integer':
      return block.integer(message.readInt32BE(at));
    case 'bigint':
      return block.bigint(message, at);
    case 'boolean':
      return block.ascii(message[at] === 1 ? 'true' : 'false');
    case 'uuid':
      return block.uuid(message, at);
    case 'time':
      return block.time(message, at);
    default:
      return kind satisfies never;
  }
}

/**
 * Puts an apostrophe before whatever a spreadsheet would take for a formula. A text that begins with apostrophes and then such
 * a character gets one more, so taking one away from such a text always gives it as it was.
 */
function isDangerous(source: Buffer, at: number, end: number): boolean {
  let n = at;
  while (n < end && source[n] === apostrophe) n += 1;
  const first = source[n];
  if (n === end || first === undefined) return false;
  return formula.has(first) || (first === 0xef && source[n + 1] === 0xbc && wide.has(source[n + 2] ?? 0));
}

function putText(block: Block, source: Buffer, at: number, length: number): void {
  const end = at + length;
  const defused = isDangerous(source, at, end);
  let quoted = length === 0;
  for (let n = at; n < end && !quoted; n += 1) {
    const byte = source[n];
    quoted = byte === quote || byte === comma || byte === lineFeed || byte === carriageReturn;
  }
  if (!quoted) {
    if (defused) block.byte(apostrophe);
    return block.bytes(source, at, length);
  }
  block.byte(quote);
  if (defused) block.byte(apostrophe);
  let from = at;
  for (let next = source.indexOf(quote, at); next !== -1 && next < end; next = source.indexOf(quote, next + 1)) {
    block.bytes(source, from, next + 1 - from);
    block.byte(quote);
    from = next + 1;
  }
  block.bytes(source, from, end - from);
  block.byte(quote);
}
