import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { createLogger } from '../../src/logger.js';
import { startEmbeddedPostgres } from '../../src/store/embedded.js';
import { findBinaries } from '../../src/store/postgres-binaries.js';
import { findHome } from '../../src/store/postgres-home.js';
import { startPostmaster, type Postmaster } from '../../src/store/postmaster.js';
import { sleep } from '../../src/time.js';

/** A PostgreSQL of our own that is stopped, killed and started again on the same port. */
export type ChaosPostgres = {
  readonly url: string;
  /** Waits until it takes connections. */
  start(): Promise<void>;
  /** As an administrator does it: sessions are ended, all is written. */
  stop(): Promise<void>;
  /** As a fault does it: what was not in the log yet is gone. */
  kill(): Promise<void>;
};

export const maxConnections = 200;

// Without fsync the machine may not crash, but its processes may: what they have written stays.
const settings = { fsync: 'off', full_page_writes: 'off', max_connections: String(maxConnections) };

export async function createChaosPostgres(dataFolder: string): Promise<ChaosPostgres> {
  const logger = createLogger('fatal');
  // The first start makes the cluster, its password and the database, and finds a free port.
  const first = await startEmbeddedPostgres({ dataFolder, logger, settings });
  const { url } = first;
  await first.stop();
  const { port } = new URL(url);
  const home = await findHome(dataFolder, logger);
  const binaries = await findBinaries(home.account, logger);
  let server: Postmaster | null = null;

  return {
    url,
    async start() {
      const logFile = join(dataFolder, 'postgres.log');
      server = await startPostmaster({
        program: binaries.postgres,
        home,
        logFile,
        settings: { ...settings, port },
        logger,
      });
      await answers(url);
    },
    async stop() {
      await server?.stop();
      server = null;
    },
    async kill() {
      const pid = Number.parseInt(await readFile(join(home.cluster, 'postmaster.pid'), 'utf8'), 10);
      process.kill(pid, 'SIGKILL');
      server = null;
    },
  };
}

async function answers(url: string): Promise<void> {
  for (const until = Date.now() + 60_000; ; await sleep(50)) {
    const client = new Client({ connectionString: url, application_name: 'chaos' });
    // Without a listener a server that goes away would end this process.
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('select 1');
      return;
    } catch (error) {
      if (Date.now() > until) throw error;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
