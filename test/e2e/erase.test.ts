import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { noisy } from '../images/pictures.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { eventually } from '../support/eventually.js';
import { erase, erased, eraseErrors, readErasure, tryErase } from '../support/erasures.js';
import { generate, readGeneration, tryGenerate, waitForEnd } from '../support/generations.js';
import { filesBelow, tablesWith } from '../support/traces.js';

let darkroom: Darkroom;
const sql: Darkroom['sql'] = async (text, ...values) => await darkroom.sql(text, ...values);
let profileId = '';

beforeAll(async () => {
  darkroom = await startDarkroom();
  profileId = await darkroom.profile();
});

afterAll(async () => await darkroom.stop());

/** A word that is nowhere unless somebody wrote it, and is its own stem. */
const word = 'quxlop';
const subject = `person-${word}`;
/** For a machine that is busy with much else. */
const patience = { timeout: 20_000 };
const size = { width: 256, height: 256 };

async function upload(): Promise<string> {
  return await darkroom.api.upload(await noisy({ width: 300, height: 300 }).png().toBuffer());
}

async function hashOf(imageId: string): Promise<string> {
  const key = imageId.slice('img_'.length);
  const [row] = await darkroom.sql("select encode(sha256, 'hex') as hash from image where id = $1", key);
  return String(row?.['hash']);
}

const sweepSchema = z.object({
  generateSweep: z.object({
    sweep: z.object({ id: z.string(), cells: z.array(z.object({ generation: z.object({ id: z.string() }) })) }),
  }),
});
const rerunSchema = z.object({
  rerunGeneration: z.object({ generation: z.object({ id: z.string(), subject: z.string().nullable() }) }),
});

async function sweepOf(prompts: string[], details: Record<string, unknown>): Promise<{ id: string; cells: string[] }> {
  const input = { profileId, columns: { prompt: prompts }, parameters: size, maxCostMicros: 10_000_000, ...details };
  const document = `mutation ($input: GenerateSweepInput!) { generateSweep(input: $input) {
    sweep { id cells { generation { id } } } } }`;
  const { sweep } = (await darkroom.api.ask(sweepSchema, document, { input })).generateSweep;
  return { id: sweep.id, cells: sweep.cells.map(({ generation }) => generation.id) };
}

const exportSchema = z.object({ exportGenerations: z.object({ export: z.object({ id: z.string() }) }) });
const madeSchema = z.object({ node: z.object({ url: z.string() }) });

/** The address of an export of what has this word. */
async function keptExport(search: string): Promise<string> {
  const document = 'mutation ($input: ExportGenerationsInput!) { exportGenerations(input: $input) { export { id } } }';
  const asked = await darkroom.api.ask(exportSchema, document, { input: { format: 'NDJSON', search } });
  const { id } = asked.exportGenerations.export;
  const made = 'query ($id: ID!) { node(id: $id) { ... on Export { url } } }';
  return (await eventually(async () => await darkroom.api.ask(madeSchema, made, { id }))).node.url;
}

