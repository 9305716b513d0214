import { once } from 'node:events';
import { readFile, rm, stat } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { createLogger } from '../../src/logger.js';
import { stopOrphan } from '../../src/store/orphan-postmaster.js';
import { createTestDatabase } from '../support/database.js';
import { makeFolder, startDarkroom } from '../support/darkroom.js';
import { generate, readGeneration, waitFor, waitForEnd } from '../support/generations.js';
import { startProcess, type DarkroomProcess } from '../support/process.js';

let dataFolder: string;
const running: DarkroomProcess[] = [];

beforeEach(async () => {
  dataFolder = await makeFolder();
});

afterEach(async () => {
  for (const each of running.splice(0)) await each.end('SIGKILL');
  await stopOrphan(join(dataFolder, 'postgres'), createLogger('silent'));
  await rm(dataFolder, { recursive: true, force: true });
});

function start(environment: Record<string, string> = {}, folder = dataFolder): DarkroomProcess {
  const started = startProcess(folder, environment);
  running.push(started);
  return started;
}

const profilesSchema = z.object({
  profiles: z.object({ nodes: z.array(z.object({ id: z.string(), slug: z.string() })) }),
});

it('starts from nothing, keeps its folder to itself, stops at a signal and finds everything again', async () => {
  const first = start({ SANDBOX_TIME_SCALE: '10' });
  const url = await first.ready();
  const keyFile = join(dataFolder, 'api-key');
  const key = (await readFile(keyFile, 'utf8')).trim();
  expect((await stat(keyFile)).mode & 0o777).toBe(0o600);
  expect(first.stdout()).toContain(key);
  expect(first.stdout()).toContain('npm run demo');
  expect(first.stdout()).toContain(`the sandbox at http://127.0.0.1:`);
  expect(first.stderr()).not.toContain(key);

  const second = start();
  expect(await second.ended).toBe(1);
  expect(second.stderr()).toBe(
    `Darkroom cannot start: Another Darkroom (process ${first.pid}) is using the data folder ${dataFolder}.\n`,
  );
  expect((await fetch(`${url}/readyz`)).status).toBe(200);

  const before = await first.api();
  const { profiles } = await before.ask(profilesSchema, '{ profiles { nodes { id slug } } }');
  expect(profiles.nodes.map((profile) => profile.slug)).toEqual(['ink-sketch', 'studio-bottle']);
  const input = { profileId: profiles.nodes[0]?.id, width: 256, height: 256 };
  const done = await generate(before, 'generateFromPrompt', { ...input, prompt: 'done before' });
  const end = await waitForEnd(before, done);
  const open = await generate(before, 'generateFromPrompt', { ...input, prompt: 'open [sandbox: duration=50s]' });
  await waitFor(before, open, ({ status }) => status === 'RUNNING');
  expect(await first.end('SIGTERM')).toBe(0);
  await expect(fetch(url)).rejects.toThrow('fetch failed');

  const third = start({ SANDBOX_TIME_SCALE: '10' });
  const after = await third.api();
  expect(third.stdout()).not.toContain(key);
  expect(third.stdout()).toContain(keyFile);
  const shown = await readGeneration(after, done);
  // Its port is another now, and with it the address of the image.
  const withoutUrls = ({ images, ...rest }: typeof end) => ({ ...rest, images: images.map((image) => image.id) });
  expect(withoutUrls(shown)).toEqual(withoutUrls(end));
  expect((await fetch(shown.images[0]?.url ?? '')).status).toBe(200);
  const finished = await waitForEnd(after, open);
  expect(finished.status).toBe('SUCCEEDED');
  expect(finished.attempts).toHaveLength(1);
  expect(await third.end('SIGINT')).toBe(0);
}, 90_000);

