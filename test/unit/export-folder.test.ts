import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, readdir, rm, utimes } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createExportFolder, type ExportFolder } from '../../src/exports/folder.js';

let folder: string;
let files: ExportFolder;
const path = 'project=demo/month=2026-11/generations.csv';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'darkroom-exports-'));
  files = createExportFolder({ folder, reserveBytes: 0 });
});

afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

async function write(claim: string): Promise<void> {
  const file = await files.create(claim, path);
  await file.write(Buffer.from('a jar, '));
  await file.write(Buffer.from('and a cup'));
  const sha256 = createHash('sha256').update('a jar, and a cup').digest('hex');
  expect(await file.end()).toEqual({ bytes: 16, sha256 });
}

describe('the folder of exports', () => {
  it('gives what was written, whole or in part', async () => {
    const claim = randomUUID();
    await write(claim);
    const read = async (range?: { start: number; end: number }): Promise<string> => {
      const stream = await files.read(claim, path, range);
      return stream === null ? 'gone' : await text(stream);
    };
    expect(await read()).toBe('a jar, and a cup');
    expect(await read({ start: 2, end: 4 })).toBe('jar');
    await files.remove(claim);
    expect(await read()).toBe('gone');
  });

  it('never writes over a file, and forgets one that is dropped', async () => {
    const claim = randomUUID();
    const file = await files.create(claim, path);
    await expect(files.create(claim, path)).rejects.toThrow('EEXIST');
    await file.drop();
    await write(claim);
  });

  it.each(['../x.csv', 'a/b/c/d.csv', 'x.html', '/x.csv', '.csv', 'a/../x.csv'])(
    'refuses the path %s',
    async (wrong) => {
      await expect(files.create(randomUUID(), wrong)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
      await expect(files.read('..', 'x.csv')).rejects.toMatchObject({ code: 'BAD_REQUEST' });
    },
  );

  it('leaves free what it must', async () => {
    const full = createExportFolder({ folder, reserveBytes: 2 ** 60 });
    await expect(full.create(randomUUID(), path)).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  });

  it('sweeps up what nobody wants, unless it is new', async () => {
    const [wanted, old, fresh] = [randomUUID(), randomUUID(), randomUUID()];
    for (const claim of [wanted, old, fresh]) await write(claim);
    const longAgo = new Date(Date.now() - 3_600_000);
    for (const claim of [wanted, old]) await utimes(join(folder, claim), longAgo, longAgo);
    await files.sweep([wanted]);
    expect((await readdir(folder)).toSorted()).toEqual([wanted, fresh].toSorted());
  });
});
