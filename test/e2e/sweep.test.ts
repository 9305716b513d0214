import sharp from 'sharp';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { flat } from '../images/pictures.js';
import type { Api, Variables } from '../support/api.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { userErrorSchema, waitFor } from '../support/generations.js';
import { generationStatuses } from '../../src/domain/lifecycle.js';

let darkroom: Darkroom;
let profileId = '';

beforeAll(async () => {
  darkroom = await startDarkroom({ environment: { BFL_ACTIVE_TASKS: '4' } });
  profileId = await darkroom.profile();
});

afterAll(async () => await darkroom.stop());

const countsSchema = z.array(z.object({ status: z.enum(generationStatuses), count: z.number() }));
const sweepSchema = z.object({
  id: z.string(),
  cellCount: z.number(),
  seed: z.number().nullable(),
  estimatedMicros: z.number(),
  canceledAt: z.string().nullable(),
  axes: z.array(z.object({ place: z.string(), name: z.string(), values: z.array(z.string()) })),
  progress: z.object({
    counts: countsSchema,
    total: z.number(),
    ended: z.number(),
    cost: z.object({ estimatedMicros: z.number().nullable(), settledMicros: z.number().nullable() }),
  }),
  cells: z.array(
    z.object({
      n: z.number(),
      column: z.number(),
      row: z.number(),
      generation: z.object({ id: z.string(), prompt: z.string(), parameters: z.record(z.string(), z.unknown()) }),
    }),
  ),
  sheet: z.object({
    url: z.string(),
    version: z.string(),
    complete: z.boolean(),
    width: z.number(),
    height: z.number(),
  }),
});
type Sweep = z.infer<typeof sweepSchema>;

const fields = `id cellCount seed estimatedMicros canceledAt axes { place name values }
  progress { counts { status count } total ended cost { estimatedMicros settledMicros } }
  cells { n column row generation { id prompt parameters { finetuneStrength seed guidance steps cannyLowThreshold } } }
  sheet { url version complete width height }`;
const errors = 'userErrors { code message path minimum maximum given retryable }';

const payloadSchema = z.object({
  payload: z.object({ sweep: sweepSchema.nullable(), userErrors: z.array(userErrorSchema) }),
});

async function trySweep(input: Variables, api: Api = darkroom.api): Promise<z.infer<typeof payloadSchema>['payload']> {
  const document = `mutation ($input: GenerateSweepInput!) { payload: generateSweep(input: $input) {
    sweep { ${fields} } ${errors} } }`;
  return (await api.ask(payloadSchema, document, { input: { profileId, ...input } })).payload;
}

async function sweep(input: Variables): Promise<Sweep> {
  const { sweep: made, userErrors } = await trySweep({ maxCostMicros: 10_000_000, ...input });
  if (made === null) throw new Error(`Refused: ${JSON.stringify(userErrors)}`);
  return made;
}

async function read(id: string, api = darkroom.api): Promise<Sweep | null> {
  const shape = z.object({ sweep: sweepSchema.nullable() });
  return (await api.ask(shape, `query ($id: ID!) { sweep(id: $id) { ${fields} } }`, { id })).sweep;
}

const small = { width: 256, height: 256 };

/** Of each cell whether its place in the sheet is empty, by the order of the cells. */
async function empties({ sheet, cells }: Sweep, columns: number): Promise<boolean[]> {
  const response = await fetch(sheet.url);
  expect(response.headers.get('content-type')).toBe('image/jpeg');
  const picture = sharp(Buffer.from(await response.arrayBuffer()));
  expect(await picture.metadata()).toMatchObject({ width: sheet.width, height: sheet.height });
  const rows = Math.ceil(cells.length / columns);
  const first = { left: sheet.width - 16 - columns * 264 + 8, top: sheet.height - 16 - rows * 264 + 8 };
  return await Promise.all(
    cells.map(async ({ column, row }) => {
      const box = { left: first.left + column * 264 + 20, top: first.top + row * 264 + 20, width: 60, height: 60 };
      // Statistics are of a whole input, so the part is cut out first.
      const { channels } = await sharp(await picture.clone().extract(box).png().toBuffer()).stats();
      // The place of a cell without a picture has one colour.
      return channels.every(({ stdev }) => stdev < 1);
    }),
  );
}

