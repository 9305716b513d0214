import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import postgres, { type Sql } from 'postgres';
import { hashApiKey, newApiKey } from '../src/access/keys.js';
import { newId, publicId } from '../src/domain/ids.js';
import { createLogger } from '../src/logger.js';
import { openDatabase } from '../src/store/database.js';
import { startEmbeddedPostgres } from '../src/store/embedded.js';
import { addKey, ensureProject } from '../src/store/keys.js';
import { ensurePartitions } from '../src/store/partitions.js';
import { createProfiles } from '../src/store/profiles.js';
import { parentOf, startServer, type Server } from './processes.ts';
import { createPeerTable, historyStart, seedHistory, settle } from './seed.ts';
import type { Fixture, PeerName, ServerName } from './workloads.ts';

/** As many connections to Postgres as Darkroom's own pool has. */
const peerConnections = 12;
/** Tenants in the history. */
const projects = 9;
const eventsWithinMs = 60_000;

/** A database with a history, Darkroom on it, and the peers beside. */
export type Bed = {
  fixture: Fixture;
  servers: ReadonlyMap<ServerName, Server>;
  postgresVersion: string;
  /** The process whose children all of Postgres' processes are. */
  postmasterPid: number;
  /** Waits until Darkroom has numbered its events and Postgres has written its pages; says how long the events took. */
  rest(): Promise<number>;
  stop(): Promise<void>;
};

export async function makeBed(options: {
  rows: number;
  peers: readonly PeerName[];
  /** The folder of another Darkroom, built. */
  against: string | null;
  darkroomFlags: readonly string[];
}): Promise<Bed> {
  const stops: (() => Promise<unknown>)[] = [];
  async function stop(): Promise<void> {
    for (const each of stops.splice(0).toReversed()) await each();
  }
  try {
    return await build(options, stops, stop);
  } catch (error) {
    await stop();
    throw error;
  }
}

async function build(
  options: Parameters<typeof makeBed>[0],
  stops: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Bed> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-bench-'));
  stops.push(async () => await rm(folder, { recursive: true, force: true }));
  const database = await startEmbeddedPostgres({ dataFolder: join(folder, 'postgres'), logger: createLogger('warn') });
  stops.push(async () => await database.stop());
  const sql = postgres(database.url, { max: 1, onnotice: () => undefined });
  stops.push(async () => await sql.end());

  const dataFolder = join(folder, 'darkroom');
  const own = resolve(import.meta.dirname, '..');
  const startDarkroom = async (flags: readonly string[], checkout: string = own): Promise<Server> =>
    await startServer({
      name: checkout === own ? 'Darkroom' : `Darkroom of ${checkout}`,
      script: join(checkout, 'dist/main.js'),
      flags,
      env: {
        DATABASE_URL: database.url,
        DARKROOM_DATA: checkout === own ? dataFolder : join(folder, 'other'),
        ROLE: 'api',
        // Never called: an API process does not talk to providers.
        SANDBOX_URL: 'http://127.0.0.1:9',
        PORT: '0',
        LOG_LEVEL: 'warn',
      },
      ready: /GraphQL\s+(http\S+)\/graphql/,
    });
  // Once to migrate and to make the demo project; measured is one that starts on the full database.
  await (await startDarkroom([])).stop();
  const fixture = await prepare(sql, database.url, dataFolder, options.rows);

  const servers = new Map<ServerName, Server>();
  function add(name: ServerName, server: Server): void {
    servers.set(name, server);
    stops.push(async () => await server.stop());
  }
  add('darkroom', await startDarkroom(options.darkroomFlags));
  if (options.against !== null) add('other', await startDarkroom([], resolve(options.against)));
  for (const peer of options.peers) {
    const env = {
      DATABASE_URL: database.url,
      CONNECTIONS: String(peerConnections),
      PROJECT_ID: fixture.historyProjectId,
    };
    const script = join(import.meta.dirname, 'peers', `${peer}.ts`);
    add(peer, await startServer({ name: peer, script, env, ready: /^listening (http\S+)$/ }));
  }
  const [about] = await sql<{ version: string; pid: number }[]>`
    select current_setting('server_version') as version, pg_backend_pid() as pid`;
  return {
    fixture,
    servers,
    postgresVersion: about?.version ?? '',
    postmasterPid: await parentOf(about?.pid ?? 0),
    rest: async () => await rest(sql),
    stop,
  };
}

async function prepare(sql: Sql, url: string, dataFolder: string, rows: number): Promise<Fixture> {
  const database = openDatabase(url, { connections: 2 });
  try {
    await ensurePartitions(database, historyStart(new Date()), new Date());
    const projectIds: string[] = [];
    for (let n = 1; n <= projects; n += 1) {
      const { id } = await ensureProject(database, { id: newId(), slug: `bench-${n}`, name: `Bench ${n}` });
      projectIds.push(id);
    }
    const projectId = projectIds[0] ?? '';
    const historyKey = newApiKey();
    await addKey(database, { id: newId(), projectId, name: 'bench', hash: hashApiKey(historyKey), operator: false });
    const profiles = createProfiles(database);
    const profileIds: string[] = [];
    for (let n = 1; n <= 8; n += 1) {
      const id = newId();
      await profiles.create({
        id,
        projectId,
        slug: `bench-${n}`,
        name: `Bench ${n}`,
        description: '',
        triggerWord: 'STUDIOBOTTLE',
        defaults: {},
      });
      await profiles.bind(projectId, id, {
        provider: 'bfl',
        finetuneId: `ft-${n}`,
        loraUrl: null,
        triggerWord: null,
        defaults: {},
      });
      profileIds.push(id);
    }
    await seedHistory(sql, { projectIds, profileIds, rows });
    await createPeerTable(sql);
    await settle(sql);
    const [profile] = await sql<{ id: string }[]>`select id from profile where slug = 'studio-bottle'`;
    if (profile === undefined) throw new Error('The demo project has no profile.');
    // One provider: what is measured shall not go elsewhere.
    await sql`delete from binding where profile_id = ${profile.id} and provider <> 'bfl'`;
    return {
      submitKey: (await readFile(join(dataFolder, 'api-key'), 'utf8')).trim(),
      profileId: publicId('FinetuneProfile', profile.id),
      historyKey,
      historyProjectId: projectId,
    };
  } finally {
    await database.close();
  }
}

async function rest(sql: Sql): Promise<number> {
  const from = performance.now();
  while (true) {
    const waiting = await sql`select from generation_event where position is null limit 1`;
    if (waiting.length === 0) break;
    if (performance.now() - from > eventsWithinMs) throw new Error('Darkroom does not number its events.');
    await delay(50);
  }
  const took = performance.now() - from;
  await sql`checkpoint`;
  return took;
}
