import type { SchemaElement } from 'hyparquet-writer';
import type { ColumnKind } from '../domain/export-columns.js';
import type { ExportJob } from './job.ts';

/** The Parquet schema of these columns: all may be null, times are microseconds in UTC. */
export function schemaOf(columns: ExportJob['columns']): SchemaElement[] {
  return [
    { name: 'generations', num_children: columns.length },
    ...columns.flatMap(({ name, kind }) => elementsOf(name, kind)),
  ];
}

const text = { type: 'BYTE_ARRAY', converted_type: 'UTF8', logical_type: { type: 'STRING' } } as const;

function elementsOf(name: string, kind: ColumnKind): SchemaElement[] {
  const column = { name, repetition_type: 'OPTIONAL' } as const;
  switch (kind) {
    case 'uuid':
      return [{ ...column, type: 'FIXED_LEN_BYTE_ARRAY', type_length: 16, logical_type: { type: 'UUID' } }];
    case 'word':
    case 'text':
      return [{ ...column, ...text }];
    case 'integer':
      return [{ ...column, type: 'INT32' }];
    case 'bigint':
      return [{ ...column, type: 'INT64' }];
    case 'boolean':
      return [{ ...column, type: 'BOOLEAN' }];
    case 'time':
      return [
        {
          ...column,
          type: 'INT64',
          converted_type: 'TIMESTAMP_MICROS',
          logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
        },
      ];
    case 'json':
      return [{ ...column, type: 'BYTE_ARRAY', converted_type: 'JSON', logical_type: { type: 'JSON' } }];
    case 'texts':
      return [
        { ...column, converted_type: 'LIST', logical_type: { type: 'LIST' }, num_children: 1 },
        { name: 'list', repetition_type: 'REPEATED', num_children: 1 },
        { name: 'element', repetition_type: 'REQUIRED', ...text },
      ];
    default:
      return kind satisfies never;
  }
}

/** How a column's values are written. */
export function physicalType(kind: ColumnKind): NonNullable<SchemaElement['type']> {
  return elementsOf('', kind).at(-1)?.type ?? 'BYTE_ARRAY';
}

/** The way to a column's values. */
export function pathOf(name: string, kind: ColumnKind): string[] {
  return elementsOf(name, kind).map((element) => element.name);
}