it('draws 5 strengths by 3 seeds, tells how it goes on, and fills the sheet', async () => {
  const before = await sweep({
    prompt: 'a jar [sandbox: duration=60s]',
    parameters: small,
    columns: { finetuneStrength: [0.5, 1, 1.5, 2] },
    rows: { seed: [11, 22, 33] },
    withBaseline: true,
  });
  expect(before).toMatchObject({ cellCount: 15, seed: null, estimatedMicros: 15 * 60_000, canceledAt: null });
  expect(before.axes).toEqual([
    { place: 'columns', name: 'finetuneStrength', values: ['0', '0.5', '1', '1.5', '2'] },
    { place: 'rows', name: 'seed', values: ['11', '22', '33'] },
  ]);
  expect(before.cells.map(({ n }) => n)).toEqual([...Array(15).keys()]);
  expect(before.cells[7]).toMatchObject({
    column: 2,
    row: 1,
    generation: { parameters: { finetuneStrength: 1, seed: 22 } },
  });
  expect(before.sheet.complete).toBe(false);
  expect(await empties(before, 5)).toEqual(Array(15).fill(true));

  const shape = z.object({ sweepChanged: sweepSchema });
  const stream = darkroom.api.subscribe(shape, `subscription ($id: ID!) { sweepChanged(id: $id) { ${fields} } }`, {
    id: before.id,
  });
  await stream.ended;
  const told = stream.received.map(({ sweepChanged }) => sweepChanged);
  const ended = told.map(({ progress }) => progress.ended);
  expect(ended).toEqual([...ended].sort((a, b) => a - b));
  expect(ended.at(-1)).toBe(15);
  expect(ended.some((count) => count > 0 && count < 15)).toBe(true);
  expect(told.at(-1)?.progress).toMatchObject({
    counts: [{ status: 'SUCCEEDED', count: 15 }],
    cost: { estimatedMicros: 900_000, settledMicros: 900_000 },
  });
  const after = told.at(-1);
  if (after === undefined) throw new Error('Nothing was told.');
  expect(after.sheet.complete).toBe(true);
  expect(new Set(told.map(({ sheet }) => sheet.version)).size).toBeGreaterThan(2);
  expect(await empties(after, 5)).toEqual(Array(15).fill(false));
  // Nothing has changed, so nothing is sent again.
  const headers = { 'if-none-match': `"${after.sheet.version}"` };
  expect((await fetch(after.sheet.url, { headers })).status).toBe(304);
  expect((await fetch(before.sheet.url)).headers.get('etag')).toBe(`"${after.sheet.version}"`);
  expect(darkroom.submits('a jar')).toHaveLength(15);

  const listSchema = z.object({ generations: z.object({ nodes: z.array(z.object({ id: z.string() })) }) });
  const list = 'query ($id: ID!) { generations(first: 100, filter: { sweepId: $id }) { nodes { id } } }';
  const { generations } = await darkroom.api.ask(listSchema, list, { id: before.id });
  expect(generations.nodes.map(({ id }) => id)).toEqual(
    before.cells.map(({ generation }) => generation.id).toReversed(),
  );
});

const cancelSchema = z.object({
  payload: z.object({
    sweep: z.object({ canceledAt: z.string().nullable(), progress: z.object({ counts: countsSchema }) }).nullable(),
    canceled: z.number(),
    stillRunning: z.array(z.object({ id: z.string(), status: z.string() })),
    userErrors: z.array(userErrorSchema),
  }),
});

async function cancel(id: string, api = darkroom.api): Promise<z.infer<typeof cancelSchema>['payload']> {
  const document = `mutation ($id: ID!) { payload: cancelSweep(id: $id) {
    sweep { canceledAt progress { counts { status count } } } canceled stillRunning { id status } ${errors} } }`;
  return (await api.ask(cancelSchema, document, { id })).payload;
}

