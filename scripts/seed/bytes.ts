import { eventLines, tableNames, type Batch, type TableName } from './rows.js';

/** What COPY is sent, by table: bytes, for as strings they would be carried about by the garbage collector while they wait. */
export type Bytes = Readonly<Record<TableName, Buffer[]>>;

export function noBytes(): Bytes {
  return {
    generation: [],
    attempt: [],
    generation_event: [],
    image: [],
    generation_image: [],
    generation_tag: [],
    generation_text: [],
  };
}

export function addBytes(bytes: Bytes, batch: Batch, nextPosition: () => number): void {
  const lines = { ...batch.lines, generation_event: eventLines(batch, nextPosition) };
  for (const table of tableNames) {
    if (lines[table].length > 0) bytes[table].push(Buffer.from(`${lines[table].join('\n')}\n`));
  }
}