it('leaves nothing of a person anywhere in the database and the folder, and what others use', async () => {
  const { api } = darkroom;
  const [own, shared] = [await upload(), await upload()];
  const canny = { profileId, steps: 20, subject };
  const first = await generate(api, 'generateFromCanny', {
    ...canny,
    prompt: `a ${word} in the hand of its owner`,
    controlImage: { imageId: own },
    tags: [`tag-${word}`],
    idempotencyKey: 'once',
  });
  const second = await generate(api, 'generateFromCanny', {
    ...canny,
    prompt: `another ${word}`,
    controlImage: { imageId: shared },
  });
  const others = await generate(api, 'generateFromCanny', {
    profileId,
    prompt: 'of somebody else',
    controlImage: { imageId: shared },
    subject: 'somebody',
  });
  const refused = await generate(api, 'generateFromPrompt', {
    profileId,
    prompt: `${word} [sandbox: moderated]`,
    subject,
    ...size,
  });
  const failed = await generate(api, 'generateFromPrompt', {
    profileId,
    prompt: `${word} [sandbox: error]`,
    subject,
    ...size,
  });
  const { id: sweepId, cells } = await sweepOf([`one ${word}`, `two ${word}`], { subject, idempotencyKey: 'sweep' });
  for (const id of [first, second, others, refused, failed, ...cells]) await waitForEnd(api, id);
  const rerunDocument = `mutation ($id: ID!) { rerunGeneration(id: $id) { generation { id subject } } }`;
  const { generation: rerun } = (await api.ask(rerunSchema, rerunDocument, { id: first })).rerunGeneration;
  expect(rerun.subject).toBe(subject);
  await waitForEnd(api, rerun.id);
  const note = `mutation ($id: ID!, $note: String) { noteGeneration(id: $id, note: $note) { userErrors { code } } }`;
  await api.send(note, { id: first, note: `${word} looks well` });
  const planned = await api.send(
    `mutation ($input: PlanReplayInput!) { planReplay(input: $input) { replay { id } userErrors { message } } }`,
    { input: { filter: { subject }, provider: 'bfl', sample: 5, seed: 1, costLimitMicros: 1_000_000 } },
  );
  expect(planned).toMatchObject({ errors: [], data: { planReplay: { userErrors: [] } } });
  // Files made from images: thumbnails, and those that the sheet is drawn from.
  const before = await readGeneration(api, first);
  const thumbnail = await fetch(`${before.images[0]?.url}?width=128`);
  expect(thumbnail.status).toBe(200);
  const sheet = z.object({ sweep: z.object({ sheet: z.object({ url: z.string() }) }) });
  const found = await api.ask(sheet, 'query ($id: ID!) { sweep(id: $id) { sheet { url } } }', { id: sweepId });
  expect((await fetch(found.sweep.sheet.url)).status).toBe(200);
  const exportUrl = await keptExport(word);
  expect(await (await fetch(exportUrl)).text()).toContain(word);
  // Until now it is all over the place; the search must be able to find it.
  const tables = ['.export', 'generation_y', 'attempt_y', 'generation_tag_y', 'generation_text_y', '.sweep', '.replay'];
  await vi.waitFor(async () => {
    const places = await tablesWith(sql, word);
    expect(tables.filter((table) => !places.some((place) => place.includes(table)))).toEqual([]);
  }, patience);
  const hashes = new Set<string>([await hashOf(own)]);
  for (const id of [first, second, rerun.id, ...cells]) {
    for (const image of (await readGeneration(api, id)).images) hashes.add(await hashOf(image.id));
  }
  const sharedHash = await hashOf(shared);
  const othersHash = await hashOf((await readGeneration(api, others)).images[0]?.id ?? '');
  hashes.delete(othersHash);
  const folder = join(darkroom.dataFolder, 'images');
  const stored = await filesBelow(folder);
  expect([...hashes].every((hash) => stored.some(({ sha256 }) => sha256 === hash))).toBe(true);
  const usageBefore = await sql('select status::text, count(*)::int from generation group by 1 order by 1');

  const { plan } = await tryErase(api, { subject, dryRun: true });
  expect(plan).toMatchObject({ generations: 7, running: 0, images: hashes.size });
  const erasure = await erase(api, { subject });
  const done = await erased(api, erasure.id);

  expect(await tablesWith(sql, word)).toEqual([]);
  await expect
    .poll(async () => {
      const [row] = await sql(
        "select count(*)::int as n from pg_stat_user_tables where relname ~ '^generation_(text_)?y' and last_vacuum is not null",
      );
      return row?.['n'];
    }, patience)
    .toBe(2);
  const left = await filesBelow(folder);
  expect(
    left.filter(({ sha256, path }) => hashes.has(sha256) || [...hashes].some((hash) => path.includes(hash))),
  ).toEqual([]);
  expect((await fetch(exportUrl)).status).toBe(404);
  expect(await filesBelow(join(darkroom.dataFolder, 'exports'))).toEqual([]);
  // What was shared is as it was, and nothing else is left.
  const still = left.filter(({ path }) => !path.includes('.d/')).map(({ sha256 }) => sha256);
  expect(still.sort()).toEqual([sharedHash, othersHash].sort());
  expect((await readGeneration(api, others)).controlImage?.id).toBe(shared);
  expect((await fetch(before.images[0]?.url ?? '')).status).toBe(404);
  expect((await fetch(`${before.images[0]?.url}?width=128`)).status).toBe(404);

  // The skeleton is there to be counted.
  expect(await sql('select status::text, count(*)::int from generation group by 1 order by 1')).toEqual(usageBefore);
  const after = await readGeneration(api, first);
  expect(after).toMatchObject({ status: 'SUCCEEDED', prompt: '', promptSent: '', images: [], controlImage: null });
  expect(after.parameters).toEqual(before.parameters);
  expect(after.cost).toEqual(before.cost);
  expect(after.attempts.map(({ request }) => request)).toEqual([null]);
  expect(await readGeneration(api, failed)).toMatchObject({
    status: 'FAILED',
    // Words that any such failure is told with.
    error: { message: 'The provider reported that the task failed.' },
  });
  expect(await readGeneration(api, refused)).toMatchObject({ status: 'MODERATED' });

  expect(done).toMatchObject({
    waiting: 0,
    left: { generations: 0, images: 0 },
    receipt: { generations: 7, canceled: 0, prompts: 7, images: hashes.size, imagesShared: plan?.imagesShared },
  });
  expect(done.receipt.bytes).toBe(plan?.bytes);
  expect(done.receipt.files).toBeGreaterThan(hashes.size);
  expect(done.imageHashes).toEqual([...hashes].sort());
  const keys = [first, second, refused, failed, rerun.id, ...cells].map((id) => id.slice('gen_'.length)).sort();
  expect(done.generationKeys).toEqual(keys);
  expect(done.receipt.idsDigest).toBe(digestOf(keys));
  expect(done.receipt.imagesDigest).toBe(digestOf([...hashes].sort()));

  // Nothing brings it back by accident.
  const again = await tryGenerate(api, 'generateFromCanny', {
    ...canny,
    prompt: `a ${word} in the hand of its owner`,
    controlImage: { imageId: own },
    tags: [`tag-${word}`],
    idempotencyKey: 'once',
  });
  expect(again.userErrors).toMatchObject([{ code: 'CONFLICT', path: ['input', 'idempotencyKey'] }]);
  const errors = z.object({ payload: z.object({ userErrors: z.array(z.object({ code: z.string() })) }) });
  const rerunAgain = `mutation ($id: ID!) { payload: rerunGeneration(id: $id) { userErrors { code } } }`;
  expect(await api.ask(errors, rerunAgain, { id: first })).toMatchObject({
    payload: { userErrors: [{ code: 'CONFLICT' }] },
  });
  expect(await api.send(note, { id: first, note: word })).toMatchObject({
    data: { noteGeneration: { userErrors: [{ code: 'CONFLICT' }] } },
  });
  expect(await tablesWith(sql, word)).toEqual([]);
}, 120_000);