it('cancels the rest, and says what could not be stopped', async () => {
  const made = await sweep({
    columns: { prompt: ['quick one', ...[1, 2, 3, 4, 5, 6].map((n) => `long ${n} [sandbox: duration=300s]`)] },
    parameters: small,
  });
  await waitFor(darkroom.api, made.cells[0]?.generation.id ?? '', ({ status }) => status === 'SUCCEEDED');
  await vi.waitFor(
    async () => expect((await read(made.id))?.progress.counts).toContainEqual({ status: 'RUNNING', count: 4 }),
    { timeout: 10_000 },
  );
  const canceled = await cancel(made.id);
  expect(canceled).toMatchObject({ canceled: 6, userErrors: [] });
  expect(canceled.stillRunning).toHaveLength(4);
  expect(canceled.sweep?.canceledAt).not.toBeNull();
  expect(canceled.sweep?.progress.counts).toEqual([
    { status: 'SUCCEEDED', count: 1 },
    { status: 'CANCELED', count: 6 },
  ]);
  expect((await read(made.id))?.sheet.complete).toBe(true);
  // Once more is no mistake.
  expect(await cancel(made.id)).toMatchObject({ canceled: 0, userErrors: [] });
  // Those that run hold their slots; whatever comes after them comes through.
  const next = await sweep({ columns: { seed: [1] }, prompt: 'after it', parameters: small });
  await waitFor(darkroom.api, next.cells[0]?.generation.id ?? '', ({ status }) => status === 'SUCCEEDED');
  expect(darkroom.submits('long')).toHaveLength(4);
});

it('refuses a sweep that costs more than allowed whole, and says what it costs', async () => {
  const input = { prompt: 'dear', parameters: small, columns: { steps: [10, 20, 30] } };
  expect(await trySweep(input)).toMatchObject({
    sweep: null,
    userErrors: [{ code: 'REQUIRED', path: ['input', 'maxCostMicros'], minimum: 180_000 }],
  });
  const below = await trySweep({ ...input, maxCostMicros: -1 });
  expect(below.userErrors).toMatchObject([{ code: 'OUT_OF_RANGE', minimum: 0, given: '-1' }]);
  expect(await trySweep({ ...input, maxCostMicros: 179_999 })).toMatchObject({
    sweep: null,
    userErrors: [{ code: 'COST_LIMIT', path: ['input', 'maxCostMicros'], minimum: 180_000, given: '179999' }],
  });
  const planSchema = z.object({
    payload: z.object({
      plan: z.object({ cellCount: z.number(), estimatedMicros: z.number(), withinLimit: z.boolean() }).nullable(),
      userErrors: z.array(userErrorSchema),
    }),
  });
  const document = `query ($input: GenerateSweepInput!) { payload: planSweep(input: $input) {
    plan { cellCount estimatedMicros withinLimit } ${errors} } }`;
  const plan = async (more: Variables): Promise<unknown> =>
    (await darkroom.api.ask(planSchema, document, { input: { profileId, ...input, ...more } })).payload.plan;
  expect(await plan({})).toEqual({ cellCount: 3, estimatedMicros: 180_000, withinLimit: false });
  expect(await plan({ maxCostMicros: 180_000 })).toMatchObject({ withinLimit: true });
  expect(await darkroom.sql("select from generation where prompt = 'dear'")).toEqual([]);
});

it('holds no limit for what has no known price, unless that is allowed by name', async () => {
  const controlImage = { imageId: await darkroom.api.upload(await flat({ width: 300, height: 300 }).png().toBuffer()) };
  // No price was ever published for the finetuned canny endpoint.
  const input = { control: 'CANNY', prompt: 'unknown', controlImage, maxCostMicros: 0, columns: { steps: [20, 30] } };
  expect(await trySweep(input)).toMatchObject({
    userErrors: [{ code: 'PRICE_UNKNOWN', path: ['input', 'allowUnknownPrice'], given: '2' }],
  });
  const { sweep: made } = await trySweep({ ...input, allowUnknownPrice: true });
  expect(made).toMatchObject({ cellCount: 2, estimatedMicros: 0 });
  // Without a seed of the caller's own all cells share one, so that they can be compared.
  expect(made?.seed).toEqual(expect.any(Number));
  expect(made?.cells.map(({ generation }) => generation.parameters['seed'])).toEqual([made?.seed, made?.seed]);
});

