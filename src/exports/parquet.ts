import { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import type { GiveBlock } from './block.ts';
import type { ExportJob, FileWriter } from './job.ts';
import { createChunk } from './parquet-chunk.ts';
import { schemaOf } from './parquet-schema.ts';

/** Rows of a group, which is written as one. */
const groupRows = 32_768;
/** A group with long texts ends earlier. */
const groupBytes = 32 * 1024 * 1024;
/** Columns by which readers leave row groups out. */
const withBounds: ReadonlySet<string> = new Set([
  'generation_id',
  'created_at',
  'started_at',
  'finished_at',
  'updated_at',
  'cost_micros',
]);

/**
 * Rows as a Parquet file. Row groups are given out as they fill, so memory holds one of them, and a line of metadata for
 * each that is done. The values' pages are written here: the library, which makes the rest of the file, takes values as
 * objects, 37 a row, and spends four times as long on them (bench/README.md).
 */
export function createParquet(columns: ExportJob['columns'], give: GiveBlock): FileWriter {
  const writer = new ByteWriter(1024 * 1024);
  const file = new ParquetWriter({ writer, schema: schemaOf(columns), createdBy: 'darkroom' });
  const chunks = columns.map(({ name, kind }) => createChunk(name, kind, withBounds.has(name)));
  let [rows, bytes, given] = [0, 0, 0];

  function flush(): void {
    const { index } = writer;
    if (index === 0) return;
    give(writer.buffer.slice(0, index), index);
    // The offset stays: it is the place in the file.
    writer.index = 0;
  }

  function writeGroup(): void {
    if (rows === 0) return;
    const start = writer.offset;
    const written = chunks.map((chunk) => chunk.write(writer));
    file.row_groups.push({
      columns: written,
      num_rows: BigInt(rows),
      total_byte_size: written.reduce((sum, { meta_data }) => sum + (meta_data?.total_uncompressed_size ?? 0n), 0n),
      total_compressed_size: BigInt(writer.offset - start),
    });
    file.num_rows += BigInt(rows);
    given += rows;
    [rows, bytes] = [0, 0];
    flush();
  }

  return {
    row(message) {
      if (message.readInt16BE(0) !== columns.length) throw new Error('A row of COPY has another number of columns.');
      let at = 2;
      for (const chunk of chunks) {
        const length = message.readInt32BE(at);
        at += 4;
        chunk.add(message, at, length);
        if (length > 0) at += length;
      }
      rows += 1;
      bytes += message.length;
      if (rows >= groupRows || bytes >= groupBytes) writeGroup();
    },
    end() {
      writeGroup();
      void file.finish();
      flush();
    },
    rows: () => given,
  };
}
