import sharp from 'sharp';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { generationStatuses } from '../../src/domain/lifecycle.js';
import type { Api, Variables } from '../support/api.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, userErrorSchema, waitForEnd } from '../support/generations.js';
import { writePast } from '../support/history.js';

let darkroom: Darkroom;
let profileId = '';
/** Ten that asked for their seed, and ten that did not. */
const originals: string[] = [];
/** Until these were all there were; the replays of this test are history as well. */
let createdTo: unknown;

beforeAll(async () => {
  darkroom = await startDarkroom();
  profileId = await darkroom.profile();
  for (let n = 0; n < 20; n += 1) {
    const prompt = `${n < 10 ? 'seeded' : 'unseeded'} ${n}`;
    const input = { profileId, prompt, width: 256, height: 256, ...(n < 10 ? { seed: n } : {}) };
    originals.push(await generate(darkroom.api, 'generateFromPrompt', input));
  }
  for (const id of originals) await waitForEnd(darkroom.api, id);
  const [last] = await darkroom.sql("select max(created_at) + interval '1 ms' as at from generation");
  createdTo = last?.['at'];
});

afterAll(async () => await darkroom.stop());

const pairSchema = z.object({
  place: z.number(),
  distance: z.number().nullable(),
  refusal: z.object({ code: z.string(), message: z.string() }).nullable(),
  original: z.object({ id: z.string(), prompt: z.string() }),
  rerun: z.object({ id: z.string(), status: z.string(), rerunOf: z.object({ id: z.string() }) }).nullable(),
  sheet: z.object({ url: z.string(), complete: z.boolean(), width: z.number(), height: z.number() }),
});
const replaySchema = z.object({
  id: z.string(),
  status: z.string(),
  matches: z.number(),
  committedMicros: z.number(),
  summary: z.object({
    runnable: z.number(),
    started: z.number(),
    ended: z.number(),
    estimatedMicros: z.number(),
    unknownPrices: z.number(),
    affordable: z.number(),
    refused: z.array(z.object({ code: z.string(), message: z.string(), count: z.number() })),
    adjusted: z.array(z.object({ parameter: z.string(), count: z.number() })),
    meanDistance: z.number().nullable(),
    compared: z.number(),
  }),
  progress: z.object({
    counts: z.array(z.object({ status: z.enum(generationStatuses), count: z.number() })),
    total: z.number(),
    ended: z.number(),
    cost: z.object({ settledMicros: z.number().nullable() }),
  }),
  pairs: z.object({ nodes: z.array(pairSchema), pageInfo: z.object({ hasNextPage: z.boolean() }) }),
});
type Replay = z.infer<typeof replaySchema>;

const fields = `id status matches committedMicros
  summary { runnable started ended estimatedMicros unknownPrices affordable meanDistance compared
    refused { code message count } adjusted { parameter count } }
  progress { counts { status count } total ended cost { settledMicros } }
  pairs(first: 50) { pageInfo { hasNextPage } nodes { place distance refusal { code message }
    original { id prompt } rerun { id status rerunOf { id } } sheet { url complete width height } } }`;
const payloadSchema = z.object({
  payload: z.object({ replay: replaySchema.nullable(), userErrors: z.array(userErrorSchema) }),
});
type Payload = z.infer<typeof payloadSchema>['payload'];
const errors = 'userErrors { code message path minimum maximum given retryable }';

const wide = { provider: 'bfl', sample: 100, costLimitMicros: 100_000_000 };

async function plan(input: Variables, api: Api = darkroom.api): Promise<Payload> {
  const document = `mutation ($input: PlanReplayInput!) { payload: planReplay(input: $input) {
    replay { ${fields} } ${errors} } }`;
  return (await api.ask(payloadSchema, document, { input: { ...wide, ...input } })).payload;
}

async function planned(input: Variables, api?: Api): Promise<Replay> {
  const { replay, userErrors } = await plan(input, api);
  if (replay === null) throw new Error(`Refused: ${JSON.stringify(userErrors)}`);
  return replay;
}

async function start(id: string, asManyAsAllowed = false, api: Api = darkroom.api): Promise<Payload> {
  const document = `mutation ($id: ID!, $many: Boolean!) { payload: startReplay(id: $id, asManyAsAllowed: $many) {
    replay { ${fields} } ${errors} } }`;
  return (await api.ask(payloadSchema, document, { id, many: asManyAsAllowed })).payload;
}

async function read(id: string, api: Api = darkroom.api): Promise<Replay | null> {
  const document = `query ($id: ID!) { replay(id: $id) { ${fields} } }`;
  return (await api.ask(z.object({ replay: replaySchema.nullable() }), document, { id })).replay;
}

async function waitForStatus(id: string, status: string): Promise<Replay> {
  return await vi.waitFor(
    async () => {
      const replay = await read(id);
      if (replay?.status !== status) throw new Error(`Not ${status}: ${JSON.stringify(replay?.summary)}`);
      return replay;
    },
    { timeout: 30_000, interval: 200 },
  );
}

