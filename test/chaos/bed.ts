import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createChild, type Child } from './child.js';
import type { ChaosOptions } from './options.js';
import { createChaosPostgres, type ChaosPostgres } from './postgres.js';
import { freePort } from '../../src/store/free-port.js';

/** Two API and two poller processes on one Postgres and one sandbox, all of them real and all of them killable. */
export type Bed = {
  postgres: ChaosPostgres;
  sandbox: Child;
  sandboxUrl: string;
  apis: readonly Api[];
  pollers: readonly Child[];
  /** Of the demo project. */
  authorization: string;
  /** Where finished pictures are kept. */
  imagesFolder: string;
  stop(): Promise<void>;
};

export type Api = Child & { url: string };

const root = fileURLToPath(new URL('../..', import.meta.url));

export async function makeBed(options: ChaosOptions): Promise<Bed> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-chaos-'));
  // PostgreSQL's own user passes through.
  await chmod(folder, 0o711);
  const stops: (() => Promise<unknown>)[] = [async () => await rm(folder, { recursive: true, force: true })];
  async function stop(): Promise<void> {
    for (const each of stops.splice(0).toReversed()) await each();
  }
  try {
    return await build(options, folder, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(
  options: ChaosOptions,
  folder: string,
  stops: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Bed> {
  const [data, logs] = [join(folder, 'data'), options.logs ?? join(folder, 'logs')];
  await mkdir(logs, { recursive: true });
  await mkdir(data);
  const postgres = await createChaosPostgres(join(folder, 'postgres'));
  stops.push(async () => await postgres.stop());
  await postgres.start();

  async function started<T extends Child>(child: T): Promise<T> {
    stops.push(async () => await child.end('SIGKILL'));
    await child.start();
    return child;
  }

  const sandboxPort = await freePort();
  const sandboxUrl = `http://127.0.0.1:${sandboxPort}`;
  const sandbox = createChild({
    name: 'sandbox',
    folder: logs,
    command: script(options, 'sandbox/main'),
    environment: sandboxSettings(options, sandboxPort),
    ready: /Sandbox on http/,
  });
  await started(sandbox);

  const shared = {
    DATABASE_URL: postgres.url,
    DARKROOM_DATA: data,
    SANDBOX_URL: sandboxUrl,
    BFL_ACTIVE_TASKS: String(options.activeTasks),
    SUBMIT_TIMEOUT_SECONDS: '8',
    UNCONFIRMED_SECONDS: String(options.unconfirmedSeconds),
    // What is left alone for so long is told as a failure, which the verdict then shows.
    GENERATION_DEADLINE_SECONDS: '600',
    LOOK_DELAY_MS: '250',
    LOG_LEVEL: 'info',
    NODE_ENV: 'production',
  };
  async function api(name: string): Promise<Api> {
    const port = await freePort();
    const environment = { ...shared, ROLE: 'api', PORT: String(port) };
    const child = createChild({
      name,
      folder: logs,
      command: script(options, 'main'),
      environment,
      ready: /GraphQL +http/,
    });
    return { ...child, url: `http://127.0.0.1:${port}` };
  }
  function poller(name: string, webhooks: Record<string, string>): Child {
    const environment = { ...shared, ...webhooks, ROLE: 'poller' };
    return createChild({ name, folder: logs, command: script(options, 'main'), environment, ready: /Darkroom polls/ });
  }
  // The first one makes the tables and the demo project.
  const apis = [await started(await api('api-1')), await started(await api('api-2'))];
  // What the first one submits is told by webhook, what the second one submits is found by looking only.
  const webhooks = { BFL_WEBHOOKS: 'true', WEBHOOK_URL: apis[1]?.url ?? '' };
  const pollers = [await started(poller('poller-1', webhooks)), await started(poller('poller-2', {}))];
  return {
    postgres,
    sandbox,
    sandboxUrl,
    apis,
    pollers,
    authorization: `Bearer ${(await readFile(join(data, 'api-key'), 'utf8')).trim()}`,
    imagesFolder: join(data, 'images'),
    stop,
  };
}

function script({ built }: ChaosOptions, name: string): string[] {
  return built ? [join(root, 'dist', `${name}.js`)] : ['--import', 'tsx', join(root, 'src', `${name}.ts`)];
}

function sandboxSettings(options: ChaosOptions, port: number): Record<string, string> {
  return {
    SANDBOX_PORT: String(port),
    SANDBOX_SEED: options.seed,
    SANDBOX_TIME_SCALE: '1',
    SANDBOX_IMAGE: 'small',
    SANDBOX_CREDITS: '1000000000',
    SANDBOX_ACTIVE_LIMIT: String(options.activeTasks * 10),
    SANDBOX_MEDIAN_MS: String(options.medianMs),
    SANDBOX_SIGMA: '0.5',
    SANDBOX_LOG_LIMIT: '1000000',
    SANDBOX_FAULTS: JSON.stringify(options.faults),
  };
}
