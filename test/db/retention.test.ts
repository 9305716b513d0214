import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RemoveBytes } from '../../src/domain/erasure.js';
import { keptSince, type KeepingDefaults } from '../../src/domain/keeping.js';
import { createLogger } from '../../src/logger.js';
import { createKeeper, type Keeper } from '../../src/service/keeper.js';
import { ensurePartitions } from '../../src/store/partitions.js';
import { inTurn } from '../../src/store/retention.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';
import { hashOfName, removals, writeGeneration, writeImage } from '../support/past.js';
import { settleUsage } from '../support/usage.js';

let bench: LedgerBench;
const sql: LedgerBench['sql'] = async (text, ...values) => await bench.sql(text, ...values);
/** Of another project, whose history is kept for ever. */
let other: string;

const now = new Date();
const days = (back: number): Date => new Date(now.getTime() - back * 86_400_000);
const before = (back: number): Date => keptSince(now, back);

beforeEach(async () => {
  bench = await openLedger();
  other = await bench.addProject('other');
  await ensurePartitions(bench.store.database, days(100), now);
});

afterEach(async () => await bench.stop());

async function counts(projectId: string): Promise<Record<string, unknown>> {
  const tables = ['generation', 'attempt', 'generation_event', 'generation_tag', 'generation_text', 'generation_image'];
  const parts = tables.map((table) => `(select count(*)::int from ${table} where project_id = $1::uuid) as ${table}`);
  const [row] = await bench.sql(`select ${parts.join(', ')}`, projectId);
  return row ?? {};
}

async function usage(): Promise<unknown> {
  return await bench.sql(
    'select project_id::text, sum(generations)::int as n, sum(images)::int as images from usage_day where level = 3 group by 1 order by 1',
  );
}

const none = {
  generation: 0,
  attempt: 0,
  generation_event: 0,
  generation_tag: 0,
  generation_text: 0,
  generation_image: 0,
};

/** One that keeps everything for ever, but where a project says otherwise. */
function startKeeper(remove: RemoveBytes): Keeper {
  const defaults: KeepingDefaults = { generationDays: 0, eventDays: 0, imageDays: 0, imageQuotaBytes: 0 };
  const { keepings, keepingWork: work } = bench.store;
  const keeper = createKeeper({ keepings, work, defaults, remove, logger: createLogger('silent') });
  keeper.start();
  return keeper;
}

it('deletes what one project keeps no longer, in batches, with its images and not its figures', async () => {
  const { store, projectId } = bench;
  for (let n = 0; n < 10; n += 1) await writeGeneration(sql, { projectId, at: days(60), result: `old ${n}` });
  await writeGeneration(sql, { projectId, at: days(60), control: 'used again' });
  await writeGeneration(sql, { projectId, at: days(2), control: 'used again' });
  await writeGeneration(sql, { projectId: other, at: days(60), result: 'of others' });
  await settleUsage(store);
  const counted = await usage();
  // 1,200 more, so that there are two batches.
  await sql(
    `insert into generation (id, project_id, status, control, provider, model, account, prompt, prompt_sent, parameters, tags,
       deadline, finished_at)
     select (lpad(to_hex((extract(epoch from $1::timestamptz) * 1000)::bigint), 12, '0') || '7' || substr(md5(n::text), 1, 3)
              || '8' || substr(md5(n::text), 4, 15))::uuid,
            $2::uuid, 'SUCCEEDED', 'NONE', 'bfl', 'm', 'a', 'a', 'a', '{}', '{}', now(), now()
     from generate_series(1, 1200) n`,
    days(60),
    projectId,
  );
  expect(await store.keepingWork.deleteGenerations(projectId, before(30))).toBe(null);
  await settleUsage(store);
  const batches: (number | null)[] = [];
  do batches.push(await store.keepingWork.deleteGenerations(projectId, before(30)));
  while (batches.at(-1) !== 0);
  expect(batches).toEqual([1_000, 211, 0]);

  expect(await counts(projectId)).toMatchObject({
    generation: 1,
    attempt: 1,
    generation_event: 3,
    generation_image: 1,
  });
  expect(await counts(other)).toMatchObject({ generation: 1, generation_image: 1 });
  const { remove, removed } = removals();
  while ((await store.keepingWork.removeReleased(remove)) > 0);
  expect(removed.sort()).toEqual(Array.from({ length: 10 }, (_, n) => hashOfName(`old ${n}`)).sort());
  await settleUsage(store);
  const [mine, theirs] = [
    { project_id: projectId, n: 1_212, images: 10 },
    { project_id: other, n: 1, images: 1 },
  ];
  expect(await usage()).toEqual([mine, theirs].sort((a, b) => (a.project_id < b.project_id ? -1 : 1)));
  expect(counted).not.toEqual(await usage());
});

