import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { newId } from '../../src/domain/ids.js';
import { ensureProject } from '../../src/store/keys.js';
import { ensurePartitions } from '../../src/store/partitions.js';
import { openStore } from '../../src/store/store.js';
import { still } from '../sandbox/images.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { tryGenerate } from '../support/generations.js';
import { newGeneration } from '../support/new-generation.js';

let darkroom: Darkroom;
const waiting = newId();
const imageSchema = z.object({ id: z.string(), token: z.string(), place: z.string() });

beforeAll(async () => {
  darkroom = await startDarkroom({
    // More than this disk has.
    environment: { DISK_RESERVE_MB: '1000000' },
    expectedErrors: [/nearly full/],
    async prepare({ databaseUrl }) {
      const store = openStore(databaseUrl, () => undefined);
      await ensurePartitions(store.database, new Date());
      const project = await ensureProject(store.database, { id: newId(), slug: 'before', name: 'Before' });
      await store.ledger.accept(newGeneration({ id: waiting, projectId: project.id }));
      await store.close();
    },
  });
});

afterAll(async () => {
  await darkroom.stop();
});

it('takes nothing new, and says what to do', async () => {
  const body = Uint8Array.from(await still(400, 300));
  const response = await darkroom.api.fetch('/images', { method: 'POST', body });
  expect(response.status).toBe(507);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(await response.json()).toMatchObject({
    status: 507,
    code: 'STORAGE_UNAVAILABLE',
    detail: expect.stringContaining('Try again later'),
  });
  const input = { profileId: await darkroom.profile('ink-sketch'), prompt: 'a jar' };
  const { id, userErrors } = await tryGenerate(darkroom.api, 'generateFromPrompt', input);
  expect(id).toBeNull();
  expect(userErrors).toEqual([
    expect.objectContaining({ code: 'STORAGE_UNAVAILABLE', path: ['input'], retryable: true }),
  ]);
  expect(await darkroom.sql("select 1 from image join project p on p.id = project_id where p.slug = 'demo'")).toEqual(
    [],
  );
});

it('finishes what was accepted before, and shows it', async () => {
  const read = async (): Promise<unknown> =>
    (await darkroom.sql('select status from generation where id = $1', waiting))[0]?.['status'];
  await vi.waitFor(async () => expect(await read()).toBe('SUCCEEDED'), { timeout: 20_000, interval: 50 });
  const rows = await darkroom.sql(
    "select id, token, project_id || '/' || left(encode(sha256, 'hex'), 2) || '/' || encode(sha256, 'hex') as place from image",
  );
  const [{ id, token, place }] = z.tuple([imageSchema]).parse(rows);
  const path = `${darkroom.dataFolder}/images/${place}`;
  const shown = await fetch(`${darkroom.url}/images/${id}/${token}`);
  expect(Buffer.from(await shown.arrayBuffer())).toEqual(await readFile(path));
  // A thumbnail is made for whoever asks, and not kept.
  expect((await fetch(`${darkroom.url}/images/${id}/${token}?width=64`)).status).toBe(200);
  expect(existsSync(`${path}.d`)).toBe(false);
});

it('is ready all the same, since all but new generations works, and says that it runs low', async () => {
  const response = await fetch(`${darkroom.url}/readyz`);
  expect([response.status, await response.json()]).toEqual([
    200,
    { status: 'low', checks: { database: 'ok', imageStore: 'low', partitions: 'ok' } },
  ]);
});

it('told the log once', () => {
  expect(darkroom.log.filter((line) => /nearly full/.test(String(line['msg'])))).toHaveLength(1);
});
