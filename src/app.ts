import { join } from 'node:path';
import type { Config } from './config.js';
import { ensureDemoProject, type DemoProject } from './demo-project.js';
import type { Catalogue } from './domain/route.js';
import { asError, DarkroomError } from './errors.js';
import { createHub } from './events/hub.js';
import { createRelay } from './events/relay.js';
import { createAuthenticate } from './access/keys.js';
import { createSchema } from './graphql/schema.js';
import { decodeBase64Image } from './images/base64.js';
import { createDiskStore } from './images/disk.js';
import { cannyEdges, stopEdges } from './images/edges.js';
import { checkSize, inspectImage } from './images/inspect.js';
import { resultLimits } from './images/limits.js';
import { createReserve } from './images/reserve.js';
import { takeIn } from './images/take-in.js';
import type { Logger } from './logger.js';
import type { ServedAccount } from './poller/parts.js';
import { createPoller, type Poller } from './poller/poller.js';
import { bflDefaults, createBflProvider } from './providers/bfl/bfl.js';
import { createSandbox } from './sandbox/sandbox.js';
import { createServer } from './server/server.js';
import { createAccountService } from './service/accounts.js';
import { createCannyPreview } from './service/canny.js';
import { createGenerate } from './service/generate.js';
import { createUpload } from './service/images.js';
import { createProfileService } from './service/profiles.js';
import { createStopService } from './service/stop.js';
import { createSubscriptions } from './service/subscribe.js';
import { createReceiveWebhook } from './service/webhooks.js';
import { startEmbeddedPostgres } from './store/embedded.js';
import { lockFolder } from './store/folder-lock.js';
import { prepareDataFolder } from './store/data-folder.js';
import { findKey } from './store/keys.js';
import { migrate } from './store/migrate.js';
import { checkPartitions } from './store/partitions.js';
import { openStore } from './store/store.js';
import { upkeep } from './store/upkeep.js';
import { createTicker } from './time.js';

/** How long submits and savings in flight may take at a stop. */
const drainMs = 10_000;
const upkeepEveryMs = 10 * 60_000;

export type App = {
  /** Where the API listens; null in a process that only polls. */
  url: string | null;
  sandboxUrl: string | null;
  demo: DemoProject | null;
  stop(): Promise<void>;
};

type Stop = { what: string; stop: () => Promise<unknown> };

/** Builds every part by hand, from the ground up, and stops them in the reverse order. */
export async function startApp(config: Config, logger: Logger): Promise<App> {
  const stops: Stop[] = [];
  const owned = (what: string, stop: () => Promise<unknown>): void => void stops.push({ what, stop });
  try {
    return await build(config, logger, owned, async () => await stopAll(stops, logger));
  } catch (error) {
    await stopAll(stops, logger);
    throw error;
  }
}

async function stopAll(stops: Stop[], logger: Logger): Promise<void> {
  for (const { what, stop } of stops.splice(0).toReversed()) {
    logger.debug(`Stopping ${what}`);
    await stop().catch((error: unknown) => logger.error({ err: asError(error) }, `${what} did not stop cleanly`));
  }
}

