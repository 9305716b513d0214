// Saving pictures from the real sandbox by the real poller, while the image store fails.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { newId } from '../../src/domain/ids.js';
import { savingGraceMs } from '../../src/domain/lifecycle.js';
import { createDiskStore, type DiskStore } from '../../src/images/disk.js';
import type { PollerParts } from '../../src/poller/parts.js';
import { createPoller, type Poller } from '../../src/poller/poller.js';
import { createBflProvider } from '../../src/providers/bfl/bfl.js';
import type { Provider } from '../../src/providers/provider.js';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';
import type { Row } from '../support/darkroom.js';
import { makeFolder } from '../support/darkroom.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';
import { pollerParts } from '../support/poller-parts.js';
import { eventually } from '../support/eventually.js';

const timeScale = 200;
const lifetimeMs = 60_000;
let bench: LedgerBench;
let sandbox: Sandbox;
/** The sandbox's clock goes so much ahead. */
let aheadMs = 0;
let folder: string;
let disk: DiskStore;
let provider: Provider;
let parts: PollerParts;
const pollers: Poller[] = [];
/** The image store, with faults. */
const store = { down: false, refused: 0, kept: new Array<string>() };

beforeEach(async () => {
  bench = await openLedger();
  aheadMs = 0;
  sandbox = createSandbox({
    timeScale,
    resultLifetimeMs: lifetimeMs * timeScale,
    now: () => Date.now() + aheadMs,
  });
  const { url } = await sandbox.start();
  folder = await makeFolder();
  disk = createDiskStore({ folder: join(folder, 'images') });
  provider = createBflProvider({ lifetimeScale: 600_000 / lifetimeMs });
  Object.assign(store, { down: false, refused: 0, kept: [] });
  const bytes: PollerParts['bytes'] = {
    read: async (key) => await disk.read(key),
    holds: async (key) => await disk.holds(key),
    async put(key, given) {
      if (store.down) {
        store.refused += 1;
        throw new Error('The store is down.');
      }
      await disk.put(key, given);
      store.kept.push(key.sha256);
    },
  };
  parts = pollerParts({ bench, sandboxUrl: url, provider, bytes });
});

afterEach(async () => {
  store.down = false;
  for (const poller of pollers.splice(0)) await poller.stop();
  await provider.close();
  await sandbox.stop();
  await bench.checkHistory();
  await bench.stop();
  await rm(folder, { recursive: true, force: true });
});

async function start(changed: Partial<PollerParts> = {}): Promise<Poller> {
  const poller = createPoller({ ...parts, ...changed });
  pollers.push(poller);
  await poller.start({ alone: true });
  return poller;
}

/** Accepts one generation per prompt; each is drawn otherwise. */
async function accept(...prompts: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const promptSent of prompts) ids.push(...(await bench.accept(1, { promptSent })));
  return ids;
}

async function rows(): Promise<Row[]> {
  return await bench.sql(`
    select g.id::text, g.status::text, g.error_code, g.cost_settled_micros::int as cost, encode(i.sha256, 'hex') as sha256,
           a.provider_finished_at as finished, a.finished_at >= g.finished_at as moved
    from generation g
    join attempt a on a.generation_id = g.id
    left join generation_image gi on gi.generation_id = g.id left join image i on i.id = gi.image_id
    order by a.provider_finished_at`);
}

async function until(status: string, count: number): Promise<void> {
  await vi.waitFor(async () => expect((await rows()).filter((row) => row['status'] === status)).toHaveLength(count), {
    timeout: 20_000,
    interval: 50,
  });
}

function downloads(): number {
  return sandbox.log().filter((entry) => entry.path.startsWith('/delivery/')).length;
}

it('keeps what it could not store, takes it up after a restart, and stores the most urgent first', async () => {
  store.down = true;
  // The last to be accepted is the first to be finished.
  await accept(...Array.from({ length: 8 }, (_, n) => `jar ${n} [sandbox: duration=${(8 - n) * 20}s]`));
  const first = await start({ settings: { ...parts.settings, drainMs: 200 } });
  await until('SAVING', 8);
  await eventually(() => expect(downloads()).toBe(8));
  await eventually(() => expect(first.heldBytes()).toBeGreaterThan(0));
  await first.stop();
  expect(first.heldBytes()).toBe(0);

  const refused = store.refused;
  const second = await start({ settings: { ...parts.settings, saving: { stores: 1 } } });
  await vi.waitFor(() => expect(store.refused).toBeGreaterThan(refused + 1), { timeout: 10_000 });
  await eventually(() => expect(downloads()).toBe(16));
  await eventually(() => expect(second.heldBytes()).toBeGreaterThan(0));
  store.down = false;
  await until('SUCCEEDED', 8);
  const byExpiry = (await rows()).map((row) => row['sha256']);
  expect(new Set(byExpiry).size).toBe(8);
  // The first is whichever the store was tried with.
  const [probe, ...rest] = store.kept;
  expect(rest).toEqual(byExpiry.filter((hash) => hash !== probe));
  expect(downloads()).toBe(16);
  expect(second.heldBytes()).toBe(0);
});

