import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { exportColumnNames } from '../../src/domain/export-columns.js';
import { publicId } from '../../src/domain/ids.js';
import { openDatabase } from '../../src/store/database.js';
import { ensurePartitions } from '../../src/store/partitions.js';
import { startDarkroom, type Darkroom, type Row } from '../support/darkroom.js';
import { askDuckDb, exportConnections, parseCsv, parseNdjson, writeGenerations } from '../support/exported.js';

let darkroom: Darkroom;
let projectId: string;
let ids: string[];

const from = new Date('2026-08-30T12:00:00.123Z');
/** Half a day apart, over three months. */
const stepMs = 43_200_000;
const count = 80;
/** What people write, and what spreadsheets make of it. */
const prompts = [
  '=HYPERLINK("http://example.org","look")',
  '+1',
  '-1',
  '@SUM(A1)',
  '\tx',
  '\rx',
  '＝1+1',
  "'=1",
  "'tis a jar",
  'a "quoted" jar, with commas\nand lines',
  'Café Ø 東京 🫙',
  ' = a blank before it',
];

beforeAll(async () => {
  darkroom = await startDarkroom({
    async prepare({ databaseUrl }) {
      const database = openDatabase(databaseUrl, { connections: 1 });
      await ensurePartitions(database, from, new Date());
      await database.close();
    },
  });
  const [project] = await darkroom.sql("select id from project where slug = 'demo'");
  projectId = String(project?.['id']);
  ids = await writeGenerations(darkroom, {
    projectId,
    count,
    from,
    stepMs,
    details: (n) => ({
      ...(n < prompts.length ? { prompt: prompts[n], note: '' } : {}),
      ...(n % 4 === 0 ? { tags: ['night', 'a "b", c'], rating: 1 + (n % 5), favourite: true } : {}),
      ...(n % 5 === 1 ? { status: 'FAILED', error_code: 'PROVIDER_FAILED', error_message: '-gone', priority: -3 } : {}),
      ...(n % 7 === 2 ? { cost_settled_micros: null, started_at: null, result_seed: 9_007_199_254_740_991 } : {}),
    }),
  });
  const other = await darkroom.addProject('other');
  await writeGenerations(darkroom, { projectId: other.projectId, count: 5, from, stepMs });
});

afterAll(async () => {
  await darkroom.stop();
});

const fetchText = async (path: string): Promise<string> => {
  const response = await darkroom.api.fetch(path);
  const text = await response.text();
  expect({ status: response.status, ...(response.ok ? {} : { text }) }).toEqual({ status: 200 });
  return text;
};

/** The same by the views for analysts, which have other columns made elsewhere. */
async function ofViews(): Promise<Row[]> {
  const rows = await darkroom.sql(
    `select v.*, p.prompt, p.prompt_sent, p.note, g.error_message, g.finetune_id, g.lora_url, g.rerun_of, g.updated_at
     from analytics.generation_v1 v join analytics.prompt_v1 p using (generation_id)
       join generation g on g.id = v.generation_id
     where v.project_id = $1 order by v.generation_id`,
    projectId,
  );
  // The driver gives big numbers as texts and times as dates.
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => {
        if (value instanceof Date) return [name, value.toISOString().replace('Z', '000Z')];
        return [name, /_micros$|_ms$|^seed$/.test(name) && value !== null ? Number(value) : value];
      }),
    ),
  );
}

/** What a field of CSV means, by the documented rules. */
function meant(name: string, text: string | null): unknown {
  if (text === null) return null;
  if (/_micros$|_ms$|^(seed|pixels|rating|priority|attempt_count)$/.test(name)) return Number(text);
  if (name === 'favourite') return text === 'true';
  if (name === 'tags' || name === 'parameters') return JSON.parse(text);
  return /^''*[-=+@\t\r\n＝＋－＠]/.test(text) ? text.slice(1) : text;
}

