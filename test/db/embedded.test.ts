import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createLogger } from '../../src/logger.js';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../src/store/embedded.js';
import { stopOrphan } from '../../src/store/orphan-postmaster.js';
import { holdFolder, type Holder } from '../support/holder.js';

const logger = createLogger('silent');

let dataFolder: string;
const running: EmbeddedPostgres[] = [];
const holders: Holder[] = [];

beforeEach(async () => {
  dataFolder = await mkdtemp(join(tmpdir(), 'darkroom-embedded-'));
});

afterEach(async () => {
  for (const holder of holders.splice(0)) await holder.kill();
  for (const server of running.splice(0)) await server.stop();
  await stopOrphan(join(dataFolder, 'postgres'), logger);
  await rm(dataFolder, { recursive: true });
});

async function start(folder = dataFolder): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({ dataFolder: folder, logger, settings: { fsync: 'off' } });
  running.push(server);
  return server;
}

async function hold(what: 'lock' | 'postgres'): Promise<Holder> {
  const holder = await holdFolder(what, dataFolder);
  holders.push(holder);
  return holder;
}

async function ask(url: string, sql: string): Promise<unknown[]> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query({ text: sql, rowMode: 'array' })).rows.flat();
  } finally {
    await client.end();
  }
}

async function keepNote(url: string): Promise<void> {
  await ask(url, "create table note as select 'kept' as text");
}

const readNote = 'select text from note';

async function postmasterPid(): Promise<number> {
  return Number.parseInt(await readFile(join(dataFolder, 'postgres', 'postmaster.pid'), 'utf8'), 10);
}

it('keeps data and password over a restart', async () => {
  const first = await start();
  await keepNote(first.url);
  await first.stop();
  const second = await start();
  expect(await ask(second.url, readNote)).toEqual(['kept']);
  expect(new URL(second.url).password).toBe(new URL(first.url).password);
  expect((await stat(join(dataFolder, 'postgres.password'))).mode & 0o777).toBe(0o600);
});

it('is PostgreSQL 18 behind a password, on this machine only', async () => {
  const { url } = await start();
  expect(await ask(url, 'show server_version_num')).toEqual([expect.stringMatching(/^18/)]);
  expect(await ask(url, 'show listen_addresses')).toEqual(['127.0.0.1']);
  const wrong = new URL(url);
  wrong.password = 'guess';
  await expect(ask(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
});

it('recovers when only its parent was killed and the server lives on', async () => {
  const holder = await hold('postgres');
  await keepNote(holder.url);
  const orphan = await postmasterPid();
  await holder.kill();
  expect(await ask(holder.url, readNote)).toEqual(['kept']);
  const { url } = await start();
  expect(await postmasterPid()).not.toBe(orphan);
  expect(await ask(url, readNote)).toEqual(['kept']);
});

it('recovers when server and parent were killed together', async () => {
  const holder = await hold('postgres');
  await keepNote(holder.url);
  process.kill(await postmasterPid(), 'SIGKILL');
  await holder.kill();
  const { url } = await start();
  expect(await ask(url, readNote)).toEqual(['kept']);
});

it('recovers when the server was killed amid work and a worker of it lives on', async () => {
  const holder = await hold('postgres');
  await keepNote(holder.url);
  const worker = new Client({ connectionString: holder.url });
  const lost = new Promise((resolve) => worker.on('error', resolve));
  await worker.connect();
  const working = worker.query('select count(*) from generate_series(1, 1000000000)').catch(() => undefined);
  process.kill(await postmasterPid(), 'SIGKILL');
  await holder.kill();
  const { url } = await start();
  expect(await ask(url, readNote)).toEqual(['kept']);
  await Promise.all([working, worker.end(), lost]);
});

it('stops at once although clients are connected', async () => {
  const server = await start();
  const client = new Client({ connectionString: server.url });
  const lost = new Promise((resolve) => client.on('error', resolve));
  await client.connect();
  await client.query('begin');
  await server.stop();
  expect(await lost).toMatchObject({ code: '57P01' });
});

it('refuses a folder in use and leaves its server alone', async () => {
  const holder = await hold('postgres');
  await expect(start()).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: `Another Darkroom (process ${holder.pid}) is using the data folder ${dataFolder}.`,
  });
  expect(await ask(holder.url, 'select 1')).toEqual([1]);
  await holder.kill();
  await start();
});

it('is not misled by a pid file whose number belongs to another program now', async () => {
  const holder = await hold('postgres');
  await keepNote(holder.url);
  const pidFile = join(dataFolder, 'postgres', 'postmaster.pid');
  const content = await readFile(pidFile, 'utf8');
  await holder.kill();
  await (await start()).stop();
  const bystander = await hold('lock');
  await writeFile(pidFile, content.replace(/^\d+/, String(bystander.pid)));
  const { url } = await start();
  expect(await ask(url, readNote)).toEqual(['kept']);
  expect(() => process.kill(bystander.pid, 0)).not.toThrow();
  await bystander.kill();
});

it('sets a new password when its file is lost', async () => {
  const first = await start();
  await keepNote(first.url);
  await first.stop();
  await rm(join(dataFolder, 'postgres.password'));
  const second = await start();
  expect(new URL(second.url).password).not.toBe(new URL(first.url).password);
  expect(await ask(second.url, readNote)).toEqual(['kept']);
});

it('quotes PostgreSQL when it does not start', async () => {
  const bad = startEmbeddedPostgres({ dataFolder, logger, settings: { fsync: 'off', shared_buffers: 'much' } });
  await expect(bad).rejects.toThrow(
    /^PostgreSQL did not start \(exit code 1\)\. The end of \S+postgres\.log:\n.*invalid value for parameter "shared_buffers"/s,
  );
  await start();
});

it('may be stopped twice', async () => {
  const server = await start();
  await Promise.all([server.stop(), server.stop()]);
  await server.stop();
  await expect(ask(server.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it.runIf(process.getuid?.() === 0)('runs for root in a closed folder, and forgets with it', async () => {
  await chmod(dataFolder, 0o700);
  const inner = join(dataFolder, 'inner');
  await mkdir(inner);
  const first = await start(inner);
  const outside = (await readFile(join(inner, 'postgres.location'), 'utf8')).trim();
  try {
    await keepNote(first.url);
    await first.stop();
    const second = await start(inner);
    expect(await ask(second.url, readNote)).toEqual(['kept']);
    await second.stop();
    await rm(inner, { recursive: true });
    const third = await start(inner);
    const other = (await readFile(join(inner, 'postgres.location'), 'utf8')).trim();
    await expect(ask(third.url, readNote)).rejects.toThrow('does not exist');
    await third.stop();
    await rm(other, { recursive: true });
    await expect(start(inner)).rejects.toThrow(
      `The database of the data folder ${inner} was kept in ${other}, which is gone.`,
    );
  } finally {
    await rm(outside, { recursive: true });
  }
});
