// A history of ten thousand, of a million, of ten: pages beside PostGraphile and plain SQL, dashboards beside the ledger itself.
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import postgres, { type Sql } from 'postgres';
import { fill } from '../scripts/seed/fill.js';
import type { UsageQuestion } from '../src/domain/usage.js';
import { createLogger } from '../src/logger.js';
import { openDatabase } from '../src/store/database.js';
import { startEmbeddedPostgres } from '../src/store/embedded.js';
import { migrate } from '../src/store/migrate.js';
import { ensurePartitions } from '../src/store/partitions.js';
import { openStore, type Store } from '../src/store/store.js';
import { noteUsage } from '../src/store/usage-roll.js';
import { measurePages } from './history-pages.ts';

const usage = `npm run history -- [options]

  --sizes 10000,1000000   generations in the history, over a year and three projects; each is made anew
  --data folder           measure this data folder as it is, without vacuum, instead; its Darkroom must not be running
  --runs 15               runs of each dashboard; the median counts. Pages are asked for twenty times as often
  --bare                  pages without PostGraphile, which bench/node_modules must have`;

const logger = createLogger('warn');
const dayMs = 86_400_000;
const days = 365;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      sizes: { type: 'string', default: '10000,1000000' },
      data: { type: 'string' },
      runs: { type: 'string', default: '15' },
      bare: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const cores = cpus();
  console.log(
    `${new Date().toISOString().slice(0, 10)}, ${cores.length} × ${cores[0]?.model.trim()}, ${process.version}`,
  );
  const how = { runs: Number(values.runs), bare: values.bare };
  if (values.data !== undefined) return await measureFolder(values.data, null, how);
  for (const size of values.sizes.split(',').map(Number)) {
    const folder = await mkdtemp(join(tmpdir(), 'darkroom-history-'));
    try {
      await measureFolder(folder, size, how);
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  }
}

type How = { runs: number; bare: boolean };

async function measureFolder(dataFolder: string, size: number | null, how: How): Promise<void> {
  const server = await startEmbeddedPostgres({ dataFolder, logger });
  try {
    await migrate({ url: server.url, logger });
    const sql = postgres(server.url, { max: 4, onnotice: () => undefined });
    const store = openStore(server.url, () => undefined);
    try {
      if (size !== null) await make(sql, server.url, size);
      const startedAt = performance.now();
      let slots = 0;
      for (let more = true; more;) {
        const progress = await store.usage.catchUp();
        slots += progress?.slots ?? 0;
        more = progress?.more ?? false;
      }
      console.log(`\nCounted ${slots} quarters of an hour in ${seconds(startedAt)} s.`);
      if (size !== null) await sql`vacuum (analyze)`;
      await measurePages(sql, server.url, how);
      await measure(sql, store, how.runs);
    } finally {
      await store.close();
      await sql.end();
    }
  } finally {
    await server.stop();
  }
}

const seconds = (since: number): string => ((performance.now() - since) / 1_000).toFixed(1);

async function make(sql: Sql, url: string, generations: number): Promise<void> {
  const until = new Date(Math.floor(Date.now() / dayMs) * dayMs);
  const database = openDatabase(url, { connections: 1 });
  await ensurePartitions(database, new Date(until.getTime() - days * dayMs), new Date());
  await database.close();
  const startedAt = performance.now();
  await fill(
    sql,
    { generations, projects: 3, days, seed: 1, database: url, until, force: false, alone: true },
    { onProgress: () => undefined },
  );
  await sql`analyze`;
  const store = openStore(url, () => undefined);
  await noteUsage(store.database);
  await store.close();
  console.log(`\nWrote ${generations} generations in ${seconds(startedAt)} s.`);
}

