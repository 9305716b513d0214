import { createHash, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, statfs, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createDiskStore } from '../../src/images/disk.js';
import { createFile, type CreateFile } from '../../src/images/durable-write.js';
import type { ImageKey } from '../../src/images/store.js';

const projectId = '01890a5d-ac96-774b-bcce-b302099a8057';
const bytes = Buffer.from('the bytes of a picture');
const key = keyOf(bytes);
let folder = '';

function keyOf(content: Buffer): ImageKey {
  return { projectId, sha256: createHash('sha256').update(content).digest('hex') };
}

function pathOf({ sha256 }: ImageKey): string {
  return join(folder, projectId, sha256.slice(0, 2), sha256);
}

async function filesIn(root: string): Promise<string[]> {
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'images-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('put and read', () => {
  it('keeps bytes under their hash, in a folder that need not exist', async () => {
    const store = createDiskStore({ folder: join(folder, 'deep', 'er') });
    expect(await store.read(key)).toBeNull();
    await store.put(key, bytes);
    expect(await store.read(key)).toEqual(bytes);
    expect(await filesIn(folder)).toEqual([join(folder, 'deep', 'er', projectId, key.sha256.slice(0, 2), key.sha256)]);
  });

  it('keeps projects apart', async () => {
    const store = createDiskStore({ folder });
    await store.put(key, bytes);
    expect(await store.read({ ...key, projectId: randomUUID() })).toBeNull();
  });

  it('writes once, even when several put at once', async () => {
    let created = 0;
    const create: CreateFile = (path) => {
      created += 1;
      return createFile(path);
    };
    const store = createDiskStore({ folder, create });
    await Promise.all(Array.from({ length: 8 }, () => store.put(key, bytes)));
    expect(await store.read(key)).toEqual(bytes);
    expect(await filesIn(folder)).toEqual([pathOf(key)]);
    const before = created;
    await store.put(key, bytes);
    expect(created).toBe(before);
  });

  it('refuses bytes that are not those of the key', async () => {
    const store = createDiskStore({ folder });
    await expect(store.put(key, Buffer.from('others'))).rejects.toMatchObject({ code: 'INTERNAL' });
    expect(await store.read(key)).toBeNull();
  });

  it.each([
    ['another byte', Buffer.from('the bytes of a pictura')],
    ['cut short', bytes.subarray(0, 5)],
    ['empty', Buffer.alloc(0)],
  ])('notices damage (%s) and mends it by another put', async (_name, damaged) => {
    const store = createDiskStore({ folder });
    await store.put(key, bytes);
    await writeFile(pathOf(key), damaged);
    await expect(store.read(key)).rejects.toMatchObject({ code: 'INTERNAL', message: /damaged/ });
    await store.put(key, bytes);
    expect(await store.read(key)).toEqual(bytes);
  });
});

