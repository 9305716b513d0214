// Exports over HTTP from Darkroom as built, beside the plain COPY of the same columns, and what the process has of it.
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import postgres, { type Sql } from 'postgres';
import { fill } from '../scripts/seed/fill.js';
import { createLogger } from '../src/logger.js';
import { openDatabase } from '../src/store/database.js';
import { startEmbeddedPostgres } from '../src/store/embedded.js';
import { migrate } from '../src/store/migrate.js';
import { ensurePartitions } from '../src/store/partitions.js';
import { startServer, type Server } from './processes.ts';

const usage = `npm run exports -- [options]

  --generations 400000   in the history, over a year and two projects, of which one is exported
  --data folder          use this data folder as it is instead; its Darkroom must not be running
  --rounds 3             every format and COPY once in each; medians count`;

const dayMs = 86_400_000;
const logger = createLogger('warn');

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      generations: { type: 'string', default: '400000' },
      data: { type: 'string' },
      rounds: { type: 'string', default: '3' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return console.log(usage);
  const folder = values.data ?? (await mkdtemp(join(tmpdir(), 'darkroom-exports-')));
  const database = await startEmbeddedPostgres({ dataFolder: folder, logger });
  const darkroomFolder = await mkdtemp(join(tmpdir(), 'darkroom-data-'));
  try {
    await migrate({ url: database.url, logger });
    const sql = postgres(database.url, { max: 4, onnotice: () => undefined });
    if (values.data === undefined) await make(sql, database.url, Number(values.generations));
    const env = {
      DATABASE_URL: database.url,
      DARKROOM_DATA: darkroomFolder,
      ROLE: 'api',
      // Never called: an API process does not talk to providers.
      SANDBOX_URL: 'http://127.0.0.1:9',
      PORT: '0',
      LOG_LEVEL: 'warn',
    };
    const script = resolve(import.meta.dirname, '../dist/main.js');
    const server = await startServer({ name: 'Darkroom', script, env, ready: /GraphQL\s+(http\S+)\/graphql/ });
    try {
      const key = (await readFile(join(darkroomFolder, 'api-key'), 'utf8')).trim();
      await measure({ server, sql, key, rounds: Number(values.rounds) });
    } finally {
      await server.stop();
      await sql.end();
    }
  } finally {
    await database.stop();
    await rm(darkroomFolder, { recursive: true, force: true });
    if (values.data === undefined) await rm(folder, { recursive: true, force: true });
  }
}

async function make(sql: Sql, url: string, generations: number): Promise<void> {
  const until = new Date(Math.floor(Date.now() / dayMs) * dayMs);
  const database = openDatabase(url, { connections: 1 });
  await ensurePartitions(database, new Date(until.getTime() - 365 * dayMs), new Date());
  await database.close();
  await fill(
    sql,
    { generations, projects: 2, days: 365, seed: 1, database: url, until, force: false, alone: true },
    { onProgress: () => undefined },
  );
  await sql`vacuum (analyze)`;
}

type Figures = {
  rows: number;
  bytes: number;
  ms: number;
  cpuMs: number | null;
  databaseMs: number;
  peakMb: number | null;
  delayMs: number;
};