describe('every format', () => {
  it('has the columns of the views, and the same in them', async () => {
    const expected = await ofViews();
    expect(expected).toHaveLength(count);
    const lines = parseNdjson(await fetchText('/exports/generations.ndjson'));
    expect(Object.keys(lines[0] ?? {})).toEqual(exportColumnNames);
    expect(Object.keys(expected[0] ?? {})).toEqual(exportColumnNames);
    expect(lines).toEqual(expected);

    const [header = [], ...records] = parseCsv(await fetchText('/exports/generations.csv'));
    expect(header).toEqual(exportColumnNames);
    const read = records.map((record) =>
      Object.fromEntries(exportColumnNames.map((name, n) => [name, meant(name, record[n] ?? null)])),
    );
    expect(read).toEqual(expected);
    // An empty text is not an unknown one.
    expect((await fetchText('/exports/generations.csv?columns=note')).split('\r\n').slice(1, 14)).toEqual(
      Array.from({ length: 13 }, (_, n) => (n < prompts.length ? '""' : '')),
    );
  });

  it('says what GraphQL says', async () => {
    const shape = z.object({
      generation: z.object({
        prompt: z.string(),
        status: z.string(),
        tags: z.array(z.string()),
        createdAt: z.string(),
      }),
    });
    const lines = parseNdjson(await fetchText('/exports/generations.ndjson'));
    for (const line of lines.slice(0, 14)) {
      const document = 'query ($id: ID!) { generation(id: $id) { prompt status tags createdAt } }';
      const id = publicId('Generation', String(line['generation_id']));
      const { generation } = await darkroom.api.ask(shape, document, { id });
      const { prompt, status, tags, created_at: at } = line;
      expect({ prompt, status, tags, createdAt: new Date(String(at)).toISOString() }).toEqual(generation);
    }
  });

  it('is read by DuckDB, Parquet with its types', async () => {
    const file = join(darkroom.dataFolder, 'all.parquet');
    const response = await darkroom.api.fetch('/exports/generations.parquet');
    expect(response.headers.get('content-type')).toBe('application/vnd.apache.parquet');
    expect(response.headers.get('content-disposition')).toMatch(
      /^attachment; filename="generations-demo-[\d-]{10}\.parquet"$/,
    );
    await writeFile(file, Buffer.from(await response.arrayBuffer()));
    const columns = await askDuckDb(`describe select * from '${file}'`);
    const types = Object.fromEntries(columns.map((each) => [each['column_name'], each['column_type']]));
    expect(Object.keys(types)).toEqual(exportColumnNames);
    expect(types).toMatchObject({
      generation_id: 'UUID',
      status: 'VARCHAR',
      parameters: 'JSON',
      pixels: 'INTEGER',
      seed: 'BIGINT',
      tags: 'VARCHAR[]',
      favourite: 'BOOLEAN',
      cost_micros: 'BIGINT',
      created_at: 'TIMESTAMP WITH TIME ZONE',
      prompt: 'VARCHAR',
    });
    const rows = await askDuckDb(`
      select * replace (strftime(created_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') as created_at,
        strftime(started_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') as started_at,
        strftime(finished_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') as finished_at,
        strftime(updated_at at time zone 'UTC', '%Y-%m-%dT%H:%M:%S.%fZ') as updated_at) from '${file}'`);
    const read = rows.map((row) =>
      Object.fromEntries(
        Object.entries(row).map(([name, value]) => {
          if (name === 'parameters') return [name, JSON.parse(String(value))];
          return [name, /_micros$|_ms$|^seed$/.test(name) && value !== null ? Number(value) : value];
        }),
      ),
    );
    expect(read).toEqual(await ofViews());
  });

  it('may be empty', async () => {
    const nothing = 'createdTo=2001-01-01T00:00:00Z&columns=generation_id,tags,created_at';
    expect(await fetchText(`/exports/generations.csv?${nothing}`)).toBe('generation_id,tags,created_at\r\n');
    expect(await fetchText(`/exports/generations.ndjson?${nothing}`)).toBe('');
    const file = join(darkroom.dataFolder, 'empty.parquet');
    const response = await darkroom.api.fetch(`/exports/generations.parquet?${nothing}`);
    await writeFile(file, Buffer.from(await response.arrayBuffer()));
    expect(await askDuckDb(`select count(*)::int as n, max(created_at) as last from '${file}'`)).toEqual([
      { n: 0, last: null },
    ]);
  });
});

describe('CSV', () => {
  it('gives a spreadsheet nothing to run', async () => {
    const text = await fetchText('/exports/generations.csv?columns=prompt,error_message,priority');
    const [, ...records] = parseCsv(text);
    expect(records.slice(0, prompts.length).map(([prompt]) => prompt)).toEqual([
      '\'=HYPERLINK("http://example.org","look")',
      "'+1",
      "'-1",
      "'@SUM(A1)",
      "'\tx",
      "'\rx",
      "'＝1+1",
      "''=1",
      "'tis a jar",
      'a "quoted" jar, with commas\nand lines',
      'Café Ø 東京 🫙',
      ' = a blank before it',
    ]);
    // A number stays one.
    expect(records[1]).toEqual(["'+1", "'-gone", '-3']);
  });

  it('begins with a byte order mark where that is asked for', async () => {
    const bytes = Buffer.from(await (await darkroom.api.fetch('/exports/generations.csv?bom=true')).arrayBuffer());
    expect(bytes.subarray(0, 16).toString()).toBe('\ufeffgeneration_id');
  });
});

