import { createHash } from 'node:crypto';
import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { openDatabase } from '../../src/store/database.js';
import { ensurePartitions } from '../../src/store/partitions.js';
import type { Api } from '../support/api.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { askDuckDb, parseCsv, parseNdjson, writeGenerations } from '../support/exported.js';

let darkroom: Darkroom;
let projectId: string;
const from = new Date('2026-09-20T00:00:00Z');
const stepMs = 6 * 3_600_000;
/** Until 29 October: 44 in September, 116 in October. */
const count = 160;

beforeAll(async () => {
  darkroom = await startDarkroom({
    async prepare({ databaseUrl }) {
      const database = openDatabase(databaseUrl, { connections: 1 });
      await ensurePartitions(database, from, new Date());
      await ensurePartitions(database, new Date('2024-01-15T00:00:00Z'));
      await database.close();
    },
  });
  const [project] = await darkroom.sql("select id from project where slug = 'demo'");
  projectId = String(project?.['id']);
  await writeGenerations(darkroom, { projectId, count, from, stepMs });
});

afterAll(async () => {
  await darkroom.stop();
});

const fields = `id status format partitionBy filter search columns rows bytes progress url errorCode
  files { path rows bytes sha256 url } startedAt finishedAt expiresAt`;
const fileSchema = z.object({
  path: z.string(),
  rows: z.number(),
  bytes: z.number(),
  sha256: z.string(),
  url: z.url(),
});
const exportSchema = z.looseObject({
  id: z.string(),
  status: z.string(),
  rows: z.number(),
  bytes: z.number(),
  progress: z.number(),
  url: z.string().nullable(),
  files: z.array(fileSchema),
  finishedAt: z.coerce.date().nullable(),
  expiresAt: z.coerce.date().nullable(),
});
type Export = z.infer<typeof exportSchema>;
const madeSchema = z.object({
  payload: z.object({
    export: exportSchema.nullable(),
    userErrors: z.array(z.looseObject({ code: z.string(), path: z.array(z.string()), message: z.string() })),
  }),
});

async function make(api: Api, input: Record<string, unknown>): Promise<z.infer<typeof madeSchema>['payload']> {
  const document = `mutation ($input: ExportGenerationsInput!) {
    payload: exportGenerations(input: $input) { export { ${fields} } userErrors { code path message } } }`;
  return (await api.ask(madeSchema, document, { input })).payload;
}

async function find(api: Api, id: string): Promise<Export | null> {
  const shape = z.object({ export: exportSchema.nullable() });
  return (await api.ask(shape, `query ($id: ID!) { export(id: $id) { ${fields} } }`, { id })).export;
}

async function ready(input: Record<string, unknown>): Promise<Export> {
  const { export: made, userErrors } = await make(darkroom.api, input);
  expect(userErrors).toEqual([]);
  return await vi.waitFor(
    async () => {
      const found = await find(darkroom.api, made?.id ?? '');
      if (found?.status !== 'READY') throw new Error(`It is ${found?.status}.`);
      return found;
    },
    { timeout: 30_000, interval: 50 },
  );
}

async function remove(api: Api, id: string): Promise<z.infer<typeof madeSchema>['payload']> {
  const document = `mutation ($id: ID!) {
    payload: removeExport(id: $id) { export { ${fields} } userErrors { code path message } } }`;
  return (await api.ask(madeSchema, document, { id })).payload;
}