describe('keys', () => {
  it.each([
    ['a way out', { projectId: '../../etc', sha256: key.sha256 }],
    ['no project', { projectId: '', sha256: key.sha256 }],
    ['capitals', { projectId: projectId.toUpperCase(), sha256: key.sha256 }],
    ['a line break', { projectId: `${projectId}\n`, sha256: key.sha256 }],
    ['a short hash', { projectId, sha256: 'ab' }],
    ['a way out in the hash', { projectId, sha256: `../${key.sha256.slice(3)}` }],
  ])('%s', async (_name, bad) => {
    const store = createDiskStore({ folder });
    const attempts = await Promise.allSettled([
      store.put(bad, bytes),
      store.read(bad),
      store.readDerived(bad, 'a'),
      store.putDerived(bad, 'a', bytes),
      store.delete(bad),
    ]);
    for (const attempt of attempts) expect(attempt).toMatchObject({ reason: { code: 'BAD_REQUEST' } });
    expect(await readdir(folder)).toEqual([]);
  });

  it.each(['', '.', '..', '../a', 'a/b', '.a', 'A', 'a\0', 'a'.repeat(65)])('the name %j', async (name) => {
    const store = createDiskStore({ folder });
    await expect(store.readDerived(key, name)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });
});

describe('derived files', () => {
  it('live beside the image and go with it', async () => {
    const store = createDiskStore({ folder });
    await store.put(key, bytes);
    expect(await store.readDerived(key, 'w256.webp')).toBeNull();
    await store.putDerived(key, 'w256.webp', Buffer.from('small'));
    await store.putDerived(key, 'w256.webp', Buffer.from('smaller'));
    expect(await store.readDerived(key, 'w256.webp')).toEqual(Buffer.from('smaller'));
    expect(await readFile(join(`${pathOf(key)}.d`, 'w256.webp'), 'utf8')).toBe('smaller');
    await store.delete(key);
    expect(await store.read(key)).toBeNull();
    expect(await filesIn(folder)).toEqual([]);
    await store.delete(key);
  });

  it('are not made of an image that is gone', async () => {
    const store = createDiskStore({ folder });
    await store.putDerived(key, 'w256.webp', bytes);
    expect(await filesIn(folder)).toEqual([]);
  });
});

describe('start', () => {
  it('removes what is older than a quarter of an hour, and nothing else', async () => {
    const store = createDiskStore({ folder });
    expect(await store.start()).toBe(0);
    await store.put(key, bytes);
    const incoming = join(folder, 'incoming');
    await mkdir(incoming, { recursive: true });
    const ages = { young: 800, old: 1000 };
    for (const [name, seconds] of Object.entries(ages)) {
      await writeFile(join(incoming, name), 'half');
      const then = Date.now() / 1000 - seconds;
      await utimes(join(incoming, name), then, then);
    }
    expect(await store.start()).toBe(1);
    expect(await readdir(incoming)).toEqual(['young']);
    expect(await store.read(key)).toEqual(bytes);
  });
});

function failing(code: string, at: 'create' | 'writeFile' | 'sync' | 'close'): CreateFile {
  const fail = () => Promise.reject(Object.assign(new Error(`${code}: from the test`), { code }));
  return async (path) => {
    if (at === 'create') return fail();
    const file = await createFile(path);
    return {
      writeFile: (content) => (at === 'writeFile' ? fail() : file.writeFile(content)),
      sync: () => (at === 'sync' ? fail() : file.sync()),
      async close() {
        await file.close();
        if (at === 'close') await fail();
      },
    };
  };
}

describe('a disk that fails', () => {
  it.each([
    ['ENOSPC', 'writeFile', /is full/],
    ['ENOSPC', 'sync', /is full/],
    ['EDQUOT', 'close', /is full/],
    ['EACCES', 'create', /does not let Darkroom in/],
    ['EROFS', 'create', /is read-only/],
    ['EIO', 'sync', /is out of order/],
  ] as const)('%s at %s', async (code, at, message) => {
    const store = createDiskStore({ folder, create: failing(code, at) });
    const expected = { code: 'STORAGE_UNAVAILABLE', message, cause: { code } };
    await expect(store.put(key, bytes)).rejects.toMatchObject(expected);
    await expect(store.check()).rejects.toMatchObject(expected);
    expect(await filesIn(folder)).toEqual([]);
    expect(await store.read(key)).toBeNull();
  });

  it('gives its last room to images, not to what is made from them', async () => {
    const store = createDiskStore({ folder, reserveBytes: Number.MAX_SAFE_INTEGER });
    await store.put(key, bytes);
    await store.check();
    expect(await store.read(key)).toEqual(bytes);
    const expected = { code: 'STORAGE_UNAVAILABLE', message: 'The image store is full.' };
    await expect(store.putDerived(key, 'w256.webp', bytes)).rejects.toMatchObject(expected);
    expect(await store.readDerived(key, 'w256.webp')).toBeNull();
  });

  it('tells how much is free', async () => {
    const free = await createDiskStore({ folder }).freeBytes();
    expect(free).toBeGreaterThan(0);
    const disk = await statfs(folder);
    expect(free).toBeLessThanOrEqual(disk.blocks * disk.bsize);
    const away = createDiskStore({ folder: join(folder, 'away') });
    await expect(away.freeBytes()).rejects.toMatchObject({ code: 'STORAGE_UNAVAILABLE' });
  });

  it('says so when the folder is a file', async () => {
    const file = join(folder, 'file');
    await writeFile(file, '');
    const store = createDiskStore({ folder: file });
    const attempts = await Promise.allSettled([store.start(), store.check(), store.put(key, bytes), store.read(key)]);
    for (const attempt of attempts) expect(attempt).toMatchObject({ reason: { code: 'STORAGE_UNAVAILABLE' } });
  });

  it('check leaves nothing behind', async () => {
    const store = createDiskStore({ folder });
    await store.check();
    expect(await filesIn(folder)).toEqual([]);
  });
});