it('holds no more than it may, downloads the rest later, and lets nothing expire', async () => {
  store.down = true;
  await accept(...Array.from({ length: 12 }, (_, n) => `jar ${n}`));
  const heldBytes = 60_000;
  const poller = await start({ settings: { ...parts.settings, saving: { heldBytes } } });
  let most = 0;
  const watch = setInterval(() => (most = Math.max(most, poller.heldBytes())), 1);
  try {
    await until('SAVING', 12);
    await vi.waitFor(() => expect(store.refused).toBeGreaterThan(2), { timeout: 10_000 });
    expect(store.kept).toEqual([]);
    store.down = false;
    await until('SUCCEEDED', 12);
  } finally {
    clearInterval(watch);
  }
  const [{ total } = { total: 0 }] = await bench.sql('select sum(bytes)::int as total from image');
  expect(total).toBeGreaterThan(heldBytes);
  expect(most).toBeGreaterThan(0);
  expect(most).toBeLessThanOrEqual(heldBytes);
});

it('says EXPIRED, with its cost, of what it could neither store nor hold', async () => {
  store.down = true;
  await accept('jar 1', 'jar 2', 'jar 3');
  // One picture is more than that, and is held alone.
  await start({ settings: { ...parts.settings, saving: { heldBytes: 100 } } });
  await until('SAVING', 3);
  await vi.waitFor(() => expect(store.refused).toBeGreaterThan(1), { timeout: 10_000 });
  aheadMs = lifetimeMs + 1_000;
  store.down = false;
  await until('EXPIRED', 2);
  await until('SUCCEEDED', 1);
  for (const row of await rows()) {
    expect(row['cost']).toBeGreaterThan(0);
    expect(row['error_code']).toBe(row['status'] === 'EXPIRED' ? 'RESULT_EXPIRED' : null);
    expect(row['moved']).toBe(false);
  }
});

it('waits while a file lies where the images folder should be', async () => {
  const path = join(folder, 'images');
  await mkdir(path);
  const poller = await start();
  await accept('jar 1');
  await until('SUCCEEDED', 1);
  await rm(path, { recursive: true });
  await writeFile(path, 'in the way');
  await accept('jar 2', 'jar 3');
  await until('SAVING', 2);
  await eventually(() => expect(poller.heldBytes()).toBeGreaterThan(0));
  await rm(path);
  await until('SUCCEEDED', 3);
  for (const row of (await rows()).slice(1)) {
    expect(await disk.read({ projectId: bench.projectId, sha256: String(row['sha256']) })).not.toBeNull();
  }
});

it('ends no saving that a living instance looks after, however late', async () => {
  store.down = true;
  const [id = ''] = await accept('jar');
  // Neither sweeps nor takes over by itself, so that the test can look.
  await start({ worklist: { ...bench.store.worklist, overdue: async () => [], takeOver: async () => [] } });
  await until('SAVING', 1);
  const late = `interval '${savingGraceMs + 60_000} milliseconds'`;
  await bench.sql(`update generation set deadline = now() - ${late} where id = $1::uuid`, id);
  const overdue = async (): Promise<string[]> =>
    (await bench.store.worklist.overdue(10)).map(({ generationId }) => generationId);
  expect(await overdue()).toEqual([]);
  const [owner] = await bench.sql('select instance_id::text as id from attempt where generation_id = $1::uuid', id);
  const own = async (instance: unknown): Promise<void> =>
    void (await bench.sql('update attempt set instance_id = $2::uuid where generation_id = $1::uuid', id, instance));
  await own(newId());
  expect(await overdue()).toEqual([id]);
  await bench.sql(`update generation set deadline = deadline + interval '2 minutes' where id = $1::uuid`, id);
  expect(await overdue()).toEqual([]);
  await own(owner?.['id']);
  store.down = false;
  await until('SUCCEEDED', 1);
});

it('lets nobody but the owner say that a picture is lost', async () => {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  const [account] = parts.accounts;
  if (account === undefined) throw new Error('No account.');
  const gone: Provider = {
    ...provider,
    async download() {
      asked.resolve();
      await answer.promise;
      aheadMs = 1e9;
      return { kind: 'gone', message: 'HTTP 403' };
    },
  };
  await start({ accounts: [{ ...account, provider: gone }] });
  const [id = ''] = await accept('jar');
  await asked.promise;
  const other = newId();
  await bench.store.worklist.register({ id: other, host: 'there', pid: 2 });
  await bench.sql('update attempt set instance_id = $2::uuid where generation_id = $1::uuid', id, other);
  answer.resolve();
  await eventually(() => expect(sandbox.log().at(-1)?.path).toContain('get_result'));
  await pollers[0]?.stop();
  expect((await rows())[0]).toMatchObject({ status: 'SAVING', error_code: null });
});

it('finishes at a stop what is being stored', async () => {
  const reached = Promise.withResolvers<void>();
  const going = Promise.withResolvers<void>();
  await accept('jar');
  const poller = await start({
    bytes: {
      ...parts.bytes,
      async put(key, bytes) {
        reached.resolve();
        await going.promise;
        await disk.put(key, bytes);
      },
    },
  });
  await reached.promise;
  const stopped = poller.stop();
  going.resolve();
  await stopped;
  expect((await rows())[0]).toMatchObject({ status: 'SUCCEEDED' });
});