it('makes a file for each month, which DuckDB reads as one table, in part where part is asked for', async () => {
  const made = await ready({ format: 'PARQUET', partitionBy: 'MONTH' });
  expect(made).toMatchObject({ rows: count, progress: 1, url: null });
  expect(made.files.map(({ path, rows }) => [path, rows])).toEqual([
    ['project=demo/month=2026-09/generations.parquet', 44],
    ['project=demo/month=2026-10/generations.parquet', 116],
  ]);
  const folder = join(darkroom.dataFolder, 'fetched');
  for (const { path, bytes, sha256, url } of made.files) {
    // Without a key: the address cannot be guessed.
    const response = await fetch(url);
    const body = Buffer.from(await response.arrayBuffer());
    expect([body.length, createHash('sha256').update(body).digest('hex')]).toEqual([bytes, sha256]);
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), body);
  }
  const table = `read_parquet('${folder}/**/*.parquet', hive_partitioning = true)`;
  expect(
    await askDuckDb(`select month::text as month, project, count(*)::int as n, min(created_at)::text as first
      from ${table} group by all order by 1`),
  ).toEqual([
    { month: '2026-09', project: 'demo', n: 44, first: '2026-09-20 00:00:00+00' },
    { month: '2026-10', project: 'demo', n: 116, first: '2026-10-01 00:00:00+00' },
  ]);
  const [plan] = await askDuckDb(`explain select sum(cost_micros) from ${table} where month = '2026-10'`);
  expect(JSON.stringify(plan)).toMatch(/Scanning Files: *1\/2|File Filters/);
  const bounds = await askDuckDb(`select stats_min_value as least, stats_max_value as most
    from parquet_metadata('${folder}/project=demo/month=2026-10/generations.parquet') where path_in_schema = 'created_at'`);
  expect(bounds).toEqual([{ least: '2026-10-01 00:00:00+00', most: '2026-10-29 18:00:00+00' }]);
});

it('makes what the filter asks for, by the day', async () => {
  const filter = { createdFrom: '2026-09-29T12:00:00.000Z', createdTo: '2026-10-02T00:00:00.000Z' };
  const made = await ready({ format: 'NDJSON', partitionBy: 'DAY', filter, columns: ['generation_id', 'prompt'] });
  expect(made).toMatchObject({ filter, columns: ['generation_id', 'prompt'], rows: 10 });
  expect(made.files.map(({ path, rows }) => [path, rows])).toEqual([
    ['project=demo/day=2026-09-29/generations.ndjson', 2],
    ['project=demo/day=2026-09-30/generations.ndjson', 4],
    ['project=demo/day=2026-10-01/generations.ndjson', 4],
  ]);
  const lines = parseNdjson(await (await fetch(made.files[0]?.url ?? '')).text());
  expect(lines.map((line) => [Object.keys(line), line['prompt']])).toEqual([
    [['generation_id', 'prompt'], 'a jar, number 38'],
    [['generation_id', 'prompt'], 'a jar, number 39'],
  ]);
});

it('serves a file whole, in ranges, by HEAD and not again to whoever has it', async () => {
  const { url, files, bytes } = await ready({ format: 'CSV', bom: true });
  const address = url ?? '';
  expect(files.map(({ path }) => path)).toEqual(['generations.csv']);
  const whole = await fetch(address);
  const body = Buffer.from(await whole.arrayBuffer());
  expect(parseCsv(body.toString())).toHaveLength(count + 1);
  expect(Object.fromEntries(whole.headers)).toMatchObject({
    'accept-ranges': 'bytes',
    'content-disposition': 'attachment; filename="generations.csv"',
    'content-length': String(bytes),
    'content-type': 'text/csv; charset=utf-8; header=present',
    'x-content-type-options': 'nosniff',
  });
  const etag = whole.headers.get('etag') ?? '';
  expect((await fetch(address, { headers: { 'if-none-match': etag } })).status).toBe(304);
  const part = await fetch(address, { headers: { range: 'bytes=10-19' } });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
    206,
    `bytes 10-19/${bytes}`,
    body.subarray(10, 20).toString(),
  ]);
  expect((await fetch(address, { headers: { range: `bytes=${bytes}-` } })).status).toBe(416);
  const head = await fetch(address, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length'), await head.text()]).toEqual([200, String(bytes), '']);
  for (const wrong of [
    address.replace(/.{3}\/generations/, 'xxx/generations'),
    `${address}x`,
    address.replace('generations.csv', '..%2fx.csv'),
  ]) {
    expect((await fetch(wrong)).status).toBe(404);
  }
});