async function measure(bed: { server: Server; sql: Sql; key: string; rounds: number }): Promise<void> {
  const { server, sql, key, rounds } = bed;
  const [project] = await sql<{ id: string; n: number }[]>`
    select p.id, (select count(*)::int from generation where project_id = p.id) as n from project p where slug = 'demo'`;
  if (project === undefined) throw new Error('There is no project.');
  const idleMb = await memoryMb(server.pid);
  console.log(
    `${new Date().toISOString().slice(0, 10)}, 2 × ${cpus()[0]?.model.trim()}, ${process.version}, load ${loadavg()[0]?.toFixed(1)}`,
  );
  console.log(`${project.n} generations of the project; the process takes ${idleMb?.toFixed(0)} MiB before\n`);
  const kinds: Record<string, () => Promise<Figures>> = {
    'COPY, as CSV': async () => await copy(sql, project.id),
    csv: async () => await exported(server, sql, key, 'csv'),
    ndjson: async () => await exported(server, sql, key, 'ndjson'),
    parquet: async () => await exported(server, sql, key, 'parquet'),
  };
  const all = new Map<string, Figures[]>(Object.keys(kinds).map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, run] of Object.entries(kinds)) all.get(name)?.push({ ...(await run()) });
  }
  console.log(
    '| | rows/s | of COPY | MB | µs a row, Darkroom + Postgres | MiB at most | a small request meanwhile, ms |',
  );
  console.log('|---|---|---|---|---|---|---|');
  const speed = (name: string): number => median((all.get(name) ?? []).map(({ rows, ms }) => (rows / ms) * 1_000));
  for (const [name, figures] of all) {
    const each = (read: (one: Figures) => number | null): number => median(figures.map((one) => read(one) ?? NaN));
    const [own, its] = [
      each((one) => ((one.cpuMs ?? NaN) * 1_000) / one.rows),
      each((one) => (one.databaseMs * 1_000) / one.rows),
    ];
    const cells = [
      name,
      speed(name).toFixed(0),
      (speed(name) / speed('COPY, as CSV')).toFixed(2),
      each(({ bytes }) => bytes / 1e6).toFixed(0),
      `${Number.isNaN(own) ? '' : own.toFixed(1)} + ${its.toFixed(1)}`,
      each(({ peakMb }) => peakMb).toFixed(0),
      each(({ delayMs }) => delayMs).toFixed(1),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

const median = (values: number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** What psql's \copy does: the same columns by PostgreSQL's own CSV, thrown away. */
async function copy(sql: Sql, projectId: string): Promise<Figures> {
  const startedAt = performance.now();
  const before = await postgresMs(sql);
  const rows = await sql
    .unsafe(
      `copy (select g.*, coalesce(g.result_seed, (g.parameters ->> 'seed')::bigint),
               coalesce(g.cost_settled_micros, g.cost_quoted_micros, g.cost_estimated_micros),
               (extract(epoch from (g.started_at - g.created_at)) * 1000)::bigint,
               (extract(epoch from (g.finished_at - g.started_at)) * 1000)::bigint,
               (extract(epoch from (g.finished_at - g.created_at)) * 1000)::bigint
             from generation g where g.project_id = '${projectId}' order by g.id) to stdout with (format csv)`,
    )
    .readable();
  let [count, bytes] = [0, 0];
  rows.on('data', (row: Buffer) => {
    count += 1;
    bytes += row.length;
  });
  await once(rows, 'end');
  // As in src/exports/export-worker.ts: the socket may have been left paused.
  rows._read(0);
  const ms = performance.now() - startedAt;
  return {
    rows: count,
    bytes,
    ms,
    cpuMs: null,
    databaseMs: (await postgresMs(sql)) - before,
    peakMb: null,
    delayMs: NaN,
  };
}

async function exported(server: Server, sql: Sql, key: string, ending: string): Promise<Figures> {
  const headers = { authorization: `Bearer ${key}` };
  let over = false;
  let peakMb = 0;
  const waits: number[] = [];
  const watching = (async () => {
    while (!over) {
      peakMb = Math.max(peakMb, (await memoryMb(server.pid)) ?? 0);
      const askedAt = performance.now();
      const answer = await fetch(`${server.url}/healthz`).catch(() => null);
      await answer?.text();
      waits.push(performance.now() - askedAt);
      await delay(20);
    }
  })();
  const [cpuBefore, databaseBefore] = [await processorMs(server.pid), await postgresMs(sql)];
  const startedAt = performance.now();
  const response = await fetch(`${server.url}/exports/generations.${ending}`, { headers });
  if (!response.ok || response.body === null) throw new Error(`${response.status} ${await response.text()}`);
  let bytes = 0;
  let lines = 0;
  for await (const piece of response.body) {
    bytes += piece.length;
    if (ending !== 'parquet') for (let at = piece.indexOf(10); at !== -1; at = piece.indexOf(10, at + 1)) lines += 1;
  }
  const ms = performance.now() - startedAt;
  over = true;
  await watching;
  const [count] = await sql<{ n: number }[]>`
    select count(*)::int as n from generation g join project p on p.id = g.project_id where p.slug = 'demo'`;
  const rows = count?.n ?? 0;
  if (ending === 'ndjson' && lines !== rows) throw new Error(`${lines} lines came, of ${rows}.`);
  const cpu = (await processorMs(server.pid)) - cpuBefore;
  return {
    rows,
    bytes,
    ms,
    cpuMs: cpu,
    databaseMs: (await postgresMs(sql)) - databaseBefore,
    peakMb,
    delayMs: median(waits),
  };
}

/** Memory that a process has now, with what it shares, in MiB. */
async function memoryMb(pid: number): Promise<number | null> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
  const found = /VmRSS:\s+(\d+) kB/.exec(status)?.[1];
  return found === undefined ? null : Number(found) / 1_024;
}

/** Processor time of a process so far, and of its children that have ended where `withEnded`; 0 when it is gone. */
async function processorMs(pid: number, withEnded = false): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = (stat.split(') ')[1] ?? '').split(' ').map(Number);
  const [user = 0, system = 0, endedUser = 0, endedSystem = 0] = fields.slice(11, 15);
  return (user + system + (withEnded ? endedUser + endedSystem : 0)) * 10;
}

/** The same of all of Postgres. */
async function postgresMs(sql: Sql): Promise<number> {
  const rows = await sql<{ pid: number }[]>`select pid from pg_stat_activity`;
  const [first] = await sql<{ pid: string }[]>`select split_part(pg_read_file('postmaster.pid'), E'\n', 1) as pid`;
  const each = await Promise.all([
    ...rows.map(async ({ pid }) => await processorMs(pid)),
    processorMs(Number(first?.pid), true),
  ]);
  return each.reduce((sum, ms) => sum + ms, 0);
}

await main();
