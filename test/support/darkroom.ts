import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Pool } from 'pg';
import { pino } from 'pino';
import { expect, vi } from 'vitest';
import { hashApiKey, newApiKey } from '../../src/access/keys.js';
import { startApp, type App } from '../../src/app.js';
import { readConfig } from '../../src/config/config.js';
import { newId, publicId } from '../../src/domain/ids.js';
import { createSandbox, type LogEntry, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.js';
import { createApi, type Api } from './api.js';
import { createTestDatabase } from './database.js';

export type Row = Record<string, unknown>;

/** A whole Darkroom in this process, on a database and a data folder of its own, with a sandbox as its provider. */
export type Darkroom = {
  url: string;
  dataFolder: string;
  databaseUrl: string;
  apiKey: string;
  /** Speaks for the demo project. */
  api: Api;
  sandbox: Sandbox;
  sandboxUrl: string;
  /** What was written to the log. */
  log: readonly Row[];
  /** Speaks with another credential, or with none. */
  as(authorization: string | null): Api;
  /** Another project with a key and a profile of its own. */
  addProject(slug: string): Promise<{ api: Api; projectId: string; profileId: string; apiKey: string }>;
  /** A profile of the demo project. */
  profile(slug?: string): Promise<string>;
  sql(text: string, ...values: unknown[]): Promise<Row[]>;
  /** The submits that the sandbox saw whose prompt holds this text. */
  submits(text?: string): LogEntry[];
  /** Stops everything; fails when something stays open, or when an error was logged that was not expected. */
  stop(): Promise<void>;
};

export type DarkroomOptions = {
  /** Settings on top of the usual ones. */
  environment?: Record<string, string> | ((sandboxUrl: string) => Record<string, string>);
  sandbox?: SandboxOptions;
  /** What is in the database and at the sandbox before Darkroom starts. */
  prepare?: (before: { databaseUrl: string; sandboxUrl: string }) => Promise<void>;
  /** Leave the demo profiles bound to all providers that the sandbox plays; else to bfl only. */
  everyBinding?: boolean;
  /** Errors in the log that are part of the test. */
  expectedErrors?: readonly RegExp[];
};

/** Tasks of a twentieth of a second, whose results wait for a busy machine all the same. */
const quick: SandboxOptions = { timeScale: 200, resultLifetimeMs: 1e10 };
/** Quick looks, so that a generation takes about a tenth of a second. */
const hurry = { PORT: '0', LOOK_DELAY_MS: '25', LOG_LEVEL: 'debug' };

export async function startDarkroom(options: DarkroomOptions = {}): Promise<Darkroom> {
  const before = openHandles();
  const stops: (() => Promise<unknown>)[] = [];
  async function stop(): Promise<void> {
    for (const each of stops.splice(0).toReversed()) await each();
    await vi.waitFor(() => expect(moreThan(before)).toEqual([]), { timeout: 5_000 });
  }
  try {
    return await build(options, stops, stop);
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

async function build(
  options: DarkroomOptions,
  stops: (() => Promise<unknown>)[],
  stop: () => Promise<void>,
): Promise<Darkroom> {
  const dataFolder = await makeFolder();
  stops.push(async () => await rm(dataFolder, { recursive: true, force: true }));
  const database = await createTestDatabase();
  stops.push(async () => await database.drop());
  const sandbox = createSandbox({ ...quick, ...options.sandbox });
  const { url: sandboxUrl } = await sandbox.start();
  stops.push(async () => await sandbox.stop());
  const pool = new Pool({ connectionString: database.url, max: 2 });
  stops.push(async () => await pool.end());

  const log: Row[] = [];
  stops.push(async () => expect(unexpected(log, options.expectedErrors ?? [])).toEqual([]));
  const logger = pino({ level: 'debug', base: null }, { write: (line) => void log.push(JSON.parse(line)) });
  const config = readConfig({
    ...hurry,
    SANDBOX_URL: sandboxUrl,
    DATABASE_URL: database.url,
    DARKROOM_DATA: dataFolder,
    ...(typeof options.environment === 'function' ? options.environment(sandboxUrl) : options.environment),
  });
  await options.prepare?.({ databaseUrl: database.url, sandboxUrl });
  const app = await startApp(config, logger);
  stops.push(async () => await app.stop());
  const { url, demo } = addressOf(app);

  const sql: Darkroom['sql'] = async (text, ...values) => (await pool.query<Row>(text, values)).rows;
  if (options.everyBinding !== true) await sql("delete from binding where provider <> 'bfl'");
  function speak(authorization: string | null): Api {
    const api = createApi(url, authorization);
    stops.push(async () => await api.close());
    return api;
  }

  return {
    url,
    dataFolder,
    databaseUrl: database.url,
    apiKey: demo.apiKey,
    api: speak(`Bearer ${demo.apiKey}`),
    sandbox,
    sandboxUrl,
    log,
    as: speak,
    async addProject(slug) {
      const [projectId, profileId, apiKey] = [newId(), newId(), newApiKey()];
      await sql('insert into project (id, slug, name) values ($1, $2, $2)', projectId, slug);
      const keyValues = [newId(), projectId, hashApiKey(apiKey)];
      await sql("insert into api_key (id, project_id, name, hash) values ($1, $2, 'key', $3)", ...keyValues);
      await sql("insert into profile (id, project_id, slug, name) values ($1, $2, 'own', 'Own')", profileId, projectId);
      const binding = [profileId, projectId];
      await sql(
        "insert into binding (profile_id, project_id, provider, finetune_id) values ($1, $2, 'bfl', 'own')",
        ...binding,
      );
      return { api: speak(`Bearer ${apiKey}`), projectId, profileId: publicId('FinetuneProfile', profileId), apiKey };
    },
    async profile(slug = 'studio-bottle') {
      const [row] = await sql(
        'select p.id from profile p join project j on j.id = p.project_id where p.slug = $1 and j.slug = $2',
        slug,
        'demo',
      );
      return publicId('FinetuneProfile', String(row?.['id']));
    },
    sql,
    submits: (text = '') =>
      sandbox.log().filter((entry) => entry.submit !== null && (entry.submit.prompt ?? '').includes(text)),
    stop,
  };
}

function addressOf(app: App): { url: string; demo: { apiKey: string } } {
  if (app.url === null || app.demo === null) throw new Error('The app serves no API.');
  return { url: app.url, demo: app.demo };
}

/** A temporary folder that PostgreSQL's own user may pass through. */
export async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-e2e-'));
  await chmod(folder, 0o711);
  return folder;
}

/** Pino's number of the level `error`. */
const errorLevel = 50;

function unexpected(log: readonly Row[], expected: readonly RegExp[]): Row[] {
  return log.filter(
    (line) => Number(line['level']) >= errorLevel && !expected.some((each) => each.test(JSON.stringify(line))),
  );
}

/** Listening sockets, connections and threads of this process. */
const watched = ['TCPServerWrap', 'TCPSocketWrap', 'MessagePort'];

function openHandles(): Map<string, number> {
  const all = process.getActiveResourcesInfo();
  return new Map(watched.map((kind) => [kind, all.filter((each) => each === kind).length]));
}

function moreThan(before: ReadonlyMap<string, number>): string[] {
  return [...openHandles()].flatMap(([kind, count]) =>
    count > (before.get(kind) ?? 0) ? [`${count - (before.get(kind) ?? 0)} ${kind} left open`] : [],
  );
}
