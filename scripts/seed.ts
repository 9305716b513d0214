// Fills a database with histories that look like real ones: npm run seed -- --help.
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

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2), process.env);
  if (options === null) {
    console.log(usage);
    return;
  }
  if (/^postgres(ql)?:/.test(options.database)) return await seed(options.database, options);
  const dataFolder = resolve(options.database);
  await prepareDataFolder(dataFolder);
  const lock = await lockFolder(dataFolder);
  try {
    const server = await startEmbeddedPostgres({ dataFolder, logger });
    try {
      await seed(server.url, options);
    } finally {
      await server.stop();
    }
  } finally {
    await lock.release();
  }
}

async function seed(url: string, options: SeedOptions): Promise<void> {
  await migrate({ url, logger });
  const sql = postgres(url, { max: 1, onnotice: () => undefined });
  const startedAt = performance.now();
  try {
    await checkEmpty(sql, options);
    await makeMonths(url, options);
    await sql`set synchronous_commit = off`;
    // Without a look at triggers for each row, where we may: what they would note is noted below.
    await sql`set session_replication_role = replica`.catch(() => undefined);
    await fill(sql, options, (done) => bar('generations', done, options.generations, startedAt));
    await sql`analyze`;
  } finally {
    await sql.end();
  }
  await count(url, options);
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

/** What a running Darkroom would do by itself. */
async function count(url: string, { days, until }: SeedOptions): Promise<void> {
  const store = openStore(url, () => undefined);
  const startedAt = performance.now();
  try {
    await noteUsage(store.database, { from: new Date(until.getTime() - days * 86_400_000), to: until });
    let slots = 0;
    for (;;) {
      const progress = await store.usage.catchUp();
      if (progress === null) break;
      slots += progress.slots;
      if (process.stdout.isTTY) process.stdout.write(`\r  usage: ${slots} quarters of an hour`);
      if (!progress.more) break;
    }
    console.log(`\r  usage: ${slots} quarters of an hour in ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
  } finally {
    await store.close();
  }
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