it('plans, starts once however often it is told to, tells how it goes on, and says how far pictures differ', async () => {
  const before = darkroom.submits('seeded').length;
  const replay = await planned({ idempotencyKey: 'once' });
  expect(replay).toMatchObject({
    status: 'PLANNED',
    matches: 20,
    committedMicros: 0,
    summary: { runnable: 20, started: 0, estimatedMicros: 1_200_000, affordable: 20, refused: [], adjusted: [] },
    progress: { total: 0 },
  });
  expect(replay.pairs.nodes.map(({ original }) => original.id)).toEqual(originals.toReversed());
  expect((await planned({ idempotencyKey: 'once' })).id).toBe(replay.id);
  expect(darkroom.submits('seeded')).toHaveLength(before);

  const shape = z.object({ replayChanged: replaySchema.pick({ status: true, summary: true, progress: true }) });
  const document = `subscription ($id: ID!) { replayChanged(id: $id) { ${fields} } }`;
  const stream = darkroom.api.subscribe(shape, document, { id: replay.id });
  await stream.until((received) => received.length > 0);
  const starts = await Promise.all([start(replay.id), start(replay.id), start(replay.id)]);
  expect(starts.flatMap(({ userErrors }) => userErrors)).toEqual([]);
  await stream.ended;
  const told = stream.received.map(({ replayChanged }) => replayChanged);
  expect(told[0]?.status).toBe('PLANNED');
  expect(told.at(-1)).toMatchObject({
    status: 'FINISHED',
    summary: { started: 20, ended: 20, compared: 20 },
    progress: { counts: [{ status: 'SUCCEEDED', count: 20 }], cost: { settledMicros: 1_200_000 } },
  });
  expect(told.some(({ summary }) => summary.started > 0 && summary.ended < 20)).toBe(true);

  const after = await read(replay.id);
  const pairs = after?.pairs.nodes ?? [];
  for (const { original, rerun } of pairs) expect(rerun?.rerunOf.id).toBe(original.id);
  const distances = (word: string): number[] =>
    pairs.filter(({ original }) => original.prompt.startsWith(word)).map(({ distance }) => distance ?? Number.NaN);
  // The sandbox draws the same picture for the same seed, and another one without.
  expect(Math.max(...distances('seeded'))).toBeLessThan(0.01);
  expect(Math.min(...distances('unseeded'))).toBeGreaterThan(0.05);
  expect(Math.max(...distances('unseeded'))).toBeLessThanOrEqual(1);
  expect(darkroom.submits('seeded')).toHaveLength(before + 20);
  // Started once more it stays as it is.
  expect((await start(replay.id)).replay?.status).toBe('FINISHED');

  const [pair] = pairs;
  const response = await fetch(pair?.sheet.url ?? '');
  expect(response.status).toBe(200);
  const picture = Buffer.from(await response.arrayBuffer());
  expect(await sharp(picture).metadata()).toMatchObject({ format: 'jpeg', width: pair?.sheet.width });
  expect(pair?.sheet.complete).toBe(true);
  expect((await fetch((pair?.sheet.url ?? '').replace(/[0-9a-f]{12}\?/, `${'0'.repeat(12)}?`))).status).toBe(404);
});

it('never starts more than the limit allows, and says what all of it would cost', async () => {
  const replay = await planned({ costLimitMicros: 300_000, filter: { createdTo } });
  expect(replay.summary).toMatchObject({ runnable: 20, estimatedMicros: 1_200_000, affordable: 5 });
  expect(await start(replay.id)).toMatchObject({
    replay: null,
    userErrors: [{ code: 'COST_LIMIT', path: ['id'], minimum: 1_200_000, given: '300000' }],
  });
  expect((await read(replay.id))?.status).toBe('PLANNED');
  expect((await start(replay.id, true)).userErrors).toEqual([]);
  const done = await waitForStatus(replay.id, 'FINISHED');
  expect(done).toMatchObject({ committedMicros: 300_000, summary: { started: 5, ended: 5 }, progress: { total: 5 } });
  expect(done.summary.refused).toEqual([{ code: 'COST_LIMIT', message: expect.stringContaining('300000'), count: 15 }]);
  const small = await planned({ costLimitMicros: 59_999, filter: { createdTo } });
  expect((await start(small.id, true)).userErrors).toMatchObject([{ code: 'COST_LIMIT', minimum: 1_200_000 }]);
});

it('chooses the same sample for the same seed, spread over what matches', async () => {
  const chosen = async (seed: number): Promise<number[]> => {
    const { pairs } = await planned({ sample: 5, seed, filter: { createdTo } });
    return pairs.nodes.map(({ original }) => originals.indexOf(original.id)).toSorted((a, b) => a - b);
  };
  const first = await chosen(1);
  expect(await chosen(1)).toEqual(first);
  expect(await chosen(2)).not.toEqual(first);
  expect(first.map((index) => Math.floor(index / 4))).toEqual([0, 1, 2, 3, 4]);
});

