import { createBlock, type Block, type GiveBlock } from './block.ts';
import { readTexts } from './copy-binary.ts';
import type { ExportJob, FileWriter } from './job.ts';
import { putJsonText } from './json-text.ts';
import type { ColumnKind } from '../domain/export-columns.js';

/** A line of JSON for each row; what is unknown is null. */
export function createNdjson(columns: ExportJob['columns'], give: GiveBlock): FileWriter {
  const block = createBlock(give);
  const fields = columns.map(({ name, kind }, n) => ({ kind, lead: `${n === 0 ? '{' : ','}"${name}":` }));
  let rows = 0;
  return {
    row(message) {
      let at = 2;
      for (const { kind, lead } of fields) {
        block.ascii(lead);
        const length = message.readInt32BE(at);
        at += 4;
        if (length < 0) {
          block.ascii('null');
          continue;
        }
        putValue(block, kind, message, at, length);
        at += length;
      }
      block.ascii('}\n');
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
      return putJsonText(block, message, at, length);
    case 'json':
      return block.bytes(message, at, length);
    case 'texts':
      return block.text(JSON.stringify(readTexts(message, at)));
    case 'integer':
      return block.integer(message.readInt32BE(at));
    case 'bigint':
      return block.bigint(message, at);
    case 'boolean':
      return block.ascii(message[at] === 1 ? 'true' : 'false');
    case 'uuid':
      block.byte(34);
      block.uuid(message, at);
      return block.byte(34);
    case 'time':
      block.byte(34);
      block.time(message, at);
      return block.byte(34);
    default:
      return kind satisfies never;
  }
}