function digestOf(lines: readonly string[]): string {
  return createHash('sha256')
    .update(lines.map((line) => `${line}\n`).join(''))
    .digest('hex');
}

it('cancels what has not ended, and erases it once its provider is done with it', async () => {
  const { api } = darkroom;
  const running = await generate(api, 'generateFromPrompt', {
    profileId,
    prompt: `late ${word} [sandbox: duration=3000s]`,
    subject: 'late',
    ...size,
  });
  await expect.poll(async () => (await readGeneration(api, running)).status, patience).toBe('RUNNING');
  const { id } = await erase(api, { subject: 'late', idempotencyKey: 'erase late' });
  expect((await erase(api, { subject: 'late', idempotencyKey: 'erase late' })).id).toBe(id);
  await expect.poll(async () => (await readGeneration(api, running)).prompt, patience).toBe('');
  expect(await readGeneration(api, running)).toMatchObject({ status: 'CANCELED' });
  expect(await readErasure(api, id)).toMatchObject({ status: 'RUNNING' });
  const done = await erased(api, id);
  expect(done.receipt).toMatchObject({ generations: 1, canceled: 1, prompts: 1 });
  expect(await tablesWith(sql, word)).toEqual([]);
}, 120_000);

it('refuses what it cannot mean, and finds nothing of another project', async () => {
  const { api } = darkroom;
  const other = await darkroom.addProject('other-eraser');
  const id = await generate(api, 'generateFromPrompt', { profileId, prompt: 'kept', subject: 'kept', ...size });
  await waitForEnd(api, id);
  expect(await eraseErrors(api, {})).toMatchObject([{ code: 'INVALID', path: ['input'] }]);
  expect(await eraseErrors(api, { subject: 'kept', ids: [id] })).toMatchObject([{ code: 'INVALID' }]);
  expect(await eraseErrors(api, { filter: {} })).toMatchObject([{ code: 'REQUIRED', path: ['input', 'filter'] }]);
  expect(await eraseErrors(api, { subject: 'x'.repeat(201) })).toMatchObject([{ code: 'OUT_OF_RANGE', maximum: 200 }]);
  expect(await eraseErrors(api, { ids: ['nonsense'] })).toMatchObject([
    { code: 'INVALID', path: ['input', 'ids', '0'] },
  ]);
  expect(await eraseErrors(api, { ids: [] })).toMatchObject([{ code: 'OUT_OF_RANGE', minimum: 1, maximum: 100 }]);
  expect((await tryErase(other.api, { ids: [id], dryRun: true })).plan).toMatchObject({ generations: 0 });
  const { id: erasureId } = await erase(other.api, { ids: [id] });
  expect(await erased(other.api, erasureId)).toMatchObject({ receipt: { generations: 0, images: 0 } });
  expect(await readGeneration(api, id)).toMatchObject({ prompt: 'kept', status: 'SUCCEEDED' });
  expect((await readGeneration(api, id)).images).toHaveLength(1);
  const seen = z.object({ node: z.null() });
  expect(await api.ask(seen, 'query ($id: ID!) { node(id: $id) { id } }', { id: erasureId })).toEqual({ node: null });
});
