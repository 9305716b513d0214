import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { newId } from '../../src/domain/ids.js';
import { createDiskStore, type DiskStore } from '../../src/images/disk.js';
import { keepImage } from '../../src/service/images.js';
import { makeFolder } from '../support/darkroom.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';

let bench: LedgerBench;
let folder: string;
let disk: DiskStore;
const sql: LedgerBench['sql'] = async (text, ...values) => await bench.sql(text, ...values);

beforeEach(async () => {
  bench = await openLedger();
  folder = await makeFolder();
  disk = createDiskStore({ folder: join(folder, 'images') });
  await disk.start();
});

afterEach(async () => {
  await bench.stop();
  await rm(folder, { recursive: true, force: true });
});

async function keep(content: string): Promise<string> {
  const bytes = Buffer.from(content);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const image = { contentType: 'image/png', width: 1, height: 1, bytes: bytes.length, sha256, thumbhash: Buffer.of(1) };
  return (await keepImage({ bytes: disk, images: bench.store.images }, bench.projectId, image, bytes)).id;
}

const release = async (...ids: string[]): Promise<void> => await bench.store.images.release(ids);
const work = async (): Promise<number> =>
  await bench.store.keepingWork.removeReleased(async (key) => await disk.delete(key));

it('removes what nothing refers to, and leaves what was given a moment ago', async () => {
  const [old, young, used] = [await keep('old'), await keep('young'), await keep('used')];
  await sql("update image set created_at = now() - interval '1 minute' where id <> $1::uuid", young);
  const [id] = await bench.accept(1, { images: { controlImage: used } });
  await release(old, young, used);
  expect(await work()).toBe(2);
  expect(await sql('select id::text from image order by id')).toEqual([young, used].map((each) => ({ id: each })));
  expect(await sql('select image_id::text from image_removal')).toEqual([{ image_id: young }]);
  expect(await sql('select image_id::text from generation_image where generation_id = $1::uuid', id)).toHaveLength(1);
  // Given again in the meantime it stays a while longer, then it goes as well.
  await sql("update image set created_at = now() - interval '1 minute', kept_at = null");
  await keep('young');
  expect(await work()).toBe(0);
  await sql("update image set kept_at = now() - interval '1 minute'");
  expect(await work()).toBe(1);
  expect(await sql('select count(*)::int as n from image')).toEqual([{ n: 1 }]);
});

it('never leaves a row without its bytes, while the same bytes are kept and removed at once', async () => {
  const contents = Array.from({ length: 10 }, (_, n) => `picture ${n}`);
  let keeping = true;
  let removed = 0;
  const keepers = contents.map(async (content) => {
    for (let turn = 0; turn < 30; turn += 1) {
      const id = await keep(content);
      await sql("update image set created_at = now() - interval '1 minute', kept_at = null where id = $1::uuid", id);
      await release(id);
    }
  });
  const removing = (async () => {
    while (keeping) removed += await work();
  })();
  await Promise.all(keepers);
  keeping = false;
  await removing;
  expect(removed).toBeGreaterThan(10);
  const rows = await sql("select encode(sha256, 'hex') as sha256 from image");
  for (const row of rows) {
    expect(await disk.holds({ projectId: bench.projectId, sha256: String(row['sha256']) })).toBe(true);
  }
  // The other way round: all bytes that are left have a row.
  while ((await work()) > 0);
  const [weight] = await sql('select count(*)::int as images, coalesce(sum(bytes), 0)::int as bytes from image');
  expect(await bench.store.keepings.weight(bench.projectId)).toEqual(weight);
});

it('makes nothing of an image any more once it is deleted', async () => {
  const key = { projectId: newId(), sha256: createHash('sha256').update('x').digest('hex') };
  for (let turn = 0; turn < 50; turn += 1) {
    await disk.put(key, Buffer.from('x'));
    await Promise.all([disk.putDerived(key, 'w128.webp', Buffer.from('thumb')), disk.delete(key)]);
    expect(await disk.readDerived(key, 'w128.webp')).toBe(null);
  }
});
