import { zstdCompressSync } from 'node:zlib';
import type { ByteWriter, ParquetWriter } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import type { ColumnKind } from '../domain/export-columns.js';
import { createBytes, createNumbers, type Bytes } from './bytes.ts';
import { createDictionary } from './parquet-dictionary.ts';
import { bitsFor, putHybrid, putLevels } from './parquet-levels.ts';
import { pathOf, physicalType } from './parquet-schema.ts';

type ColumnChunk = ParquetWriter['row_groups'][number]['columns'][number];
type MetaData = NonNullable<ColumnChunk['meta_data']>;

type MinMax = bigint | Uint8Array;

/** One column of a row group: values as they come from PostgreSQL go into it byte by byte, and out as a page. */
export type Chunk = {
  /** `length` is negative where there is no value. */
  add(message: Buffer, at: number, length: number): void;
  /** Writes what was added, and begins anew. */
  write(writer: ByteWriter): ColumnChunk;
};

/** Microseconds from 1970 to 2000, where PostgreSQL's times begin. */
const epochMicros = 946_684_800_000_000n;

/** `bounds`: tell the smallest and the largest value, by which readers leave row groups out. */
export function createChunk(name: string, kind: ColumnKind, bounds: boolean): Chunk {
  const [values, page, scratch] = [createBytes(), createBytes(), createBytes()];
  // Whether there is a value; of lists 1 is an empty one and 2 is an entry.
  const [defined, repeated, indexes] = [createNumbers(), createNumbers(), createNumbers()];
  const dictionary = createDictionary();
  const isList = kind === 'texts';
  let nulls = 0;
  let least: MinMax | null = null;
  let most: MinMax | null = null;

  function see(value: MinMax): void {
    // Bytes are those of ids, which come in their order.
    if (least === null || (typeof value === 'bigint' && typeof least === 'bigint' && value < least)) least = value;
    if (most === null || typeof value !== 'bigint' || typeof most !== 'bigint' || value > most) most = value;
  }

  function addList(message: Buffer, start: number): void {
    const count = message.readInt32BE(start) === 0 ? 0 : message.readInt32BE(start + 12);
    if (count === 0) {
      defined.push(1);
      repeated.push(0);
    }
    let at = start + 20;
    for (let n = 0; n < count; n += 1) {
      const length = message.readInt32BE(at);
      defined.push(2);
      repeated.push(n === 0 ? 0 : 1);
      indexes.push(dictionary.indexOf(message, at + 4, length));
      at += 4 + length;
    }
  }

  function addValue(message: Buffer, at: number, length: number): void {
    switch (kind) {
      case 'word':
        return indexes.push(dictionary.indexOf(message, at, length));
      case 'text':
      case 'json':
        values.uint32(length);
        return values.copy(message, at, length);
      case 'uuid':
        if (bounds) see(message.subarray(at, at + length));
        return values.copy(message, at, length);
      case 'integer':
        return values.reversed(message, at, 4);
      case 'bigint':
        if (bounds) see(message.readBigInt64BE(at));
        return values.reversed(message, at, 8);
      case 'time': {
        const micros = message.readBigInt64BE(at) + epochMicros;
        if (bounds) see(micros);
        return values.int64(micros);
      }
      case 'boolean':
        return indexes.push(message[at] ?? 0);
      case 'texts':
        return addList(message, at);
      default:
        return kind satisfies never;
    }
  }

  function writePage(writer: ByteWriter, bytes: Bytes, header: Partial<Parameters<typeof writePageHeader>[1]>): number {
    const packed = zstdCompressSync(bytes.view());
    const from = writer.offset;
    const sizes = { uncompressed_page_size: bytes.length(), compressed_page_size: packed.length };
    writePageHeader(writer, { type: 'DATA_PAGE', ...sizes, ...header });
    const headerBytes = writer.offset - from;
    writer.appendBytes(packed);
    return headerBytes + bytes.length();
  }

  function fillPage(encoded: boolean): void {
    page.clear();
    if (isList) putLevels(page, scratch, repeated.view(), 1);
    putLevels(page, scratch, defined.view(), isList ? 2 : 1);
    if (encoded) {
      const width = bitsFor(dictionary.size() - 1);
      page.byte(width);
      putHybrid(page, indexes.view(), width);
    } else if (kind === 'boolean') putBooleans(page, indexes.view());
    else page.copy(values.view(), 0, values.length());
  }

  return {
    add(message, at, length) {
      if (length >= 0) {
        if (!isList) defined.push(1);
        addValue(message, at, length);
        return;
      }
      defined.push(0);
      if (isList) repeated.push(0);
      nulls += 1;
    },
    write(writer) {
      const start = writer.offset;
      const encoded = dictionary.size() > 0;
      const encoding = encoded ? 'RLE_DICTIONARY' : 'PLAIN';
      let size = 0;
      if (encoded) {
        size += writePage(writer, dictionary.page(), {
          type: 'DICTIONARY_PAGE',
          dictionary_page_header: { num_values: dictionary.size(), encoding: 'PLAIN' },
        });
      }
      const dataAt = writer.offset;
      fillPage(encoded);
      size += writePage(writer, page, {
        data_page_header: {
          num_values: defined.length(),
          encoding,
          definition_level_encoding: 'RLE',
          repetition_level_encoding: 'RLE',
        },
      });
      const metaData: MetaData = {
        type: physicalType(kind),
        encodings: encoded ? ['PLAIN', 'RLE', 'RLE_DICTIONARY'] : ['PLAIN', 'RLE'],
        path_in_schema: pathOf(name, kind),
        codec: 'ZSTD',
        num_values: BigInt(defined.length()),
        total_uncompressed_size: BigInt(size),
        total_compressed_size: BigInt(writer.offset - start),
        data_page_offset: BigInt(dataAt),
        ...(encoded ? { dictionary_page_offset: BigInt(start) } : {}),
        ...(isList ? {} : { statistics: statisticsOf(least, most, nulls) }),
      };
      for (const each of [values, defined, repeated, indexes, dictionary]) each.clear();
      [least, most, nulls] = [null, null, 0];
      return { file_offset: BigInt(start), meta_data: metaData };
    },
  };
}

function statisticsOf(least: MinMax | null, most: MinMax | null, nulls: number): NonNullable<MetaData['statistics']> {
  const bounds = least === null || most === null ? {} : { min_value: least, max_value: most };
  return { ...bounds, null_count: BigInt(nulls) };
}

/** A bit each, the lowest first. */
function putBooleans(into: Bytes, flags: Int32Array): void {
  for (let n = 0; n < flags.length; n += 8) {
    let byte = 0;
    for (let bit = 0; bit < 8; bit += 1) byte |= (flags[n + bit] ?? 0) << bit;
    into.byte(byte);
  }
}
