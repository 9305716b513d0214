import { join } from 'node:path';
import { createAuthenticate, type Authenticate } from './access/keys.js';
import { knownModels } from './catalogue/catalogue.js';
import type { Config } from './config/config.js';
import type { Catalogue } from './domain/route.js';
import { asError, DarkroomError } from './errors.js';
import { createHub, type Hub } from './events/hub.js';
import { createRelay } from './events/relay.js';
import { createDiskStore, type DiskStore } from './images/disk.js';
import { createReserve } from './images/reserve.js';
import type { Logger } from './logger.js';
import { createMetrics, type Metrics } from './metrics.js';
import type { Provider } from './providers/provider.js';
import { createProviders } from './providers/providers.js';
import { createSandbox } from './sandbox/sandbox.js';
import type { Health } from './server/health.js';
import { createForetold, type Foretold } from './service/foretold.js';
import type { Storage } from './service/images.js';
import { createQuota, type Quota } from './service/quota.js';
import { createLatencies, type Latencies } from './service/latencies.js';
import { createStandingWatch, type StandingWatch } from './service/standing.js';
import { prepareDataFolder } from './store/data-folder.js';
import { startEmbeddedPostgres } from './store/embedded.js';
import { lockFolder } from './store/folder-lock.js';
import { findKey } from './store/keys.js';
import { migrate } from './store/migrate.js';
import { checkPartitions } from './store/partitions.js';
import { openStore, type Store } from './store/store.js';
import { upkeep } from './store/upkeep.js';
import { createTicker } from './time.js';

const upkeepEveryMs = 10 * 60_000;
/** How late a new prompt is found by a search, at most, while there are few. */
const indexingEveryMs = 1_000;
/** Between batches while there are more: slow enough to leave the database to those who wait for it. */
const moreIndexingMs = 250;
/** Usage is behind the ledger by so much, or by ten times what the counting takes: it gets a tenth of a processor at most. */
const countEveryMs = 2_000;

/** What every process stands on, whatever its role. */
export type Ground = {
  config: Config;
  logger: Logger;
  store: Store;
  hub: Hub;
  imageStore: DiskStore;
  storage: Storage;
  quota: Quota;
  providers: ReadonlyMap<string, Provider>;
  catalogue: Catalogue;
  authenticate: Authenticate;
  metrics: Metrics;
  foretold: Foretold;
  latencies: Latencies;
  standing: StandingWatch;
  health: Health;
  sandboxUrl: string | null;
};

/** Takes note of what has to be stopped, in the reverse order. */
export type Owned = (what: string, stop: () => Promise<unknown>) => void;

export async function layGround(
  config: Config,
  logger: Logger,
  options: {
    owned: Owned;
    /** Whether the process is Darkroom's alone, so that its numbers tell of Darkroom. */ ownsProcess: boolean;
  },
): Promise<Ground> {
  const { owned, ownsProcess } = options;
  const { dataFolder } = config;
  // Before anything is started: a wrong file stops the process at once.
  const models = knownModels(config.modelsFile);
  await prepareDataFolder(dataFolder);
  // With a Postgres of its own, several processes share the folder: the images in it are safe for that.
  if (config.databaseUrl === null) await lock(dataFolder, owned);
  const databaseUrl = config.databaseUrl ?? (await startEmbedded(dataFolder, logger, owned));
  await migrate({ url: databaseUrl, logger });

  const store = openStore(databaseUrl, () => relay.poke());
  owned('the store', async () => await store.close());
  await keepUp(store, logger, owned);

  const reserveBytes = config.diskReserveBytes;
  const imageStore = createDiskStore({ folder: join(dataFolder, 'images'), reserveBytes });
  await imageStore.start();
  const quota = createQuota({ keepings: store.keepings, defaults: config.keeping });
  const reserve = createReserve({ freeBytes: async () => await imageStore.freeBytes(), reserveBytes, logger });
  reserve.start();
  owned('the watch of the disk', async () => await reserve.stop());
  const storage: Storage = {
    accepting: async () => await reserve.accepting(),
    exceeded: async (projectId) => await quota.exceeded(projectId),
  };

  const sandboxUrl = config.embeddedSandbox === null ? null : await startSandbox(config, config.embeddedSandbox, owned);
  // Whatever that sandbox does goes so much faster.
  const providers = createProviders({
    lifetimeScale: config.embeddedSandbox?.timeScale ?? 1,
    workflows: config.comfyWorkflows,
  });
  owned('the providers', async () => {
    await Promise.all([...providers.values()].map(async (provider) => await provider.close()));
  });

  const metrics = createMetrics({ withProcess: ownsProcess });
  const foretold = createForetold((stage, hit) => metrics.foretold({ stage, hit: String(hit) }));
  const latencies = createLatencies({ runTimes: store.runTimes, logger });
  await latencies.start();
  owned('the learning', async () => await latencies.stop());

  const standing = createStandingWatch({ pauses: store.pauses, standings: store.standings, logger });
  await standing.start();
  owned('the watch of accounts and models', async () => await standing.stop());

  const hub = createHub();
  metrics.gauge('darkroom_listeners', 'Listeners to events in this process.', () => hub.listeners());
  const relay = createRelay({
    source: store.events,
    hub: {
      ...hub,
      // Whatever was foretold to somebody is followed too.
      listeners: () => hub.listeners() + foretold.waiting(),
      publish(events) {
        for (const event of events) foretold.see(event);
        hub.publish(events);
      },
    },
    logger,
  });
  await relay.start();
  owned('the relay', async () => await relay.stop());

  return {
    config,
    logger,
    store,
    hub,
    imageStore,
    storage,
    quota,
    providers,
    catalogue: {
      accounts: config.accounts.map(({ id, provider: name, sandbox, limit, projects }) => ({
        id,
        provider: name,
        sandbox,
        limit,
        projects,
      })),
      models: models.filter((model) => config.accounts.some((account) => account.provider === model.provider)),
    },
    authenticate: createAuthenticate(async (hash) => await findKey(store.database, hash)),
    metrics,
    foretold,
    latencies,
    standing,
    health: {
      database: async () => void (await store.events.last()),
      async imageStore() {
        if (!(await storage.accepting())) return 'low';
        await imageStore.check();
        return 'ok';
      },
      partitions: async () => await checkPartitions(store.database, new Date()),
    },
    sandboxUrl,
  };
}

