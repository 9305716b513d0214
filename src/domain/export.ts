import type { ColumnKind, ExportColumn } from './export-columns.js';
import type { ListFilter, ListQuery } from './listing.js';
import type { Window } from './ports.js';

/** The formats of an export, by their file endings. */
export const exportFormats = ['CSV', 'NDJSON', 'PARQUET'] as const;
export type ExportFormat = (typeof exportFormats)[number];

/** Into how many files an export goes: one, or one for each month or day (UTC) in which something was accepted. */
export const exportPartitions = ['NONE', 'MONTH', 'DAY'] as const;
export type ExportPartition = (typeof exportPartitions)[number];

export const exportStatuses = ['QUEUED', 'RUNNING', 'READY', 'FAILED'] as const;
export type ExportStatus = (typeof exportStatuses)[number];

export const exportBounds = {
  /** Of a project: waiting or being made. */
  unfinished: 3,
  /** Of a project, all in all. */
  kept: 20,
  /** Days or months of one export. */
  files: 400,
  /** How often making one is begun before it counts as failed. */
  tries: 3,
  /** A kept export, and what is known of a failed one, is removed so long after its end. */
  keptMs: 3 * 86_400_000,
} as const;

/** What is to be exported, and how. */
export type ExportAsked = {
  format: ExportFormat;
  filter: ListFilter;
  search: string | null;
  columns: readonly ExportColumn[];
  /** Begins CSV with a byte order mark, by which Excel knows UTF-8. */
  bom: boolean;
};

export type ExportFile = {
  /** Below the export's own address, e.g. `project=demo/month=2026-11/generations.parquet`. */
  path: string;
  rows: number;
  bytes: number;
  sha256: string;
};

/** An export that is made in the background and kept. */
export type KeptExport = ExportAsked & {
  id: string;
  projectId: string;
  status: ExportStatus;
  partitionBy: ExportPartition;
  /** So far. */
  rows: number;
  bytes: number;
  /** By the database's statistics; null until it is begun. */
  expectedRows: number | null;
  /** Once it is ready. */
  files: readonly ExportFile[];
  /** Where its files are, below the folder of all exports; null until it is begun. */
  folder: string | null;
  /** The unguessable part of its files' addresses. */
  token: string;
  errorCode: string | null;
  errorMessage: string | null;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  expiresAt: Date | null;
};

export type NewExport = ExportAsked & Pick<KeptExport, 'id' | 'projectId' | 'partitionBy' | 'token'>;

/** What a thread is to do. It gets it as a message, so it holds data only. */
export type ExportJob = {
  /** Of the database. */
  url: string;
  /** The connection's name in the server, by which it is found to be ended. */
  tag: string;
  format: ExportFormat;
  columns: readonly { name: string; kind: ColumnKind }[];
  bom: boolean;
  /** One `COPY` for each file, all of one snapshot. */
  statements: readonly string[];
  /** The server ends a statement that takes longer, in ms. */
  timeoutMs: number;
};

/** What a thread gives: bytes, and after the bytes of each file its end. `rows`: so many are whole by now, of all files. */
export type ExportPart = { bytes: Buffer; rows: number } | { fileEnd: true; rows: number };

/** One export under way. */
export type ExportThread = {
  /** Resolves when the server has begun to answer; rejects when it refused. */
  opened: Promise<void>;
  /** The next part, or null at the end. Throws what the export failed of. Nothing more is read while nobody asks. */
  next(): Promise<ExportPart | null>;
  /** Ends the thread and its connection; who waits for a part gets `reason`. Nothing happens when it has ended. */
  stop(reason?: Error): Promise<void>;
};

/** The rows of exports in the database. */
export type ExportSource = {
  /** Throws BAD_REQUEST when nothing can be searched for. */
  check(projectId: string, search: string | null): Promise<void>;
  /** How many match: counted where there are few, else by statistics. */
  expect(projectId: string, query: Pick<ListQuery, 'filter' | 'search'>): Promise<number>;
  /** When the project's first generation was accepted; null where there is none. */
  firstAt(projectId: string): Promise<Date | null>;
  /** One file for each of the filters. */
  job(
    owner: { projectId: string; project: string },
    asked: ExportAsked,
    options: { filters: readonly ListFilter[]; timeoutMs: number },
  ): ExportJob;
  /** Ends the connection of this name, whatever it is doing. */
  end(tag: string): Promise<void>;
};

/** Kept exports as their project sees them. */
export type Exports = {
  /** Null when the project has too many already. */
  create(wanted: NewExport): Promise<KeptExport | null>;
  find(projectId: string, id: string): Promise<KeptExport | null>;
  page(projectId: string, window: Window): Promise<KeptExport[]>;
  /** Ready ones only. */
  byToken(id: string, token: string): Promise<KeptExport | null>;
  /** Forgets it; whoever is making it hears of it when it next renews. */
  remove(projectId: string, id: string): Promise<KeptExport | null>;
};

/** One claim of an export by a process: `folder` is new with each, so that two can never write the same files. */
export type ExportClaim = { id: string; folder: string };

/** Kept exports as those see them who make them. */
export type ExportWork = {
  /** Takes the next that waits or whose maker is gone, of a project with none under way before others. */
  claim(workerId: string, leaseMs: number): Promise<(KeptExport & { projectSlug: string; folder: string }) | null>;
  /** Notes how far it is, and keeps the claim; false when it is no longer held. */
  renew(
    claim: ExportClaim,
    leaseMs: number,
    progress: { rows: number; bytes: number; expectedRows: number | null },
  ): Promise<boolean>;
  finish(claim: ExportClaim, files: readonly ExportFile[]): Promise<boolean>;
  /** For good, or to be tried again, as long as there are tries left. */
  fail(claim: ExportClaim, error: { code: string; message: string }, options: { forGood: boolean }): Promise<void>;
  /** Gives up what was begun, as if it had not been. */
  release(claim: ExportClaim): Promise<void>;
  /** Forgets what has expired; gives the folders of all others. */
  expire(): Promise<string[]>;
};
