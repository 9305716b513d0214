import { rename, rm, writeFile } from 'node:fs/promises';
import { Client } from 'pg';
import { randomFrom } from '../../src/sandbox/random.js';
import { sleep } from '../../src/time.js';
import type { Api, Bed } from './bed.js';
import type { Child } from './child.js';
import type { Monitor } from './monitor.js';
import type { ChaosOptions } from './options.js';
import { maxConnections } from './postgres.js';
import type { Submitters } from './submitters.js';

/** Something is well again when `done` says so; the time it took counts from `from` (ms since the epoch). */
export type Recovery = { what: string; from: number; done: () => Promise<boolean> | boolean };

export type Scene = {
  options: ChaosOptions;
  bed: Bed;
  monitor: Monitor;
  submitters: Submitters;
  /** From now on it is looked after whether this is well again. */
  expect: (recovery: Recovery) => void;
  complain: (violation: string) => void;
};

/** Longer than a lease of 15 s and the second until somebody notices. */
const pauseMs = 20_000;

function pick<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error('The bed is too small.');
  return found;
}

/** The first picture saved after this moment. */
function success({ monitor }: Scene, from: number): Recovery {
  return { what: 'a generation succeeds', from, done: () => monitor.lastSucceededAt() > from };
}

/** The first mutation that this API accepts from now on; the usual load may be waiting for room. */
function accepts({ submitters }: Scene, api: Api, from: number): Recovery {
  return { what: `${api.name} accepts`, from, done: submitters.probe(api) };
}

function allWell(scene: Scene, from: number): void {
  scene.expect(success(scene, from));
  for (const api of scene.bed.apis) scene.expect(accepts(scene, api, from));
}

/**
 * All that this process looked after then is over, or looked after by another. It may have come back before anybody took
 * over, while the others were down too: what it was given since is none of it.
 */
async function orphansMove({ monitor }: Scene, poller: Child): Promise<(from: number) => Recovery> {
  const [row] = await monitor.sql(
    'select id::text from instance where pid = $1 order by started_at desc limit 1',
    poller.pid(),
  );
  const instanceId = row?.['id'];
  return (from) => ({
    what: `what ${poller.name} had is taken over`,
    from,
    async done() {
      const left = await monitor.sql(
        `select from attempt a join generation g on g.id = a.generation_id
         where a.instance_id = $1::uuid and a.intended_at < to_timestamp($2::float8 / 1000)
           and (a.state in ('INTENDED', 'SENT', 'ACCEPTED') or (g.status = 'SAVING' and a.n = g.attempt_count)) limit 1`,
        instanceId,
        from,
      );
      return left.length === 0;
    },
  });
}

/** The process has a lease and was given something to do after this moment. */
function works({ monitor }: Scene, poller: Child, from: number): Recovery {
  const pid = poller.pid();
  return {
    what: `${poller.name} works`,
    from,
    async done() {
      const given = await monitor.sql(
        `select from attempt a join instance i on i.id = a.instance_id
         where i.pid = $1 and a.intended_at > to_timestamp($2::float8 / 1000) limit 1`,
        pid,
        from,
      );
      return given.length > 0;
    },
  };
}

async function restart({ complain }: Scene, child: Child, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const how = await child.end(signal);
  if (signal === 'SIGTERM' && how !== 0) complain(`${child.name} was asked to stop and ended with ${how}`);
  await child.start();
}

async function replacePoller(scene: Scene, poller: Child, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const moved = await orphansMove(scene, poller);
  const from = Date.now();
  scene.expect(moved(from));
  await restart(scene, poller, signal);
  scene.expect(works(scene, poller, from));
}

async function replaceApi(scene: Scene, api: Api, signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
  const from = Date.now();
  await restart(scene, api, signal);
  scene.expect(accepts(scene, api, from));
}

const openedAtOnce = 20;

