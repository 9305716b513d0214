// How long a change takes to reach its subscribers: `npm run fanout -- --help`.
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { newId } from '../src/domain/ids.js';
import { createLogger } from '../src/logger.js';
import { openDatabase } from '../src/store/database.js';
import { startEmbeddedPostgres } from '../src/store/embedded.js';
import { cpuSeconds, startServer } from './processes.ts';

/** A change, named by its generation and version, with a time in milliseconds since 1970. */
export type Moment = [change: string, at: number];
/** When each change was asked for, was committed, and was read with its position by the process that wrote it. */
export type Written = { written: Moment[]; committed: Moment[]; numbered: Moment[] };
export type ReaderOrder = { url: string; apiKey: string; profiles: string[]; perProfile: number; generation: boolean };
export type WriterOrder = {
  databaseUrl: string;
  projectId: string;
  profiles: string[];
  perSecond: number;
  seconds: number;
};

const usage = `npm run fanout -- [options]

  --rate 1000          changes a second, through the real ledger, in a process that numbers them as a poller does
  --seconds 20         length of the measurement; five seconds of the same before it do not count
  --profiles 1000      each subscriber follows one finetune profile
  --each 5             subscribers for each profile, 100 on a socket
  --generation         subscribers ask for the generation of each event as well
  --node-flags=""      for the API process, such as --cpu-prof`;

const warmSeconds = 5;

type Options = { rate: number; seconds: number; profiles: number; each: number; generation: boolean; flags: string[] };

