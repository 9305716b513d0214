// What it costs one poller to watch many running tasks: `npm run running -- --help`.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { hashApiKey, newApiKey } from '../src/access/keys.js';
import { newId } from '../src/domain/ids.js';
import { createLogger } from '../src/logger.js';
import { startEmbeddedPostgres } from '../src/store/embedded.js';
import { addKey, ensureProject } from '../src/store/keys.js';
import { migrate } from '../src/store/migrate.js';
import { ensurePartitions } from '../src/store/partitions.js';
import { openStore, type Store } from '../src/store/store.js';
import { newGeneration } from '../test/support/new-generation.ts';
import { cpuSeconds, startServer, type Server } from './processes.ts';

const usage = `npm run running -- [options]

  --tasks 10000        tasks that run at once
  --median 120         median time in seconds that one takes
  --delay 1000         wanted mean delay in ms from a task's end to the look that finds it
  --ramp 120           seconds within which they begin; with the median their ends come evenly, with 0 together
  --settle 30          seconds from when all run until the measurement
  --seconds 60         length of the measurement
  --node-flags=""      for the poller, such as --cpu-prof`;

type Options = {
  tasks: number;
  median: number;
  delay: number;
  ramp: number;
  settle: number;
  seconds: number;
  flags: string[];
};