/** Takes every connection that Postgres still has, for a while. */
async function fillConnections({ bed }: Scene, holdMs: number): Promise<void> {
  const clients: Client[] = [];
  async function takeOne(): Promise<boolean> {
    const client = new Client({ connectionString: bed.postgres.url, application_name: 'chaos' });
    client.on('error', () => undefined);
    clients.push(client);
    return await client.connect().then(
      () => true,
      () => false,
    );
  }
  async function takeAll(): Promise<void> {
    // The first refusal tells that there is no room left.
    while (clients.length < maxConnections && (await takeOne()));
  }
  await Promise.all(Array.from({ length: openedAtOnce }, takeAll));
  await sleep(holdMs);
  await Promise.all(clients.map(async (client) => await client.end().catch(() => undefined)));
}

/** What is done to Darkroom and its surroundings, by name. Each resolves when the disturbance is over. */
const disturbances = {
  'kill-poller': async (scene) => await replacePoller(scene, pick(scene.bed.pollers, 0), 'SIGKILL'),
  'kill-api': async (scene) => await replaceApi(scene, pick(scene.bed.apis, 0), 'SIGKILL'),
  'stop-poller': async (scene) => await replacePoller(scene, pick(scene.bed.pollers, 1), 'SIGTERM'),
  'stop-api': async (scene) => await replaceApi(scene, pick(scene.bed.apis, 1), 'SIGTERM'),
  async 'pause-poller'(scene) {
    const poller = pick(scene.bed.pollers, 1);
    const moved = await orphansMove(scene, poller);
    poller.pause();
    scene.expect(moved(Date.now()));
    await sleep(pauseMs);
    const from = Date.now();
    poller.goOn();
    scene.expect(works(scene, poller, from));
  },
  async 'pause-api'(scene) {
    const api = pick(scene.bed.apis, 1);
    api.pause();
    await sleep(pauseMs);
    const from = Date.now();
    api.goOn();
    scene.expect(accepts(scene, api, from));
  },
  async 'kill-often'(scene) {
    const { bed, options } = scene;
    const random = randomFrom(options.seed, 'kill-often');
    const all = [...bed.apis, ...bed.pollers];
    for (const until = Date.now() + options.spanMs; Date.now() < until; await sleep(500)) {
      await restart(scene, pick(all, Math.floor(random() * all.length)), 'SIGKILL');
    }
    const from = Date.now();
    allWell(scene, from);
    for (const poller of bed.pollers) scene.expect(works(scene, poller, from));
  },
  async 'stop-postgres'(scene) {
    await scene.bed.postgres.stop();
    await sleep(scene.options.spanMs);
    await scene.bed.postgres.start();
    allWell(scene, Date.now());
  },
  async 'kill-postgres'(scene) {
    await scene.bed.postgres.kill();
    await sleep(1_000);
    await scene.bed.postgres.start();
    allWell(scene, Date.now());
  },
  async 'terminate-backends'(scene) {
    for (const until = Date.now() + scene.options.spanMs; Date.now() < until; await sleep(100)) {
      await scene.monitor.sql(`
        select pg_terminate_backend(pid) from pg_stat_activity
        where application_name = 'darkroom' order by random() limit 1`);
    }
    allWell(scene, Date.now());
  },
  async 'fill-connections'(scene) {
    await fillConnections(scene, scene.options.spanMs);
    allWell(scene, Date.now());
  },
  async 'images-down'({ bed, options, ...scene }) {
    const { imagesFolder } = bed;
    await rename(imagesFolder, `${imagesFolder}.away`);
    await writeFile(imagesFolder, 'no folder');
    await sleep(options.spanMs);
    await rm(imagesFolder);
    await rename(`${imagesFolder}.away`, imagesFolder);
    allWell({ bed, options, ...scene }, Date.now());
  },
} as const satisfies Record<string, (scene: Scene) => Promise<void>>;

export type DisturbanceName = keyof typeof disturbances;

export const disturbanceNames = Object.keys(disturbances).filter(
  (name): name is DisturbanceName => name in disturbances,
);

export async function disturb(name: DisturbanceName, scene: Scene): Promise<void> {
  await disturbances[name](scene);
}
