// One PostgreSQL for the whole run, with a migrated template that each test file clones (database.ts).
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import type { TestProject } from 'vitest/node';
import { createLogger } from '../../src/logger.js';
import { startEmbeddedPostgres } from '../../src/store/embedded.js';
import { lockFolder } from '../../src/store/folder-lock.js';
import { migrate } from '../../src/store/migrate.js';
import { stopOrphan } from '../../src/store/orphan-postmaster.js';
import { TEMPLATE } from './template.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** The administrator's address on the run's server. */
    databaseServer: string;
  }
}

const PREFIX = 'darkroom-test-server-';
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const logger = createLogger('warn');

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  await clearKilledRuns();
  const dataFolder = await mkdtemp(join(tmpdir(), PREFIX));
  await chmod(dataFolder, 0o711);
  const server = await startEmbeddedPostgres({
    dataFolder,
    logger,
    settings: {
      fsync: 'off',
      synchronous_commit: 'off',
      full_page_writes: 'off',
      max_connections: '300',
    },
  });
  const abandon = () => removeNow(dataFolder);
  for (const signal of SIGNALS) process.once(signal, interrupted);
  process.once('exit', abandon);
  async function end(): Promise<void> {
    for (const signal of SIGNALS) process.off(signal, interrupted);
    process.off('exit', abandon);
    await server.stop();
    await rm(dataFolder, { recursive: true, force: true });
  }
  try {
    await makeTemplate(server.url);
  } catch (error) {
    await end();
    throw error;
  }
  project.provide('databaseServer', server.url);
  return end;
}

async function makeTemplate(url: string): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(`create database ${TEMPLATE}`);
    const target = new URL(url);
    target.pathname = TEMPLATE;
    await migrate({ url: target.href, logger });
    // Only a database without connections can be cloned.
    await client.query(`alter database ${TEMPLATE} allow_connections false is_template true`);
  } finally {
    await client.end();
  }
}

/** Without this a signal would end the process with no `exit` event. */
function interrupted(): void {
  process.exit(1);
}

/** An exit waits for no promise: the server is told to drop everything, and once it has, its data goes. */
function removeNow(dataFolder: string): void {
  const pidFile = join(dataFolder, 'postgres', 'postmaster.pid');
  process.kill(Number.parseInt(readFileSync(pidFile, 'utf8'), 10), 'SIGQUIT');
  const clock = new Int32Array(new SharedArrayBuffer(4));
  for (let turn = 0; turn < 200 && existsSync(pidFile); turn += 1) Atomics.wait(clock, 0, 0, 10);
  rmSync(dataFolder, { recursive: true, force: true, maxRetries: 5, retryDelay: 20 });
}

/** What a run that was killed left behind: its folder's lock is free, its server may still be up. */
async function clearKilledRuns(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const folder = join(tmpdir(), name);
    // A folder without the lock file may be one that another run is only just making.
    if (!name.startsWith(PREFIX) || (await stat(join(folder, 'postgres.lock')).catch(() => null)) === null) continue;
    const lock = await lockFolder(folder, 'postgres').catch(() => null);
    if (lock === null) continue;
    await stopOrphan(join(folder, 'postgres'), logger);
    await lock.release();
    await rm(folder, { recursive: true, force: true });
  }
}