describe('the filter', () => {
  const idsOf = async (query: string): Promise<unknown[]> =>
    parseNdjson(await fetchText(`/exports/generations.ndjson?columns=generation_id&${query}`)).map(
      (row) => row['generation_id'],
    );

  it('is that of the list, as JSON, as words in the address, or both', async () => {
    const failed = ids.filter((_, n) => n % 5 === 1);
    expect(await idsOf('status=FAILED')).toEqual(failed);
    expect(await idsOf(`filter=${encodeURIComponent('{"status":["FAILED"]}')}`)).toEqual(failed);
    const range = `createdFrom=${new Date(from.getTime() + 10 * stepMs).toISOString()}`;
    const cost = encodeURIComponent('{"costMicros":{"to":50030}}');
    expect(await idsOf(`status=FAILED&status=MODERATED&${range}&filter=${cost}`)).toEqual(
      failed.filter((id) => ids.indexOf(id) >= 10 && ids.indexOf(id) <= 30 && ids.indexOf(id) % 7 !== 2),
    );
    expect(await idsOf('favourite=true')).toEqual(ids.filter((_, n) => n % 4 === 0));
    expect(await idsOf(`anyTag=${encodeURIComponent('a "b", c')}`)).toEqual(ids.filter((_, n) => n % 4 === 0));
    expect(await idsOf('seed=13')).toEqual([ids[13]]);
    expect(await idsOf(`filter=${encodeURIComponent('{"status":[]}')}`)).toEqual([]);
    expect(await idsOf(`anyTag=${encodeURIComponent("x') or true --\\")}`)).toEqual([]);
  });

  it('searches prompts', async () => {
    await darkroom.sql(
      'insert into generation_text (project_id, generation_id, words) select project_id, id, darkroom_words(project_id, prompt) from generation on conflict do nothing',
    );
    expect(await idsOf('search=cafe')).toEqual([ids[10]]);
    expect(await idsOf('search=jar&status=FAILED')).toEqual(ids.filter((_, n) => n % 5 === 1 && n >= 12));
  });

  it.each([
    ['status=GONE', /filter\.status\.0: Value "GONE" does not exist in "GenerationStatus" enum/],
    ['filter=%7B', /filter must be a JSON object.*"\{"|filter must be a JSON object.*\{ was given/],
    [
      `filter=${encodeURIComponent('{"colour":1}')}`,
      /filter: Field "colour" is not defined by type "GenerationFilter"/,
    ],
    ['colour=red', /colour is no parameter of an export; there are filter, search, columns, bom,/],
    ['createdFrom=yesterday', /filter\.createdFrom: .*yesterday was given/],
    ['profileId=swp_1', /filter\.profileId is no id of a profile/],
    [`filter=${encodeURIComponent('{"rating":{"from":0}}')}`, /filter\.rating\.from must be from 1 to 5; 0 was given/],
    ['search=', /search must have 1 to 200 characters; it has 0/],
    [`search=${'x'.repeat(201)}`, /search must have 1 to 200 characters; it has 201/],
    ['search=the', /search holds no word to look for/],
    ['columns=prompt,colour', /columns\[1\] must be one of generation_id, .*; "colour" was given/],
    ['columns=prompt,prompt', /columns\[1\] names prompt again/],
    ['columns=', /columns\[0\] must be one of/],
    ['bom=yes', /bom must be true or false; yes was given/],
    ['seed=x', /filter\.seed: .*x was given/],
    ['search=a&search=b', /search must be given once; it came 2 times/],
    [`seed=1&filter=${encodeURIComponent('{"seed":1}')}`, /seed was given twice/],
  ])('refuses %s', async (query, message) => {
    const response = await darkroom.api.fetch(`/exports/generations.csv?${query}`);
    const { detail, ...problem } = z.looseObject({ detail: z.string() }).parse(await response.json());
    expect(problem).toEqual({ status: 400, code: 'BAD_REQUEST' });
    expect(detail).toMatch(message);
  });

  it('is quick with a search that would bring a regular expression to its knees', async () => {
    const bomb = encodeURIComponent(`${'(a+)+'.repeat(30)}$ "${'x '.repeat(10)}`);
    expect(await idsOf(`search=${bomb}`)).toEqual([]);
  });
});

describe('access', () => {
  it('needs a key, and shows one project only', async () => {
    const headers = { origin: 'http://localhost:5173' };
    const response = await darkroom.as(null).fetch('/exports/generations.csv', { headers });
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([401, headers.origin]);
    const { api } = await darkroom.addProject('third');
    expect(await (await api.fetch('/exports/generations.ndjson')).text()).toBe('');
    expect((await darkroom.api.fetch('/exports/generations.xlsx')).status).toBe(404);
    expect((await darkroom.api.fetch('/exports/generations.csv', { method: 'HEAD' })).status).toBe(404);
  });
});

it('leaves no connection behind', async () => {
  await vi.waitFor(async () => expect(await exportConnections(darkroom)).toBe(0), { timeout: 5_000 });
});