function readOptions(): Options | null {
  const { values } = parseArgs({
    options: {
      rate: { type: 'string', default: '1000' },
      seconds: { type: 'string', default: '20' },
      profiles: { type: 'string', default: '1000' },
      each: { type: 'string', default: '5' },
      generation: { type: 'boolean', default: false },
      'node-flags': { type: 'string', default: '' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  return {
    rate: Number(values.rate),
    seconds: Number(values.seconds),
    profiles: Number(values.profiles),
    each: Number(values.each),
    generation: values.generation,
    flags: values['node-flags'].split(' ').filter((flag) => flag !== ''),
  };
}

async function main(options: Options): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-fanout-'));
  const stops: (() => Promise<unknown>)[] = [async () => await rm(folder, { recursive: true, force: true })];
  try {
    const postgres = await startEmbeddedPostgres({
      dataFolder: join(folder, 'postgres'),
      logger: createLogger('warn'),
    });
    stops.push(async () => await postgres.stop());
    const server = await startServer({
      name: 'Darkroom',
      script: resolve(import.meta.dirname, '../dist/main.js'),
      flags: options.flags,
      env: {
        DATABASE_URL: postgres.url,
        DARKROOM_DATA: join(folder, 'darkroom'),
        ROLE: 'api',
        // Never called: an API process does not talk to providers.
        SANDBOX_URL: 'http://127.0.0.1:9',
        PORT: '0',
        LOG_LEVEL: 'warn',
      },
      ready: /GraphQL\s+(http\S+)\/graphql/,
    });
    stops.push(async () => await server.stop());
    const profiles = Array.from({ length: options.profiles }, () => newId());
    const apiKey = (await readFile(join(folder, 'darkroom', 'api-key'), 'utf8')).trim();

    const writer = start('fanout-writer.ts', {
      databaseUrl: postgres.url,
      projectId: await projectOf(postgres.url),
      profiles,
      perSecond: options.rate,
      seconds: warmSeconds + options.seconds,
    } satisfies WriterOrder);
    stops.push(async () => await writer.stop());
    await writer.heard('ready');
    const readers = start('fanout-readers.ts', {
      url: server.url,
      apiKey,
      profiles,
      perProfile: options.each,
      generation: options.generation,
    } satisfies ReaderOrder);
    stops.push(async () => await readers.stop());
    await readers.heard('ready');
    console.log(
      `${options.profiles * options.each} subscribers listen; ${options.rate} changes a second are written …`,
    );

    const pids = [server.pid, readers.pid, writer.pid];
    writer.say('go');
    const clocks: [(number | null)[], (number | null)[]] = [[], []];
    await new Promise((wait) => setTimeout(wait, warmSeconds * 1_000));
    clocks[0] = await Promise.all(pids.map(cpuSeconds));
    const told = (await writer.heard('written')) as Written;
    clocks[1] = await Promise.all(pids.map(cpuSeconds));
    readers.say({ expect: told.written.length * options.each });
    const received = (await readers.heard('received')) as Moment[];
    report(options, told, received, clocks);
  } finally {
    for (const each of stops.splice(0).toReversed()) await each();
  }
}

async function projectOf(url: string): Promise<string> {
  const database = openDatabase(url, { connections: 1 });
  try {
    const { id } = await database.prisma.project.findUniqueOrThrow({ where: { slug: 'demo' } });
    return id;
  } finally {
    await database.close();
  }
}

type Helper = {
  pid: number;
  say(message: unknown): void;
  heard(what: string): Promise<unknown>;
  stop(): Promise<void>;
};

/** A process of its own that speaks in messages `{ what, value }`. */
function start(script: string, order: unknown): Helper {
  const child: ChildProcess = fork(join(import.meta.dirname, script), [JSON.stringify(order)], {
    execArgv: ['--import', 'tsx'],
    serialization: 'advanced',
  });
  const said = new Map<string, unknown>();
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  let wake = (): void => undefined;
  child.on('message', ({ what, value }: { what: string; value: unknown }) => {
    said.set(what, value);
    wake();
  });
  child.once('exit', () => wake());
  return {
    pid: child.pid ?? 0,
    say: (message) => void child.send(message as object),
    async heard(what) {
      while (!said.has(what)) {
        if (child.exitCode !== null) throw new Error(`${script} ended with ${child.exitCode}.`);
        await new Promise<void>((resume) => (wake = resume));
      }
      return said.get(what);
    },
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

function report(
  options: Options,
  { written, committed, numbered }: Written,
  received: readonly Moment[],
  [before, after]: readonly [readonly (number | null)[], readonly (number | null)[]],
): void {
  const from = (written[0]?.[1] ?? 0) + warmSeconds * 1_000;
  const measured = new Map(written.filter(([, at]) => at >= from));
  const timesOf = (moments: readonly Moment[]): number[] =>
    moments
      .flatMap(([change, at]) => {
        const began = measured.get(change);
        return began === undefined ? [] : [at - began];
      })
      .toSorted((a, b) => a - b);
  const line = (what: string, times: readonly number[]): string => {
    const at = (share: number): string => (times[Math.floor((times.length - 1) * share)] ?? NaN).toFixed(1).padStart(7);
    return `${what.padEnd(12)} ${at(0.5)} ${at(0.95)} ${at(0.99)} ${at(1)}`;
  };
  const messages = timesOf(received);
  const seconds = ((written.at(-1)?.[1] ?? 0) - from) / 1_000;
  const cpu = before.map((clock, n) => (100 * ((after[n] ?? NaN) - (clock ?? NaN))) / options.seconds);
  const [api, readers, writer] = cpu.map((share) => `${share.toFixed(0)} %`);
  console.log(`
${new Date().toISOString().slice(0, 10)}, ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.version}
${options.profiles * options.each} subscribers, ${(measured.size / seconds).toFixed(0)} changes/s, each of interest to ${options.each}${options.generation ? ', with its generation' : ''}
messages ${messages.length} of ${measured.size * options.each}
milliseconds from just before the write to
                 p50     p95     p99 longest
${line('the commit', timesOf(committed))}
${line('its position', timesOf(numbered))}
${line('the message', messages)}
CPU of one core: API ${api}, readers ${readers}, writer ${writer}`);
}

const options = readOptions();
if (options === null) console.log(usage);
else await main(options);