it('leaves what has not ended, and counts it to its end', async () => {
  const { store, projectId } = bench;
  const live = await writeGeneration(sql, { projectId, at: days(40), status: 'RUNNING' });
  await writeGeneration(sql, { projectId, at: days(50) });
  await writeGeneration(sql, { projectId, at: days(35) });
  await settleUsage(store);
  expect(await store.keepingWork.deleteGenerations(projectId, before(30))).toBe(1);
  expect(await store.keepingWork.deleteGenerations(projectId, before(30))).toBe(0);
  await sql("update generation set status = 'CANCELED', finished_at = now() where id = $1::uuid", live);
  await settleUsage(store);
  expect(
    await sql('select status, sum(generations)::int as n from usage_day where level = 0 group by 1 order by 1'),
  ).toEqual([
    { status: 'CANCELED', n: 1 },
    { status: 'SUCCEEDED', n: 2 },
  ]);
  expect(await store.keepingWork.deleteGenerations(projectId, before(30))).toBe(2);
});

it('deletes events alone, and goes on where it was', async () => {
  const { store, projectId } = bench;
  await writeGeneration(sql, { projectId, at: days(20) });
  await writeGeneration(sql, { projectId, at: days(5) });
  expect(await store.keepingWork.deleteEvents(projectId, before(10))).toBe(1);
  expect(await store.keepingWork.deleteEvents(projectId, before(10))).toBe(0);
  expect(await counts(projectId)).toMatchObject({ generation: 2, generation_event: 3, attempt: 2 });
});

it('takes images away that were not used for long; a place where one was stays', async () => {
  const { store, projectId } = bench;
  await writeGeneration(sql, { projectId, at: days(40), control: 'in use', result: 'old' });
  await writeGeneration(sql, { projectId, at: days(1), control: 'in use', result: 'young' });
  await writeImage(sql, { projectId, name: 'never used', at: days(31) });
  await writeImage(sql, { projectId, name: 'given again', at: days(31) });
  await sql(
    "update image set kept_at = now() - interval '1 day' where sha256 = decode($1, 'hex')",
    hashOfName('given again'),
  );
  const { remove, removed } = removals();
  const step = await store.keepingWork.removeUnused(projectId, before(30), null, remove);
  expect(step).toEqual({ next: null, images: 2, bytes: 2_000 });
  expect(removed.sort()).toEqual([hashOfName('old'), hashOfName('never used')].sort());
  expect(await counts(projectId)).toMatchObject({ generation: 2, generation_image: 4 });
  expect(await store.keepings.weight(projectId)).toEqual({ images: 3, bytes: 3_000 });
});

it('makes room for new images with the oldest that nobody marked, until the quota has some again', async () => {
  const { store, projectId } = bench;
  await writeGeneration(sql, { projectId, at: days(40), result: 'favourite', favourite: true });
  for (let n = 0; n < 10; n += 1) await writeGeneration(sql, { projectId, at: days(39 - n), result: `picture ${n}` });
  await writeGeneration(sql, { projectId, at: days(0.5), result: 'of today' });
  const { remove, removed } = removals();
  await store.keepings.set(projectId, { imageQuotaBytes: 9_000, imageQuotaFull: 'REMOVE_OLDEST' });
  const keeper = startKeeper(remove);
  await expect
    .poll(async () => await store.keepings.weight(projectId), { timeout: 20_000 })
    .toEqual({ images: 8, bytes: 8_000 });
  await keeper.stop();
  // Down to 95 % of the quota, by whole images: 12,000 - 4,000.
  expect(removed).toEqual([0, 1, 2, 3].map((n) => hashOfName(`picture ${n}`)));
  expect(await sql('select count(*)::int as rows from image_weight')).toEqual([{ rows: 1 }]);
});

it('keeps each project for its own time, and the longest by whole months', async () => {
  const { store, projectId } = bench;
  await sql(
    'insert into keeping (project_id, generation_days) values ($1::uuid, 10), ($2::uuid, 60)',
    projectId,
    other,
  );
  for (const project of [projectId, other]) {
    await writeGeneration(sql, { projectId: project, at: days(95), result: `${project} older` });
    await writeGeneration(sql, { projectId: project, at: days(12), result: `${project} old` });
    await writeGeneration(sql, { projectId: project, at: days(8), result: `${project} young` });
  }
  await settleUsage(store);
  const { remove, removed } = removals();
  const keeper = startKeeper(remove);
  await expect.poll(async () => await counts(projectId), { timeout: 20_000 }).toMatchObject({ generation: 1 });
  await expect.poll(() => removed.length, { timeout: 20_000 }).toBe(3);
  await keeper.stop();
  expect(await counts(other)).toMatchObject({ generation: 2, generation_image: 2 });
});

it('does nothing while another process is at it, and holds up nobody who writes', async () => {
  const { store, projectId } = bench;
  const id = await writeGeneration(sql, { projectId, at: days(40) });
  await settleUsage(store);
  const database = bench.connect();
  await inTurn(database, async () => {
    expect(await store.keepingWork.deleteGenerations(projectId, before(30))).toBe(null);
  });
  // Somebody holds a row: it gives up, and tries again later.
  await database.transaction(async (tx) => {
    await tx.$queryRaw`select id::text from generation where id = ${id}::uuid for update`;
    await expect(store.keepingWork.deleteGenerations(projectId, before(30))).rejects.toThrow(/lock timeout/);
    await bench.accept(3);
  });
  expect(await store.keepingWork.deleteGenerations(projectId, before(30))).toBe(1);
  expect(await counts(projectId)).toMatchObject({ ...none, generation: 3, generation_event: 3 });
});