function readOptions(): Options | null {
  const text = (byDefault: string) => ({ type: 'string', default: byDefault }) as const;
  const { values } = parseArgs({
    options: {
      tasks: text('10000'),
      median: text('120'),
      delay: text('1000'),
      ramp: text('120'),
      settle: text('30'),
      seconds: text('60'),
      'node-flags': text(''),
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  return {
    tasks: Number(values.tasks),
    median: Number(values.median),
    delay: Number(values.delay),
    ramp: Number(values.ramp),
    settle: Number(values.settle),
    seconds: Number(values.seconds),
    flags: values['node-flags'].split(' ').filter((flag) => flag !== ''),
  };
}

const model = 'bfl/flux-pro-finetuned';
const sigma = 0.25;

/** A number of a normal distribution, from a sequence that is the same in each run. */
function createNormal(): () => number {
  let state = 12_345;
  const uniform = (): number => ((state = (state * 1_103_515_245 + 12_345) % 2 ** 31) + 0.5) / 2 ** 31;
  return () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());
}

/** What a poller that has run for long has learned. */
async function teach(store: Store, medianMs: number): Promise<void> {
  const normal = createNormal();
  const sample = () => Math.round(medianMs * Math.exp(sigma * normal()));
  const rows = Array.from({ length: 2_000 }, sample).map((ms) => ({ model, size: '1MP', lowerMs: ms, upperMs: ms }));
  await store.runTimes.keep(rows);
}

async function residentMiB(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN) / 1024;
}

async function counterOf(poller: Server, apiKey: string, name: string): Promise<number> {
  const response = await fetch(`${poller.url}/metrics`, { headers: { authorization: `Bearer ${apiKey}` } });
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith(name));
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

async function main(options: Options): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-running-'));
  const stops: (() => Promise<unknown>)[] = [async () => await rm(folder, { recursive: true, force: true })];
  try {
    await measure(options, folder, stops);
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

async function measure(options: Options, folder: string, stops: (() => Promise<unknown>)[]): Promise<void> {
  const logger = createLogger('warn');
  const postgres = await startEmbeddedPostgres({ dataFolder: join(folder, 'postgres'), logger });
  stops.push(async () => await postgres.stop());
  await migrate({ url: postgres.url, logger });
  const store = openStore(postgres.url, () => undefined);
  stops.push(async () => await store.close());
  await ensurePartitions(store.database, new Date());
  const { id: projectId } = await ensureProject(store.database, { id: newId(), slug: 'bench', name: 'Bench' });
  const profileId = newId();
  const apiKey = newApiKey();
  await addKey(store.database, { id: newId(), projectId, name: 'bench', hash: hashApiKey(apiKey), operator: true });
  await teach(store, options.median * 1_000);

  const sandbox = await startServer({
    name: 'The sandbox',
    script: resolve(import.meta.dirname, '../dist/sandbox/main.js'),
    env: {
      SANDBOX_PORT: '0',
      SANDBOX_IMAGE: 'noise',
      SANDBOX_TIME_SCALE: '1',
      SANDBOX_ACTIVE_LIMIT: '20000',
      SANDBOX_CREDITS: '1000000000',
      SANDBOX_MEDIAN_MS: String(options.median * 1_000),
      SANDBOX_SIGMA: String(sigma),
      SANDBOX_LOG_LIMIT: '1000',
    },
    ready: /Sandbox on (http\S+),/,
  });
  stops.push(async () => await sandbox.stop());
  const poller = await startServer({
    name: 'The poller',
    script: resolve(import.meta.dirname, '../dist/main.js'),
    flags: options.flags,
    env: {
      ROLE: 'poller',
      PORT: '0',
      DATABASE_URL: postgres.url,
      DARKROOM_DATA: join(folder, 'darkroom'),
      SANDBOX_URL: sandbox.url,
      BFL_ACTIVE_TASKS: String(options.tasks),
      LOOK_DELAY_MS: String(options.delay),
      LOG_LEVEL: 'error',
      GENERATION_DEADLINE_SECONDS: '3600',
      ...(process.env['MALLOC_ARENA_MAX'] === undefined ? {} : { MALLOC_ARENA_MAX: process.env['MALLOC_ARENA_MAX'] }),
    },
    ready: /its health is at (http\S+)\/readyz/,
  });
  stops.push(async () => await poller.stop());

  let accepted = 0;
  async function accept(many: number): Promise<void> {
    const some = Array.from({ length: many }, (_, n) =>
      newGeneration({
        projectId,
        profileId,
        prompt: `bench ${accepted + n}`,
        promptSent: `bench ${accepted + n}`,
        pixels: 786_432,
        parameters: { width: 1024, height: 768 },
        deadlineMs: 3_600_000,
      }),
    );
    accepted += many;
    await Promise.all(some.map(async (each) => await store.ledger.accept(each)));
  }
  async function count(condition: string): Promise<number> {
    const rows = await store.database.prisma.$queryRawUnsafe<{ n: number }[]>(
      `select count(*)::integer as n from generation where ${condition}`,
    );
    return rows[0]?.n ?? 0;
  }
  /** So many wait all along that a slot is never free. */
  async function refill(): Promise<void> {
    const missing = 1_000 - (await count("status = 'QUEUED'"));
    if (missing > 0) await accept(missing);
  }

  const startedAt = performance.now();
  while (performance.now() - startedAt < options.ramp * 1_000) {
    const share = (performance.now() - startedAt) / (options.ramp * 1_000);
    // What has ended meanwhile is replaced too.
    const missing = Math.floor(share * options.tasks) - (await count("status in ('QUEUED', 'SUBMITTING', 'RUNNING')"));
    if (missing > 0) await accept(missing);
    await delay(250);
  }
  while ((await count("status = 'RUNNING'")) < 0.95 * options.tasks) {
    await refill();
    await delay(500);
  }
  console.log(`All run after ${((performance.now() - startedAt) / 1_000).toFixed(0)} s.`);
  const measureAt = performance.now() + options.settle * 1_000;
  while (performance.now() < measureAt) {
    await refill();
    await delay(1_000);
  }

  const [cpuBefore, looksBefore] = [
    await cpuSeconds(poller.pid),
    await counterOf(poller, apiKey, 'darkroom_looks_total'),
  ];
  const begin = performance.now();
  let most = 0;
  const running: number[] = [];
  while (performance.now() - begin < options.seconds * 1_000) {
    await refill();
    most = Math.max(most, await residentMiB(poller.pid));
    running.push(await count("status = 'RUNNING'"));
    await delay(1_000);
  }
  const seconds = (performance.now() - begin) / 1_000;
  const cpu = ((await cpuSeconds(poller.pid)) ?? Number.NaN) - (cpuBefore ?? Number.NaN);
  const looks = (await counterOf(poller, apiKey, 'darkroom_looks_total')) - looksBefore;
  const [found] = await store.database.prisma.$queryRawUnsafe<{ n: number; mean: number | null; p99: number | null }[]>(
    `select count(*)::integer as n, avg(late)::float8 as mean,
            percentile_cont(0.99) within group (order by late)::float8 as p99
     from (select extract(epoch from finished_at - provider_finished_at) * 1000 as late from attempt
           where state = 'DONE' and finished_at > now() - interval '${Math.round(seconds)} seconds') d`,
  );
  const failed = await count("status not in ('QUEUED', 'SUBMITTING', 'RUNNING', 'SAVING', 'SUCCEEDED')");
  const [processor] = cpus();
  console.log(`${cpus().length} x ${processor?.model ?? 'unknown'}, Node ${process.version}`);
  console.log(`running           ${Math.min(...running)} to ${Math.max(...running)}`);
  console.log(`poller            ${(cpu / seconds).toFixed(2)} cores, ${most.toFixed(0)} MiB`);
  const heap = await counterOf(poller, apiKey, 'nodejs_heap_size_used_bytes');
  const external = await counterOf(poller, apiKey, 'nodejs_external_memory_bytes');
  console.log(
    `of that           ${(heap / 2 ** 20).toFixed(0)} MiB heap in use, ${(external / 2 ** 20).toFixed(0)} MiB buffers`,
  );
  console.log(`finished          ${found?.n} (${((found?.n ?? 0) / seconds).toFixed(0)}/s), ${failed} of all failed`);
  console.log(`looks             ${(looks / seconds).toFixed(0)}/s, ${(looks / (found?.n ?? 1)).toFixed(1)} a task`);
  console.log(
    `found late by     ${(found?.mean ?? Number.NaN).toFixed(0)} ms in the mean, p99 ${(found?.p99 ?? Number.NaN).toFixed(0)} ms`,
  );
}

const options = readOptions();
if (options === null) console.log(usage);
else await main(options);