it('shows an export to its own project only, lists it, and removes it with its files', async () => {
  const made = await ready({ format: 'NDJSON' });
  const { api } = await darkroom.addProject('other');
  expect(await find(api, made.id)).toBeNull();
  expect((await remove(api, made.id)).userErrors).toMatchObject([{ code: 'NOT_FOUND', path: ['id'] }]);
  const listSchema = z.object({
    exports: z.object({ nodes: z.array(z.object({ id: z.string() })) }),
    node: z.unknown(),
  });
  const list = async (): Promise<z.infer<typeof listSchema>> =>
    await darkroom.api.ask(listSchema, 'query ($id: ID!) { exports(first: 1) { nodes { id } } node(id: $id) { id } }', {
      id: made.id,
    });
  expect(await list()).toEqual({ exports: { nodes: [{ id: made.id }] }, node: { id: made.id } });
  const [row] = await darkroom.sql('select folder from export where id = $1', made.id.slice(4));
  const kept = async (): Promise<boolean> =>
    (await readdir(join(darkroom.dataFolder, 'exports'))).includes(String(row?.['folder']));
  expect(await kept()).toBe(true);
  expect((await remove(darkroom.api, made.id)).export).toMatchObject({ id: made.id });
  expect(await kept()).toBe(false);
  expect(await find(darkroom.api, made.id)).toBeNull();
  expect((await fetch(made.url ?? '')).status).toBe(404);
});

it('keeps it for three days', async () => {
  const { finishedAt, expiresAt } = await ready({ format: 'CSV' });
  expect(Number(expiresAt) - Number(finishedAt)).toBe(3 * 86_400_000);
});

it('refuses what cannot be made, and more than a project may have', async () => {
  const { api, projectId: other } = await darkroom.addProject('busy');
  await writeGenerations(darkroom, { projectId: other, count: 1, from: new Date('2024-01-15T00:00:00Z'), stepMs: 0 });
  const refused = async (input: Record<string, unknown>): Promise<string> => {
    const { errors } = await api.send(
      'mutation ($input: ExportGenerationsInput!) { exportGenerations(input: $input) { userErrors { code } } }',
      {
        input,
      },
    );
    return errors[0]?.message ?? '';
  };
  expect(await refused({ format: 'XLSX' })).toMatch(/"XLSX" does not exist in "ExportFormat"/);
  expect(await refused({ format: 'CSV', columns: ['colour'] })).toMatch(
    /input\.columns\[0\] must be one of generation_id/,
  );
  expect(await refused({ format: 'CSV', columns: [] })).toMatch(/input\.columns must name 1 or more/);
  expect(await refused({ format: 'CSV', search: 'x'.repeat(201) })).toMatch(/1 to 200 characters; it has 201/);
  expect(await refused({ format: 'CSV', search: 'the' })).toMatch(/no word to look for/);
  expect(await refused({ format: 'CSV', filter: { rating: { from: 7 } } })).toMatch(
    /filter\.rating\.from must be from 1 to 5/,
  );
  expect(await make(api, { format: 'CSV', partitionBy: 'DAY' })).toMatchObject({
    export: null,
    userErrors: [
      {
        code: 'OUT_OF_RANGE',
        path: ['input', 'partitionBy'],
        message: expect.stringContaining('at most 400 are made') as string,
      },
    ],
  });
  // Under way at some process that lives.
  await darkroom.sql(
    `insert into export (id, project_id, status, format, partition_by, filter, columns, bom, token, worker_until)
     select gen_random_uuid(), $1, 'RUNNING', 'CSV', 'NONE', '{}', '{prompt}', false, 'x', now() + interval '1 hour'
     from generate_series(1, 3)`,
    other,
  );
  expect((await make(api, { format: 'CSV' })).userErrors).toMatchObject([
    {
      code: 'CONFLICT',
      message: 'A project has at most 3 exports under way and 20 in all; wait for one, or remove one.',
    },
  ]);
  await darkroom.sql("update export set status = 'FAILED' where project_id = $1", other);
  expect((await make(api, { format: 'CSV' })).userErrors).toEqual([]);
});
