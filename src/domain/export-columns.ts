/** What a column holds; docs/exports.md says how each format writes it. */
export type ColumnKind = 'uuid' | 'word' | 'text' | 'integer' | 'bigint' | 'boolean' | 'time' | 'json' | 'texts';

/**
 * The columns of an export, in their order. Up to `finished_at` they are those of the view `analytics.generation_v1`. Names
 * and kinds never change; new columns are added at the end. `word`: one of few texts, `text`: any.
 */
export const exportColumns = {
  generation_id: 'uuid',
  project_id: 'uuid',
  project: 'word',
  status: 'word',
  moderation_stage: 'word',
  error_code: 'word',
  control: 'word',
  profile_id: 'uuid',
  provider: 'word',
  model: 'word',
  account: 'word',
  parameters: 'json',
  pixels: 'integer',
  seed: 'bigint',
  tags: 'texts',
  rating: 'integer',
  favourite: 'boolean',
  priority: 'integer',
  attempt_count: 'integer',
  cost_estimated_micros: 'bigint',
  cost_quoted_micros: 'bigint',
  cost_settled_micros: 'bigint',
  cost_micros: 'bigint',
  queued_ms: 'bigint',
  run_ms: 'bigint',
  total_ms: 'bigint',
  created_at: 'time',
  started_at: 'time',
  finished_at: 'time',
  prompt: 'text',
  prompt_sent: 'text',
  note: 'text',
  error_message: 'text',
  finetune_id: 'word',
  lora_url: 'word',
  rerun_of: 'uuid',
  updated_at: 'time',
} as const satisfies Record<string, ColumnKind>;

export type ExportColumn = keyof typeof exportColumns;

// Object.keys is typed as string[]; these are exactly the table's keys.
export const exportColumnNames = Object.keys(exportColumns) as ExportColumn[];

/** The column of this name, or null. */
export function columnNamed(name: string): ExportColumn | null {
  return exportColumnNames.find((each) => each === name) ?? null;
}
