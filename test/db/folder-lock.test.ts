import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { prepareDataFolder } from '../../src/store/data-folder.js';
import { lockFolder } from '../../src/store/folder-lock.js';
import { holdFolder } from '../support/holder.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'darkroom-lock-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

it('refuses a folder that another process holds, and names that process', async () => {
  const holder = await holdFolder('lock', folder);
  await expect(lockFolder(folder)).rejects.toMatchObject({
    code: 'UNAVAILABLE',
    message: `Another Darkroom (process ${holder.pid}) is using the data folder ${folder}.`,
  });
  await holder.kill();
});

it('is free as soon as its holder is killed', async () => {
  const holder = await holdFolder('lock', folder);
  await holder.kill();
  const lock = await lockFolder(folder);
  expect(await readFile(join(folder, 'darkroom.pid'), 'utf8')).toBe(`${process.pid}\n`);
  await lock.release();
});

it('refuses a second holder in the same process until the first lets go', async () => {
  const first = await lockFolder(folder);
  await expect(lockFolder(folder)).rejects.toThrow(`Another Darkroom (process ${process.pid})`);
  await first.release();
  const second = await lockFolder(folder);
  await first.release();
  await expect(lockFolder(folder)).rejects.toThrow('Another Darkroom');
  await second.release();
});

it('goes to exactly one of many that ask at once', async () => {
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
  const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  expect(winners).toHaveLength(1);
  await winners[0]?.release();
});

it('says what the folder lacks: room', async () => {
  await expect(prepareDataFolder(folder, 1e18)).rejects.toMatchObject({
    code: 'STORAGE_UNAVAILABLE',
    message: expect.stringMatching(
      /^The data folder \S+ has \d+ MB free; Darkroom needs at least 1000000000000 MB to start\.$/,
    ),
  });
});

it('says what the folder lacks: being a folder', async () => {
  const file = join(folder, 'file');
  await writeFile(file, '');
  await expect(prepareDataFolder(file)).rejects.toThrow(
    `The data folder ${file} cannot be used: it, or a part of its path, is a file (EEXIST).`,
  );
});