it('starts all cells or none: one bad value refuses the whole, each mistake told once', async () => {
  const { sweep: made, userErrors } = await trySweep({
    prompt: 'none of it',
    parameters: { ...small, cannyLowThreshold: 5 },
    columns: { guidance: [2, 3, 99] },
    rows: { steps: [10, 20] },
    maxCostMicros: 10_000_000,
  });
  expect(made).toBeNull();
  expect(userErrors).toMatchObject([
    { code: 'UNSUPPORTED', path: ['input', 'parameters', 'cannyLowThreshold'] },
    { code: 'OUT_OF_RANGE', path: ['input', 'columns', 'guidance'], given: '99', maximum: 5 },
  ]);
  const twice = await trySweep({ prompt: 'x', parameters: { steps: 10 }, columns: { steps: [10] } });
  expect(twice.userErrors).toMatchObject([{ code: 'INVALID', path: ['input', 'parameters', 'steps'] }]);
  const none = await trySweep({ columns: { steps: [10] }, maxCostMicros: 1_000_000 });
  expect(none.userErrors).toMatchObject([{ code: 'REQUIRED', path: ['input', 'prompt'] }]);
  expect(await darkroom.sql("select from generation where prompt = 'none of it'")).toEqual([]);
});

it('refuses an axis that makes no difference at the model, and keeps every cell to its route', async () => {
  const model = 'bfl/flux-pro-1.1-ultra-finetuned';
  const given = { prompt: 'alike', maxCostMicros: 10_000_000, columns: { guidance: [2, 3] } };
  expect((await trySweep({ ...given, model })).userErrors).toMatchObject([
    { code: 'UNSUPPORTED', path: ['input', 'columns', 'guidance'] },
  ]);
  const made = await sweep(given);
  const rows = await darkroom.sql('select distinct model, routes from generation where prompt = $1', 'alike');
  expect(rows).toEqual([{ model: 'bfl/flux-pro-finetuned', routes: null }]);
  await vi.waitFor(async () => expect((await read(made.id))?.progress.ended).toBe(2), { timeout: 10_000 });
});

it('gives the same sweep for the same key, also to those who ask at once', async () => {
  const input = { prompt: 'keyed', parameters: small, columns: { seed: [1, 2] }, idempotencyKey: 'k' };
  const both = await Promise.all([sweep(input), sweep(input), sweep(input)]);
  expect(new Set(both.map(({ id }) => id)).size).toBe(1);
  expect(await trySweep({ ...input, columns: { seed: [1, 3] } })).toMatchObject({
    userErrors: [{ code: 'CONFLICT', path: ['input', 'idempotencyKey'] }],
  });
  await vi.waitFor(async () => expect((await read(both[0].id))?.progress.ended).toBe(2), { timeout: 10_000 });
  expect(darkroom.submits('keyed')).toHaveLength(2);
});

it('shows nothing of it to another project', async () => {
  const made = await sweep({ prompt: 'mine', parameters: small, columns: { seed: [1] } });
  const other = await darkroom.addProject('strangers');
  expect(await read(made.id, other.api)).toBeNull();
  expect(await cancel(made.id, other.api)).toMatchObject({ sweep: null, userErrors: [{ code: 'NOT_FOUND' }] });
  const shape = z.object({ sweepChanged: z.object({ id: z.string() }) });
  const stream = other.api.subscribe(shape, 'subscription ($id: ID!) { sweepChanged(id: $id) { id } }', {
    id: made.id,
  });
  await expect(stream.ended).rejects.toThrow('NOT_FOUND');
  const nodeSchema = z.object({ node: z.object({ id: z.string() }).nullable() });
  const node = 'query ($id: ID!) { node(id: $id) { id } }';
  expect(await other.api.ask(nodeSchema, node, { id: made.id })).toEqual({ node: null });
  expect(await darkroom.api.ask(nodeSchema, node, { id: made.id })).toEqual({ node: { id: made.id } });
  const filter = 'query ($id: ID!) { generations(filter: { sweepId: $id }) { nodes { id } } }';
  const listSchema = z.object({ generations: z.object({ nodes: z.array(z.unknown()) }) });
  expect((await other.api.ask(listSchema, filter, { id: made.id })).generations.nodes).toEqual([]);
  const wrong = made.sheet.url.replace(/[\w-]{22}\?/, `${'x'.repeat(22)}?`);
  expect((await fetch(wrong)).status).toBe(404);
});