async function measure(sql: Sql, store: Store, runs: number): Promise<void> {
  const [project] = await sql<{ id: string }[]>`
    select p.id from project p where slug = 'demo'`;
  const [size] = await sql<{ n: number; mine: number; last: Date }[]>`
    select count(*)::int as n, count(*) filter (where project_id = ${project?.id ?? ''})::int as mine, max(created_at) as last
    from generation`;
  if (project === undefined || size === undefined) throw new Error('The history is empty.');
  const to = new Date(Math.ceil(size.last.getTime() / dayMs) * dayMs);
  const year = { from: new Date(to.getTime() - days * dayMs), to };
  const asked = (details: Partial<UsageQuestion>): UsageQuestion => ({
    filter: {},
    dimensions: [],
    unit: null,
    timeZone: 'UTC',
    ...year,
    withSketches: false,
    limit: 10_001,
    ...details,
  });
  const dashboard = async (details: Partial<UsageQuestion>): Promise<number> =>
    (await store.usage.read(project.id, asked(details))).rows.length;
  console.log(
    `\n${size.n} generations, ${size.mine} of them in the project that asks; median ms of ${runs} runs, of the ledger once:\n`,
  );
  console.log('| question | rows | ms | from the ledger, ms | ratio |\n|---|---|---|---|---|');
  const questions: [string, () => Promise<number>, (() => Promise<number>) | null][] = [
    [
      'a year by profile and day',
      async () => await dashboard({ dimensions: ['PROFILE'], unit: 'DAY' }),
      async () => await raw(sql, project.id, year, 'profile_id', false),
    ],
    [
      'the same with percentiles',
      async () => await dashboard({ dimensions: ['PROFILE'], unit: 'DAY', withSketches: true }),
      async () => await raw(sql, project.id, year, 'profile_id', true),
    ],
    [
      'a year by day',
      async () => await dashboard({ unit: 'DAY' }),
      async () => await raw(sql, project.id, year, '1', false),
    ],
    [
      'a year by profile, with percentiles',
      async () => await dashboard({ dimensions: ['PROFILE'], withSketches: true }),
      null,
    ],
    ['a year by model and week', async () => await dashboard({ dimensions: ['MODEL'], unit: 'WEEK' }), null],
    ['a year by error and month', async () => await dashboard({ dimensions: ['ERROR'], unit: 'MONTH' }), null],
  ];
  for (const [name, ask, ledger] of questions) {
    const [rows, ms] = await timed(ask, runs);
    const slow = ledger === null ? null : (await once(ledger)).ms;
    const ratio = slow === null ? '' : (slow / ms).toFixed(0);
    console.log(`| ${name} | ${rows} | ${ms.toFixed(1)} | ${slow?.toFixed(0) ?? ''} | ${ratio} |`);
  }
}

async function once(ask: () => Promise<number>): Promise<{ rows: number; ms: number }> {
  const startedAt = performance.now();
  const rows = await ask();
  return { rows, ms: performance.now() - startedAt };
}

async function timed(ask: () => Promise<number>, runs: number): Promise<[number, number]> {
  const { rows } = await once(ask);
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) times.push((await once(ask)).ms);
  return [rows, times.sort((a, b) => a - b)[Math.floor(runs / 2)] ?? 0];
}

/** The dashboard as somebody would add it up without cells: counts, costs, looks and pictures. */
async function raw(
  sql: Sql,
  projectId: string,
  { from, to }: { from: Date; to: Date },
  by: 'profile_id' | '1',
  percentiles: boolean,
): Promise<number> {
  const key = by === '1' ? sql`1` : sql`profile_id`;
  const ms = sql`extract(epoch from g.started_at - g.created_at) * 1000`;
  const extra = percentiles ? sql`, percentile_cont(array[0.5, 0.95, 0.99]) within group (order by ${ms})` : sql``;
  const rows = await sql`
    select date_trunc('day', g.created_at) as day, ${key} as key, g.status, count(*), sum(g.cost_settled_micros),
      count(g.cost_settled_micros), sum(a.looks), count(r.image_id), sum(i.bytes) ${extra}
    from generation g
    left join (select generation_id, sum(looks) as looks from attempt where project_id = ${projectId} group by 1) a
      on a.generation_id = g.id
    left join generation_image r on r.generation_id = g.id and r.role = 'RESULT'
    left join image i on i.id = r.image_id
    where g.project_id = ${projectId} and g.created_at >= ${from} and g.created_at < ${to}
    group by 1, 2, 3`;
  return rows.length;
}

await main();