it('says what cannot be run and why, and what is left out', async () => {
  const other = await darkroom.addProject('others');
  const input = { profileId: other.profileId, prompt: 'theirs', width: 256, height: 256, steps: 20 };
  const id = await generate(other.api, 'generateFromPrompt', input);
  await waitForEnd(other.api, id);
  await writePast(darkroom, [{ projectId: other.projectId, profileId: 'f0000000-0000-7000-8000-000000000000' }]);
  const replay = await planned({ model: 'flux-pro-1.1-ultra-finetuned' }, other.api);
  expect(replay).toMatchObject({
    matches: 2,
    summary: {
      runnable: 1,
      refused: [{ code: 'NOT_FOUND', count: 1 }],
      adjusted: [
        { parameter: 'width', count: 1 },
        { parameter: 'height', count: 1 },
        { parameter: 'steps', count: 1 },
      ],
    },
  });
  const outside = await planned({ overrides: { steps: 500 } }, other.api);
  expect(outside.summary).toMatchObject({ runnable: 0, refused: [{ code: 'NOT_FOUND' }, { code: 'OUT_OF_RANGE' }] });
  expect((await start(outside.id, false, other.api)).userErrors).toMatchObject([{ code: 'CONFLICT', path: ['id'] }]);

  // What another project has is not found.
  expect(await read(replay.id)).toBeNull();
  expect((await start(replay.id)).userErrors).toMatchObject([{ code: 'NOT_FOUND', path: ['id'] }]);
  const stream = darkroom.api.subscribe(z.unknown(), 'subscription ($id: ID!) { replayChanged(id: $id) { id } }', {
    id: replay.id,
  });
  await expect(stream.ended).rejects.toThrow('NOT_FOUND');
});

it('refuses what no generation could do at once', async () => {
  expect((await plan({ provider: 'nobody' })).userErrors).toMatchObject([
    { code: 'NO_ROUTE', path: ['input', 'provider'], given: 'nobody' },
  ]);
  expect((await plan({ model: 'nothing' })).userErrors).toMatchObject([{ code: 'NO_ROUTE', path: ['input', 'model'] }]);
  expect((await plan({ sample: 1_001, seed: -1, costLimitMicros: -1 })).userErrors).toMatchObject([
    { code: 'OUT_OF_RANGE', path: ['input', 'sample'], maximum: 1_000, given: '1001' },
    { code: 'OUT_OF_RANGE', path: ['input', 'seed'] },
    { code: 'OUT_OF_RANGE', path: ['input', 'costLimitMicros'] },
  ]);
  expect((await plan({ filter: { createdTo: '2020-01-01T00:00:00Z' } })).userErrors).toMatchObject([
    { code: 'NOT_FOUND', path: ['input', 'filter'] },
  ]);
});

const cancelSchema = z.object({
  payload: z.object({
    replay: replaySchema.nullable(),
    canceled: z.number(),
    stillRunning: z.array(z.object({ id: z.string() })),
    userErrors: z.array(userErrorSchema),
  }),
});

it('cancels: nothing more is started, and what runs is said', async () => {
  const slow = await generate(darkroom.api, 'generateFromPrompt', {
    profileId,
    prompt: 'slow [sandbox: duration=300s]',
    width: 256,
    height: 256,
    tags: ['slow'],
  });
  await waitForEnd(darkroom.api, slow);
  // An id is made a moment before the database notes the time.
  const [{ at } = {}] = await darkroom.sql(
    "select created_at - interval '100 ms' as at from generation where prompt like $1",
    'slow%',
  );
  const replay = await planned({ filter: { createdFrom: at } });
  expect(replay.matches).toBe(1);
  await start(replay.id);
  await vi.waitFor(async () => expect((await read(replay.id))?.progress.counts[0]?.status).toBe('RUNNING'), {
    timeout: 10_000,
  });
  const document = `mutation ($id: ID!) { payload: cancelReplay(id: $id) {
    replay { ${fields} } canceled stillRunning { id } ${errors} } }`;
  const { payload } = await darkroom.api.ask(cancelSchema, document, { id: replay.id });
  expect(payload).toMatchObject({ canceled: 1, userErrors: [], replay: { status: 'CANCELED' } });
  expect(payload.stillRunning).toHaveLength(1);
  expect((await start(replay.id)).userErrors).toMatchObject([{ code: 'CONFLICT', path: ['id'] }]);
  expect(await darkroom.api.ask(cancelSchema, document, { id: replay.id })).toMatchObject({ payload: { canceled: 0 } });
  const settled = await vi.waitFor(
    async () => {
      const now = await read(replay.id);
      expect(now?.summary.ended).toBe(1);
      return now;
    },
    { timeout: 10_000 },
  );
  expect(settled?.pairs.nodes[0]).toMatchObject({ distance: null, rerun: { status: 'CANCELED' } });
});
