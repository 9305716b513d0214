import { DuckDBInstance } from '@duckdb/node-api';
import { v7 as uuidv7 } from 'uuid';
import { z } from 'zod';
import type { Darkroom, Row } from './darkroom.js';

/** CSV by RFC 4180: records of fields; a field that is empty and without quotes is null. */
export function parseCsv(text: string): (string | null)[][] {
  const records: (string | null)[][] = [];
  const pattern = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/gy;
  let record: (string | null)[] = [];
  let at = 0;
  for (let found = pattern.exec(text); found !== null; found = pattern.exec(text)) {
    const [whole, quoted, plain, end] = found;
    record.push(quoted === undefined ? plain || null : quoted.replaceAll('""', '"'));
    at += whole.length;
    if (end === ',') continue;
    records.push(record);
    record = [];
  }
  if (at !== text.length) throw new Error(`No CSV from ${at} on: ${JSON.stringify(text.slice(at, at + 80))}`);
  return records;
}

const rowSchema = z.record(z.string(), z.unknown());

export function parseNdjson(text: string): Row[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => rowSchema.parse(JSON.parse(line)));
}

/** The answer of a fresh DuckDB, as JSON values. */
export async function askDuckDb(sql: string): Promise<Row[]> {
  const instance = await DuckDBInstance.create();
  const connection = await instance.connect();
  try {
    const answer = await connection.runAndReadAll(sql);
    return answer.getRowObjectsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

/** Writes `count` generations `stepMs` apart, the first at `from`; gives their keys, the oldest first. */
export async function writeGenerations(
  darkroom: Pick<Darkroom, 'sql'>,
  options: { projectId: string; count: number; from: Date; stepMs: number; details?: (n: number) => Row },
): Promise<string[]> {
  const { projectId, count, from, stepMs, details = () => ({}) } = options;
  const rows = Array.from({ length: count }, (_, n) => {
    const at = new Date(from.getTime() + n * stepMs);
    const plain = {
      id: uuidv7({ msecs: at.getTime() }),
      project_id: projectId,
      status: 'SUCCEEDED',
      control: 'NONE',
      provider: 'bfl',
      model: 'bfl/flux-pro-finetuned',
      account: 'past',
      prompt: `a jar, number ${n}`,
      prompt_sent: `a jar, number ${n}`,
      parameters: { steps: 20 + n, seed: n },
      tags: [],
      favourite: false,
      erased_images: 0,
      priority: 0,
      attempt_count: 1,
      deadline: at,
      created_at: at,
      updated_at: at,
      started_at: new Date(at.getTime() + 100),
      finished_at: new Date(at.getTime() + 1_234),
      cost_settled_micros: 50_000 + n,
    };
    return { ...plain, ...details(n) };
  });
  const sql = 'insert into generation select * from jsonb_populate_recordset(null::generation, $1::jsonb)';
  await darkroom.sql(sql, JSON.stringify(rows.map((row) => ({ version: 1, ...row }))));
  return rows.map((row) => row.id);
}

/** How many connections of exports there are. */
export async function exportConnections(darkroom: Pick<Darkroom, 'sql'>): Promise<number> {
  const [row] = await darkroom.sql(
    "select count(*)::int as n from pg_stat_activity where application_name like 'darkroom export%' and datname = current_database()",
  );
  return Number(row?.['n']);
}
