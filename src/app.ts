import { buildExportMaker } from './app-exports.js';
import { buildEraser, buildKeeper } from './app-keeper.js';
import { buildPoller } from './app-poller.js';
import { buildReplayer } from './app-replayer.js';
import type { Config } from './config/config.js';
import { ensureDemoProject, type DemoProject } from './demo-project.js';
import { asError } from './errors.js';
import { layGround, type Ground, type Owned } from './ground.js';
import { stopEdges } from './images/edges.js';
import type { Logger } from './logger.js';
import { createStatusServer } from './server/status.js';

export type App = {
  /** Where the API listens; in a process that only polls, where it tells of its health, or null. */
  url: string | null;
  sandboxUrl: string | null;
  /** Null in a process that only polls. */
  demo: DemoProject | null;
  stop(): Promise<void>;
};

/** What works in the background of a process that polls. */
type Worker = { start(): void; stop(): Promise<void> };
type Stop = { what: string; stop: () => Promise<unknown> };

/** Builds every part by hand, from the ground up, and stops them in the reverse order. */
export async function startApp(
  config: Config,
  logger: Logger,
  options: { ownsProcess: boolean } = { ownsProcess: false },
): Promise<App> {
  const stops: Stop[] = [];
  const owned: Owned = (what, end) => void stops.push({ what, stop: end });
  const stop = async (): Promise<void> => await stopAll(stops, logger);
  try {
    const ground = await layGround(config, logger, { ...options, owned });
    return { ...(await build(ground, owned)), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function stopAll(stops: Stop[], logger: Logger): Promise<void> {
  for (const { what, stop } of stops.splice(0).toReversed()) {
    logger.debug(`Stopping ${what}`);
    await stop().catch((error: unknown) => logger.error({ err: asError(error) }, `${what} did not stop cleanly`));
  }
}

async function build(ground: Ground, owned: Owned): Promise<Omit<App, 'stop'>> {
  const { config, store, catalogue, sandboxUrl } = ground;
  owned('the edge finder', async () => await stopEdges());

  const poller = config.role === 'api' ? null : buildPoller(ground, owned);
  if (poller !== null) {
    owned('the poller', async () => await poller.stop());
    // With the embedded server no other process can be alive on this database: the folder's lock says so.
    await poller.start({ alone: config.databaseUrl === null });
  }
  const started = <T extends Worker>(what: string, worker: T): T => {
    owned(what, async () => await worker.stop());
    worker.start();
    return worker;
  };
  const workers =
    poller === null
      ? null
      : {
          replayer: started(
            'the replayer',
            buildReplayer(ground, () => poller.poke()),
          ),
          eraser: started('the eraser', buildEraser(ground)),
          keeper: started('the keeper', buildKeeper(ground)),
          exporter: started('the maker of exports', buildExportMaker(ground)),
        };

  if (config.role === 'poller') {
    if (config.statusPort === null) return { url: null, sandboxUrl, demo: null };
    const status = createStatusServer({ ...ground, host: config.host, port: config.statusPort });
    owned('the status server', async () => await status.stop());
    return { ...(await status.start()), sandboxUrl, demo: null };
  }

  const demo = await ensureDemoProject({
    database: store.database,
    profiles: store.profiles,
    dataFolder: config.dataFolder,
    sandboxProviders: new Set(catalogue.accounts.flatMap(({ sandbox, provider }) => (sandbox ? [provider] : []))),
  });
  // Only here: a process that only polls needs no GraphQL, and its memory is for tasks.
  const { buildServer } = await import('./app-server.js');
  const server = await buildServer(ground, {
    demo,
    onAccepted: () => poller?.poke(),
    onReplay: () => workers?.replayer.poke(),
    onErasure: () => workers?.eraser.poke(),
    onKeeping: () => workers?.keeper.poke(),
    onExport: () => workers?.exporter.poke(),
  });
  owned('the server', async () => await server.stop());
  return { ...(await server.start()), sandboxUrl, demo };
}