async function build(
  config: Config,
  logger: Logger,
  owned: (what: string, stop: () => Promise<unknown>) => void,
  stop: () => Promise<void>,
): Promise<App> {
  const { dataFolder } = config;
  await prepareDataFolder(dataFolder);
  await lockFor(dataFolder, config.databaseUrl === null);
  async function lockFor(folder: string, exclusive: boolean): Promise<void> {
    // With a Postgres of its own, several processes share the folder: the images in it are safe for that.
    if (!exclusive) return;
    const lock = await lockFolder(folder);
    owned(`the lock of ${folder}`, async () => await lock.release());
  }

  const databaseUrl = config.databaseUrl ?? (await embedded());
  async function embedded(): Promise<string> {
    const postgres = await startEmbeddedPostgres({ dataFolder, logger });
    owned('PostgreSQL', async () => await postgres.stop());
    return postgres.url;
  }
  await migrate({ url: databaseUrl, logger });

  const store = openStore(databaseUrl, () => relay.poke());
  owned('the store', async () => await store.close());
  const hub = createHub();
  const relay = createRelay({ source: store.events, hub, logger });

  const keeping = createTicker({
    everyMs: upkeepEveryMs,
    run: async () => await upkeep(store.database, new Date()),
    onError: (error) => logger.error({ err: asError(error) }, 'The upkeep of the database failed; again later'),
  });
  await upkeep(store.database, new Date());
  keeping.start();
  owned('the upkeep', async () => await keeping.stop());

  const reserveBytes = config.diskReserveBytes;
  const imageStore = createDiskStore({ folder: join(dataFolder, 'images'), reserveBytes });
  await imageStore.start();
  const storage = createReserve({ freeBytes: async () => await imageStore.freeBytes(), reserveBytes, logger });
  storage.start();
  owned('the watch of the disk', async () => await storage.stop());
  owned('the edge finder', async () => await stopEdges());

  const sandboxUrl = config.embeddedSandbox === null ? null : await startSandbox(config.embeddedSandbox);
  async function startSandbox({ port, timeScale }: { port: number; timeScale: number }): Promise<string> {
    const stateDir = join(dataFolder, 'sandbox');
    await prepareDataFolder(stateDir);
    await lockFor(stateDir, true);
    const sandbox = createSandbox({ port, timeScale, stateDir });
    const { url } = await sandbox.start().catch((error: unknown) => {
      throw portFault(error, `The sandbox's port ${port} is in use; choose another with SANDBOX_PORT.`);
    });
    owned('the sandbox', async () => await sandbox.stop());
    return url;
  }

  const bfl = createBflProvider(
    // Whatever that sandbox does goes so much faster.
    config.embeddedSandbox === null ? {} : { resultLifetimeMs: 600_000 / config.embeddedSandbox.timeScale },
  );
  owned('the providers', async () => await bfl.close());
  const catalogue: Catalogue = {
    accounts: config.accounts.map(({ id, provider, sandbox, limit }) => ({ id, provider, sandbox, limit })),
    models: bfl.models,
  };

  await relay.start();
  owned('the relay', async () => await relay.stop());

  const poller = config.role === 'api' ? null : await startPoller();
  async function startPoller(): Promise<Poller> {
    const started = createPoller({
      accounts: served(config, sandboxUrl, bfl),
      worklist: store.worklist,
      pauses: store.pauses,
      hints: store.hints,
      change: async (change) => await store.ledger.change(change),
      images: store.images,
      bytes: imageStore,
      inspectResult: async (bytes) => await inspectImage(bytes, resultLimits),
      settings: {
        pollIntervalMs: config.pollIntervalMs,
        unconfirmedMs: config.unconfirmedMs,
        submitTimeoutMs: config.submitTimeoutMs,
        firstProbeMs: config.firstProbeMs,
        drainMs,
      },
      logger,
    });
    // With the embedded server no other process can be alive on this database: the folder's lock says so.
    owned('the poller', async () => await started.stop());
    await started.start({ alone: config.databaseUrl === null });
    return started;
  }

  if (config.role === 'poller') return { url: null, sandboxUrl, demo: null, stop };

  const demo = await ensureDemoProject({
    database: store.database,
    profiles: store.profiles,
    dataFolder,
    withSandboxProfiles: catalogue.accounts.some((account) => account.sandbox),
  });
  const reader = { images: store.images, inspect: takeIn, checkSize, decode: decodeBase64Image };
  const server = createServer({
    schema: await createSchema(),
    services: {
      generate: createGenerate({
        ledger: {
          ...store.ledger,
          async accept(generation) {
            const accepted = await store.ledger.accept(generation);
            poller?.poke();
            return accepted;
          },
        },
        idempotency: store.idempotency,
        history: store.history,
        profiles: store.profiles,
        images: store.images,
        bytes: imageStore,
        storage,
        reader,
        catalogue,
        deadlineMs: config.deadlineMs,
      }),
      stopService: createStopService({ ledger: store.ledger, history: store.history }),
      accountService: createAccountService({ pauses: store.pauses, catalogue }),
      profileService: createProfileService({ profiles: store.profiles, catalogue }),
      cannyPreview: createCannyPreview({ reader, images: store.images, bytes: imageStore, edges: cannyEdges }),
      subscriptions: createSubscriptions({
        hub,
        history: store.history,
        log: store.eventLog,
        replayMs: config.eventsReplayMs,
      }),
      history: store.history,
      profiles: store.profiles,
      images: store.images,
      catalogue,
    },
    authenticate: createAuthenticate(async (hash) => await findKey(store.database, hash)),
    images: {
      upload: createUpload({ inspect: takeIn, bytes: imageStore, images: store.images, storage }),
      store: imageStore,
    },
    health: {
      database: async () => void (await store.events.last()),
      async imageStore() {
        if (!(await storage.accepting())) return 'low';
        await imageStore.check();
        return 'ok';
      },
      partitions: async () => await checkPartitions(store.database, new Date()),
    },
    receiveWebhook: createReceiveWebhook({
      hints: store.hints,
      readers: new Map([[bfl.name, bfl.readWebhook]]),
    }),
    demoKey: config.databaseUrl === null ? demo.apiKey : null,
    publicUrl: config.publicUrl,
    corsOrigins: config.corsOrigins,
    host: config.host,
    port: config.port,
    logger,
  });
  owned('the server', async () => await server.stop());
  const { url } = await server.start();
  return { url, sandboxUrl, demo, stop };
}

/** A used port said in a sentence; any other error as it is. */
function portFault(error: unknown, message: string): unknown {
  const used = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  return used ? new DarkroomError('UNAVAILABLE', message, { cause: error }) : error;
}

/** The accounts with their adapters and keys, for the one part that calls providers. */
function served(config: Config, sandboxUrl: string | null, provider: ServedAccount['provider']): ServedAccount[] {
  return config.accounts.map(({ id, provider: name, sandbox, limit, baseUrl, apiKey, hosts, webhookUrl }) => {
    const address = baseUrl ?? (sandbox ? sandboxUrl : bflDefaults.baseUrl);
    if (address === null || apiKey === null) throw new Error(`The account ${id} has no address or no key.`);
    return {
      account: { id, provider: name, sandbox, limit },
      access: { id, baseUrl: address, apiKey, hosts },
      provider,
      webhookUrl,
    };
  });
}