it('hands running work to another process when it is stopped', async () => {
  // It polls nothing, so that all of the work is the leaving one's until the next is there.
  const other = await startDarkroom({ environment: { ROLE: 'api' }, sandbox: { timeScale: 10, image: 'small' } });
  const shared = { DATABASE_URL: other.databaseUrl, SANDBOX_URL: other.sandboxUrl };
  const leaving = start(shared);
  try {
    const api = await leaving.api();
    const { profiles } = await api.ask(profilesSchema, '{ profiles { nodes { id slug } } }');
    const input = { profileId: profiles.nodes[0]?.id, width: 256, height: 256 };
    const ids = await Promise.all(
      Array.from(
        { length: 8 },
        async (_, n) =>
          await generate(api, 'generateFromPrompt', { ...input, prompt: `jar ${n} [sandbox: duration=120s]` }),
      ),
    );
    for (const id of ids) await waitFor(api, id, ({ status }) => status === 'RUNNING');
    const owned = 'select count(*)::int as n from attempt a join instance i on i.id = a.instance_id where i.pid = $1';
    expect(await other.sql(owned, leaving.pid)).toEqual([{ n: ids.length }]);
    const next = start({ ...shared, ROLE: 'poller' });
    await vi.waitFor(
      async () => expect(await other.sql('select from instance where pid = $1', next.pid)).toHaveLength(1),
      { timeout: 40_000 },
    );
    expect(await leaving.end('SIGTERM')).toBe(0);
    for (const id of ids) {
      const { status, attempts } = await waitForEnd(other.api, id);
      expect([status, attempts.length]).toEqual(['SUCCEEDED', 1]);
    }
    expect(other.submits()).toHaveLength(ids.length);
  } finally {
    // What failed above is told, rather than the connections that it left open.
    for (const each of running.splice(0)) await each.end('SIGKILL');
    await other.stop();
  }
}, 60_000);

it('says which port is in use, and starts with none of its parts', async () => {
  const database = await createTestDatabase();
  const squatter = createServer().listen(0, '127.0.0.1');
  try {
    await once(squatter, 'listening');
    const address = squatter.address();
    const port = typeof address === 'object' && address !== null ? String(address.port) : '';
    const environment = { DATABASE_URL: database.url };
    const api = start({ ...environment, PORT: port });
    expect(await api.ended).toBe(1);
    expect(lastLine(api)).toBe(`Darkroom cannot start: Port ${port} is in use; choose another with PORT.`);
    const sandbox = start({ ...environment, SANDBOX_PORT: port });
    expect(await sandbox.ended).toBe(1);
    expect(lastLine(sandbox)).toBe(
      `Darkroom cannot start: The sandbox's port ${port} is in use; choose another with SANDBOX_PORT.`,
    );
    expect(api.stdout() + sandbox.stdout()).toBe('');
  } finally {
    squatter.close();
    await database.drop();
  }
});

it('names everything that is wrong with the settings at once, and shows no secret', async () => {
  const wrong = start({
    PORT: '70000',
    ROLE: 'painter',
    LOOK_DELAY_MS: '1',
    DATABASE_URL: 'mysql://user:hunter2@host/db',
    PUBLIC_URL: 'here',
  });
  expect(await wrong.ended).toBe(1);
  for (const name of ['PORT', 'ROLE', 'LOOK_DELAY_MS', 'DATABASE_URL', 'PUBLIC_URL']) {
    expect(wrong.stderr()).toMatch(new RegExp(`^  - ${name}: .+`, 'm'));
  }
  expect(wrong.stderr()).not.toContain('hunter2');

  const contrary = start({
    ROLE: 'poller',
    BFL_BASE_URL: 'http://gateway.example',
    SUBMIT_TIMEOUT_SECONDS: '100',
    UNCONFIRMED_SECONDS: '50',
  });
  expect(await contrary.ended).toBe(1);
  for (const problem of ['BFL_ALLOW_HTTP=true', 'BFL_API_KEY_FILE', 'needs DATABASE_URL', 'UNCONFIRMED_SECONDS']) {
    expect(contrary.stderr()).toContain(problem);
  }
});

it('says so when the database cannot be reached', async () => {
  const nowhere = start({ DATABASE_URL: 'postgresql://user:hunter2@127.0.0.1:1/darkroom' });
  expect(await nowhere.ended).toBe(1);
  expect(nowhere.stderr()).toContain('ECONNREFUSED');
  expect(nowhere.stderr()).not.toContain('hunter2');
});

it('ends cleanly when the signal comes amid the start', async () => {
  const hasty = start({ SANDBOX_TIME_SCALE: '50' });
  await vi.waitFor(async () => await stat(join(dataFolder, 'postgres.lock')), { timeout: 20_000 });
  expect(await hasty.end('SIGTERM')).toBe(0);
  const again = start();
  await again.ready();
  expect(await again.end('SIGTERM')).toBe(0);
}, 60_000);

function lastLine(each: DarkroomProcess): string | undefined {
  return each.stderr().trimEnd().split('\n').at(-1);
}
