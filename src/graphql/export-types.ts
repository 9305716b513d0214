import type { ExportFormat, ExportPartition, ExportStatus, KeptExport } from '../domain/export.js';
import { publicId } from '../domain/ids.js';
import { PageInfo, type Connection } from './connection.js';
import { Field, Float, ObjectType } from './decorators.js';
import { ExportFormatEnum, ExportPartitionEnum, ExportStatusEnum } from './enums.js';
import { Node } from './node-interface.js';
import { DateTime, Json, SafeInt } from './scalars.js';
import { UserError } from './user-error.js';

@ObjectType({ description: 'A file of an export.' })
export class ExportFile {
  @Field(() => String, { description: 'Where it belongs, e.g. project=demo/month=2026-11/generations.parquet.' })
  path: string;

  @Field(() => SafeInt, { description: 'Generations in it.' })
  rows: number;

  @Field(() => SafeInt, { description: 'Its size in bytes.' })
  bytes: number;

  @Field(() => String, { description: 'SHA-256 of its bytes, in hex.' })
  sha256: string;

  @Field(() => String, {
    description: 'Where to fetch it, without a key: whoever has the address may. Ranges and HEAD are answered.',
  })
  url: string;
}

@ObjectType({
  implements: Node,
  description: 'A part of history as files, made in the background and kept for 3 days.',
})
export class Export extends Node {
  readonly __typename = 'Export';

  @Field(() => ExportStatusEnum, { description: 'Where it stands.' })
  status: ExportStatus;

  @Field(() => ExportFormatEnum, { description: 'How it is written.' })
  format: ExportFormat;

  @Field(() => ExportPartitionEnum, { description: 'Into how many files it goes.' })
  partitionBy: ExportPartition;

  @Field(() => Json, { description: 'Which generations it is of, as it was given.' })
  filter: unknown;

  @Field(() => String, { nullable: true, description: 'Words that their prompts hold.' })
  search: string | null;

  @Field(() => [String], { description: 'Its columns, in their order.' })
  columns: string[];

  @Field(() => SafeInt, { description: 'Generations written so far.' })
  rows: number;

  @Field(() => SafeInt, { description: 'Bytes written so far, of all files.' })
  bytes: number;

  @Field(() => Float, { description: 'How far it is, 0 to 1; estimated, and 1 only once it is READY.' })
  progress: number;

  @Field(() => [ExportFile], { description: 'Its files, the oldest first; empty until it is READY.' })
  files: ExportFile[];

  @Field(() => String, {
    nullable: true,
    description: 'Where to fetch its file; null until it is READY, and where `partitionBy` is not NONE: see `files`.',
  })
  url: string | null;

  @Field(() => String, { nullable: true, description: 'Why it FAILED, e.g. STORAGE_UNAVAILABLE.' })
  errorCode: string | null;

  @Field(() => String, { nullable: true, description: 'The same in words.' })
  errorMessage: string | null;

  @Field(() => DateTime, { description: 'When it was asked for.' })
  createdAt: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it was begun.' })
  startedAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When it was READY or FAILED.' })
  finishedAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When it is removed with its files: 3 days after its end.' })
  expiresAt: Date | null;
}

@ObjectType({ description: 'One export in a list.' })
export class ExportEdge {
  @Field(() => Export, { description: 'The export.' })
  node: Export;

  @Field(() => String, { description: 'Its place in the list.' })
  cursor: string;
}

@ObjectType({ description: 'A page of exports, newest first.' })
export class ExportConnection implements Connection<Export> {
  @Field(() => [ExportEdge], { description: 'The entries with their cursors.' })
  edges: ExportEdge[];

  @Field(() => [Export], { description: 'The entries.' })
  nodes: Export[];

  @Field(() => PageInfo, { description: 'Where this page lies.' })
  pageInfo: PageInfo;
}

@ObjectType({ description: 'Answer to exportGenerations.' })
export class ExportGenerationsPayload {
  @Field(() => Export, { nullable: true, description: 'The export; null when it was refused.' })
  export: Export | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors: UserError[];
}

@ObjectType({ description: 'Answer to removeExport.' })
export class RemoveExportPayload {
  @Field(() => Export, { nullable: true, description: 'The export as it was; null when it was refused.' })
  export: Export | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors: UserError[];
}

export function exportNode(record: KeptExport, publicUrl: string): Export {
  const { id, token, projectId: _project, folder: _folder, bom: _bom, expectedRows, ...rest } = record;
  const { profileId, sweepId, ...filter } = record.filter;
  const keys = {
    profileId: profileId == null ? null : publicId('FinetuneProfile', profileId),
    sweepId: sweepId == null ? null : publicId('Sweep', sweepId),
  };
  const files = record.files.map((file) => ({ ...file, url: `${publicUrl}/exports/${id}/${token}/${file.path}` }));
  const part = expectedRows === null ? 0 : record.rows / Math.max(1, expectedRows);
  return {
    ...rest,
    __typename: 'Export',
    id: publicId('Export', id),
    columns: [...record.columns],
    filter: Object.fromEntries(Object.entries({ ...filter, ...keys }).filter(([, value]) => value != null)),
    progress: record.status === 'READY' ? 1 : Math.min(part, 0.99),
    files,
    url: record.partitionBy === 'NONE' ? (files[0]?.url ?? null) : null,
  };
}
