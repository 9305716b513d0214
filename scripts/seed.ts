// Fills a database with histories that look like real ones: npm run seed -- --help.
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { resolve } from 'node:path';
import postgres from 'postgres';
import { createLogger } from '../src/logger.js';
import { openDatabase } from '../src/store/database.js';
import { prepareDataFolder } from '../src/store/data-folder.js';
import { startEmbeddedPostgres } from '../src/store/embedded.js';
import { lockFolder } from '../src/store/folder-lock.js';
import { migrate } from '../src/store/migrate.js';
import { ensurePartitions } from '../src/store/partitions.js';
import { openStore } from '../src/store/store.js';
import { noteUsage } from '../src/store/usage-roll.js';
import { checkEmpty, fill } from './seed/fill.js';
import { readOptions, usage, type SeedOptions } from './seed/options.js';

const logger = createLogger('warn');

/** For writing very much at once. Tables that are made and filled in one transaction need no log then. */
const seedSettings = {
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '4GB',
  checkpoint_timeout: '30min',
  shared_buffers: '512MB',
};

/** The end of a COPY is a small packet: held back until the last one is acknowledged, each takes 40 ms. */
const atOnceSent = {
  socket: async ({ host, port }: { host: string[]; port: number[] }): Promise<Socket> => {
    const socket = connect({ host: host[0], port: port[0] ?? 5_432, noDelay: true });
    await once(socket, 'connect');
    return socket;
  },
};

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === null) {
    console.log(usage);
    return;
  }
  if (/^postgres(ql)?:/.test(options.database)) return await seed(options.database, { ...options, alone: false });
  const dataFolder = resolve(options.database);
  await prepareDataFolder(dataFolder);
  const lock = await lockFolder(dataFolder);
  try {
    const server = await startEmbeddedPostgres({ dataFolder, logger, settings: seedSettings });
    try {
      await seed(server.url, { ...options, alone: true });
    } finally {
      await server.stop();
    }
  } finally {
    await lock.release();
  }
}

async function seed(url: string, options: SeedOptions & { alone: boolean }): Promise<void> {
  await migrate({ url, logger });
  const sql = postgres(url, {
    ...atOnceSent,
    max: 4,
    onnotice: () => undefined,
    connection: { synchronous_commit: 'off' },
  });
  const counting = openCounting(url, options);
  const startedAt = performance.now();
  try {
    await checkEmpty(sql, options);
    await makeMonths(url, options);
    await fill(sql, options, {
      onProgress: (done) => bar('generations', done, options.generations, startedAt),
      onMonth: (until) => counting.count(until),
    });
    await sql`analyze`;
    await counting.done();
  } finally {
    await counting.close();
    await sql.end();
  }
  console.log(`Done in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s.`);
}

async function makeMonths(url: string, { days, until }: SeedOptions): Promise<void> {
  const database = openDatabase(url, { connections: 1 });
  try {
    await ensurePartitions(database, new Date(until.getTime() - days * 86_400_000), new Date());
  } finally {
    await database.close();
  }
}

/** Counts what is written, as a running Darkroom would do by itself: month by month, while the next ones are written. */
function openCounting(
  url: string,
  { days, until }: SeedOptions,
): { count(until: Date): void; done(): Promise<void>; close(): Promise<void> } {
  const store = openStore(url, () => undefined);
  let from = new Date(until.getTime() - days * 86_400_000);
  let counting: Promise<void> = Promise.resolve();

  async function count(range: { from: Date; to: Date }): Promise<void> {
    await noteUsage(store.database, range);
    for (let more = true; more;) more = (await store.usage.catchUp())?.more ?? false;
  }

  return {
    count(to) {
      const range = { from, to };
      from = to;
      counting = counting.then(async () => await count(range));
      counting.catch(() => undefined);
    },
    done: async () => await counting,
    close: async () => await store.close(),
  };
}

function bar(what: string, done: number, all: number, startedAt: number): void {
  const share = done / all;
  const line = `  ${'█'.repeat(Math.floor(share * 30)).padEnd(30, '░')} ${done} of ${all} ${what}, ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`;
  if (process.stdout.isTTY) process.stdout.write(`\r${line}${done === all ? '\n' : ''}`);
  else if (done === all) console.log(line);
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