async function lock(folder: string, owned: Owned): Promise<void> {
  const held = await lockFolder(folder);
  owned(`the lock of ${folder}`, async () => await held.release());
}

async function startEmbedded(dataFolder: string, logger: Logger, owned: Owned): Promise<string> {
  const postgres = await startEmbeddedPostgres({ dataFolder, logger });
  owned('PostgreSQL', async () => await postgres.stop());
  return postgres.url;
}

async function keepUp(store: Store, logger: Logger, owned: Owned): Promise<void> {
  const keeping = createTicker({
    everyMs: upkeepEveryMs,
    run: async () => await upkeep(store.database, new Date()),
    onError: (error) => logger.error({ err: asError(error) }, 'The upkeep of the database failed; again later'),
  });
  await upkeep(store.database, new Date());
  keeping.start();
  owned('the upkeep', async () => await keeping.stop());

  let indexed = 0;
  const indexing = createTicker({
    everyMs: () => (indexed > 0 ? moreIndexingMs : indexingEveryMs),
    async run() {
      indexed = await store.indexPrompts();
    },
    onError: (error) => logger.warn({ err: asError(error) }, 'Prompts could not be made searchable; again later'),
  });
  indexing.start();
  owned('the search index', async () => await indexing.stop());
  let tookMs = 0;
  const counting = createTicker({
    everyMs: () => Math.max(countEveryMs, 9 * tookMs),
    // One process at a time counts; the others find nothing to do.
    run: async () => {
      const startedAt = performance.now();
      if ((await store.usage.catchUp())?.more === true) counting.poke();
      tookMs = performance.now() - startedAt;
    },
    onError: (error) => logger.error({ err: asError(error) }, 'Usage could not be counted; again'),
  });
  counting.start();
  owned('the counting of usage', async () => await counting.stop());
}

async function startSandbox(
  { dataFolder }: Config,
  { port, timeScale }: { port: number; timeScale: number },
  owned: Owned,
): Promise<string> {
  const stateDir = join(dataFolder, 'sandbox');
  await prepareDataFolder(stateDir);
  await lock(stateDir, owned);
  const sandbox = createSandbox({ port, timeScale, stateDir });
  const { url } = await sandbox.start().catch((error: unknown) => {
    throw portFault(error, `The sandbox's port ${port} is in use; choose another with SANDBOX_PORT.`);
  });
  owned('the sandbox', async () => await sandbox.stop());
  return url;
}

/** A used port said in a sentence; any other error as it is. */
function portFault(error: unknown, message: string): unknown {
  const used = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  return used ? new DarkroomError('UNAVAILABLE', message, { cause: error }) : error;
}
