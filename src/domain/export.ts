/** The formats of an export. */
export const exportFormats = ['CSV', 'NDJSON', 'PARQUET'] as const;
export type ExportFormat = (typeof exportFormats)[number];
