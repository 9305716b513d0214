import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import type { Api } from '../support/api.js';
import { makeFolder, type Row } from '../support/darkroom.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { exportConnections } from '../support/exported.js';
import { startProcess, type DarkroomProcess } from '../support/process.js';

/** With prompts of 2 KB: far more than what lies in the buffers of a connection. */
const count = 25_000;
const prompt = 'x'.repeat(2_000);

let database: TestDatabase;
let client: Client;
let sandbox: Sandbox;
let sandboxUrl: string;
let dataFolder: string;
let running: DarkroomProcess;
let api: Api;
/** Whether the process has ended. */
let over = false;

const sql = async (text: string, ...values: unknown[]): Promise<Row[]> => (await client.query<Row>(text, values)).rows;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
  sandbox = createSandbox({});
  sandboxUrl = (await sandbox.start()).url;
  dataFolder = await makeFolder();
  await start();
  await sql(
    `insert into generation (id, project_id, status, control, provider, model, account, prompt, prompt_sent, parameters,
       deadline, finished_at)
     select uuidv7(make_interval(secs => n - $1::int)), (select id from project where slug = 'demo'), 'SUCCEEDED', 'NONE',
       'bfl', 'bfl/flux', 'past', n || $2, 'x', '{}', now(), now()
     from generate_series(1, $1::int) n`,
    count,
    prompt,
  );
});

afterAll(async () => {
  await sandbox.stop();
  await rm(dataFolder, { recursive: true, force: true });
  await client.end();
  await database.drop();
});

beforeEach(async () => {
  if (over) await start();
});

afterEach(async () => {
  await released();
});

afterAll(async () => {
  await running.end('SIGKILL');
});

/** Every export has given back its connection. */
async function released(): Promise<void> {
  await vi.waitFor(async () => expect(await exportConnections({ sql })).toBe(0), { timeout: 10_000 });
}

async function start(): Promise<void> {
  over = false;
  running = startProcess(dataFolder, { DATABASE_URL: database.url, SANDBOX_URL: sandboxUrl, LOG_LEVEL: 'warn' });
  void running.ended.then(() => (over = true));
  api = await running.api();
}

/** A streamed export of which the first bytes have come. */
async function begin(signal?: AbortSignal): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const response = await api.fetch('/exports/generations.csv', signal === undefined ? {} : { signal });
  const reader = response.body?.getReader();
  if (reader === undefined) throw new Error('There is no body.');
  expect((await reader.read()).done).toBe(false);
  expect(await exportConnections({ sql })).toBe(1);
  return reader;
}

async function readAll(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<number> {
  let bytes = 0;
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) bytes += piece.value.length;
  return bytes;
}

it('goes on as fast as it is read, and no faster', async () => {
  const reader = await begin();
  await vi.waitFor(
    async () => {
      const [row] = await sql(
        "select wait_event from pg_stat_activity where application_name like 'darkroom export%' and datname = current_database()",
      );
      expect(row).toEqual({ wait_event: 'ClientWrite' });
    },
    { timeout: 10_000 },
  );
  expect(await readAll(reader)).toBeGreaterThan(count * prompt.length * 0.9);
});

it('gives back its connection when the reader leaves, in the middle or before anything came', async () => {
  const leaving = new AbortController();
  await begin(leaving.signal);
  leaving.abort();
  await released();

  // Of its own: inside of a transaction the list of connections does not change.
  const locker = new Client({ connectionString: database.url });
  await locker.connect();
  await locker.query('begin');
  await locker.query('lock table generation in access exclusive mode');
  const early = new AbortController();
  const waiting = api.fetch('/exports/generations.csv', { signal: early.signal });
  await vi.waitFor(async () => expect(await exportConnections({ sql })).toBe(1), { timeout: 10_000 });
  early.abort();
  await expect(waiting).rejects.toThrow('aborted');
  await released();
  await locker.end();
});

it('is never taken for whole when the database fails in the middle', async () => {
  const reader = await begin();
  await sql(
    "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'darkroom export%' and datname = current_database()",
  );
  await expect(readAll(reader)).rejects.toThrow('terminated');
});

it('is never taken for whole when Darkroom stops', async () => {
  const reader = await begin();
  const ended = running.end('SIGTERM');
  await expect(ended.then(async () => await readAll(reader))).rejects.toThrow('terminated');
  expect(await ended).toBe(0);
});

const shape = z.object({
  export: z.object({
    status: z.string(),
    rows: z.number(),
    files: z.array(z.object({ bytes: z.number(), url: z.url() })),
  }),
});

it('is made anew when the process that made it was killed', async () => {
  const document = 'mutation { exportGenerations(input: { format: CSV }) { export { id } } }';
  const made = await api.ask(
    z.object({ exportGenerations: z.object({ export: z.object({ id: z.string() }) }) }),
    document,
  );
  const { id } = made.exportGenerations.export;
  const folder = join(dataFolder, 'exports');
  const size = async (): Promise<number> => {
    for (const claim of await readdir(folder)) {
      const file = await stat(join(folder, claim, 'generations.csv')).catch(() => null);
      if (file !== null) return file.size;
    }
    return 0;
  };
  await vi.waitFor(async () => expect(await size()).toBeGreaterThan(1_000_000), { timeout: 20_000, interval: 5 });
  await running.end('SIGKILL');
  const read = async (): Promise<z.infer<typeof shape>['export']> =>
    (await api.ask(shape, 'query ($id: ID!) { export(id: $id) { status rows files { bytes url } } }', { id })).export;
  await start();
  expect(await read()).toMatchObject({ status: 'RUNNING', files: [] });
  await vi.waitFor(async () => expect((await read()).status).toBe('READY'), { timeout: 60_000, interval: 100 });
  const { rows, files } = await read();
  expect(rows).toBe(count);
  expect(await sql('select tries from export where id = $1', id.slice(4))).toEqual([{ tries: 2 }]);
  // The process listens at another port than the one before.
  const path = new URL(files[0]?.url ?? '').pathname;
  const text = await (await api.fetch(path)).text();
  expect(text.length).toBe(files[0]?.bytes);
  expect(text.split('\r\n')).toHaveLength(count + 2);
});
