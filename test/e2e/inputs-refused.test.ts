import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import type { Variables } from '../support/api.js';
import { bounds } from '../support/bounds.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { tryGenerate, type GenerateMutation } from '../support/generations.js';

let darkroom: Darkroom;
let profileId: string;
let small: string;
let other: { imageId: string; profileId: string };
let before: unknown;

beforeAll(async () => {
  darkroom = await startDarkroom({ sandbox: { image: 'small' } });
  profileId = await darkroom.profile();
  small = (await flat(256, 256)).toString('base64');
  const elsewhere = await darkroom.addProject('elsewhere');
  other = { imageId: await elsewhere.api.upload(await flat(300, 300)), profileId: elsewhere.profileId };
  await addProfile('bare');
  before = await written();
});

afterEach(async ({ expect: expectNow }) => {
  expectNow(await written()).toEqual(before);
  expectNow(darkroom.submits()).toEqual([]);
});

afterAll(async () => {
  await darkroom.stop();
});

async function flat(width: number, height: number): Promise<Buffer> {
  return await sharp({ create: { width, height, channels: 3, background: '#7a5' } })
    .png()
    .toBuffer();
}

/** Everything that a refused input could have left behind. */
async function written(): Promise<unknown> {
  const counts = await darkroom.sql(
    `select (select count(*)::int from generation) as generations, (select count(*)::int from generation_event) as events,
            (select count(*)::int from generation_image) as refs, (select count(*)::int from image) as images,
            (select count(*)::int from attempt) as attempts`,
  );
  const files = await readdir(join(darkroom.dataFolder, 'images'), { recursive: true });
  return { counts, files: files.sort() };
}

async function addProfile(slug: string): Promise<string> {
  await darkroom.sql(
    `insert into profile (id, project_id, slug, name)
     select gen_random_uuid(), id, $1, $1 from project where slug = 'demo'`,
    slug,
  );
  return await darkroom.profile(slug);
}

function complete(mutation: GenerateMutation, input: Variables): Variables {
  const control = mutation === 'generateFromPrompt' ? {} : { controlImage: { base64: small } };
  return { profileId, prompt: 'a jar', ...control, ...input };
}

async function refusals(mutation: GenerateMutation, input: Variables): Promise<Record<string, unknown>[]> {
  const { id, userErrors } = await tryGenerate(darkroom.api, mutation, complete(mutation, input));
  expect(id).toBeNull();
  expect(userErrors.every((error) => error.message.length > 10)).toBe(true);
  return userErrors.map(({ message: _message, ...rest }) => rest);
}

const nothing = { minimum: null, maximum: null, given: null, retryable: false };

it.each(bounds)('$mutation refuses $field below $lowest and above $highest ($with)', async (bound) => {
  const { mutation, field, lowest: minimum, highest: maximum } = bound;
  for (const given of [bound.below, bound.above]) {
    const told = { ...nothing, code: 'OUT_OF_RANGE', path: ['input', field], minimum, maximum, given: String(given) };
    expect(await refusals(mutation, { ...bound.with, [field]: given })).toContainEqual(told);
  }
});

const ultra = 'bfl/flux-pro-1.1-ultra-finetuned';
const invalid: readonly [what: string, GenerateMutation, Variables, Record<string, unknown>][] = [
  [
    'a width off the grid',
    'generateFromPrompt',
    { width: 257 },
    { code: 'INVALID', path: ['input', 'width'], minimum: 256, maximum: 1440, given: '257' },
  ],
  [
    'an aspect ratio that is too wide',
    'generateFromPrompt',
    { model: ultra, aspectRatio: '22:9' },
    { code: 'OUT_OF_RANGE', path: ['input', 'aspectRatio'], given: '22:9' },
  ],
  [
    'an aspect ratio that is too tall',
    'generateFromPrompt',
    { model: ultra, aspectRatio: '9:22' },
    { code: 'OUT_OF_RANGE', path: ['input', 'aspectRatio'], given: '9:22' },
  ],
  [
    'an aspect ratio that is none',
    'generateFromPrompt',
    { model: ultra, aspectRatio: '16x9' },
    { code: 'INVALID', path: ['input', 'aspectRatio'], given: '16x9' },
  ],
  [
    'a parameter that the model lacks',
    'generateFromPrompt',
    { aspectRatio: '1:1' },
    { code: 'UNSUPPORTED', path: ['input', 'aspectRatio'], given: '1:1' },
  ],
  [
    'a format that the model lacks',
    'generateFromPrompt',
    { outputFormat: 'webp' },
    { code: 'INVALID', path: ['input', 'outputFormat'], given: 'webp' },
  ],
  [
    'a size between automatic and least',
    'generateFromPrompt',
    { model: 'flux-2-klein-9b-finetuned', width: 1 },
    { code: 'OUT_OF_RANGE', path: ['input', 'width'], minimum: 64, maximum: 2048, given: '1' },
  ],
  [
    'a low threshold above high',
    'generateFromCanny',
    { cannyLowThreshold: 121, cannyHighThreshold: 120 },
    { code: 'INVALID', path: ['input', 'cannyLowThreshold'], maximum: 120, given: '121' },
  ],
  [
    'a low threshold above the default of high',
    'generateFromCanny',
    { cannyLowThreshold: 201 },
    { code: 'INVALID', path: ['input', 'cannyLowThreshold'], maximum: 200, given: '201' },
  ],
  [
    'an empty prompt',
    'generateFromPrompt',
    { prompt: '' },
    { code: 'REQUIRED', path: ['input', 'prompt'], minimum: 1, maximum: 10_000 },
  ],
  [
    'a prompt of 10,001 characters',
    'generateFromDepth',
    { prompt: 'x'.repeat(10_001) },
    { code: 'OUT_OF_RANGE', path: ['input', 'prompt'], minimum: 1, maximum: 10_000, given: '10001' },
  ],
  ['a prompt with NUL', 'generateFromPrompt', { prompt: 'a\u0000b' }, { code: 'INVALID', path: ['input', 'prompt'] }],
  [
    'a prompt with half a character',
    'generateFromPrompt',
    { prompt: 'a\ud83db' },
    { code: 'INVALID', path: ['input', 'prompt'] },
  ],
  [
    '21 tags',
    'generateFromPrompt',
    { tags: Array.from({ length: 21 }, (_, n) => `t${n}`) },
    { code: 'OUT_OF_RANGE', path: ['input', 'tags'], maximum: 20, given: '21' },
  ],
  [
    'a tag of 65 characters',
    'generateFromPrompt',
    { tags: ['ok', 'x'.repeat(65)] },
    { code: 'OUT_OF_RANGE', path: ['input', 'tags', '1'], minimum: 1, maximum: 64, given: '65' },
  ],
  [
    'an empty tag',
    'generateFromPrompt',
    { tags: [''] },
    { code: 'REQUIRED', path: ['input', 'tags', '0'], minimum: 1, maximum: 64 },
  ],
  ['a tag with NUL', 'generateFromPrompt', { tags: ['a\u0000'] }, { code: 'INVALID', path: ['input', 'tags', '0'] }],
  [
    'a provider that is not configured',
    'generateFromPrompt',
    { provider: 'midjourney' },
    { code: 'NO_ROUTE', path: ['input', 'provider'], given: 'midjourney' },
  ],
  [
    'a model that does not exist',
    'generateFromPrompt',
    { model: 'bfl/flux-9' },
    { code: 'NO_ROUTE', path: ['input', 'model'], given: 'bfl/flux-9' },
  ],
  [
    'a model of another kind',
    'generateFromCanny',
    { model: 'bfl/flux-pro-1.0-depth-finetuned' },
    { code: 'NO_ROUTE', path: ['input', 'model'], given: 'bfl/flux-pro-1.0-depth-finetuned' },
  ],
  [
    'a profile id that is none',
    'generateFromPrompt',
    { profileId: 'nonsense' },
    { code: 'NOT_FOUND', path: ['input', 'profileId'], given: 'nonsense' },
  ],
];

it.each(invalid)('refuses %s', async (_what, mutation, input, told) => {
  expect(await refusals(mutation, input)).toEqual([{ ...nothing, ...told }]);
});

it('tells everything that is wrong at once', async () => {
  const told = await refusals('generateFromCanny', { steps: 14, guidance: 0, prompt: '', tags: [''], priority: 101 });
  expect(told.map((error) => error['path'])).toEqual([
    ['input', 'prompt'],
    ['input', 'tags', '0'],
    ['input', 'priority'],
    ['input', 'steps'],
    ['input', 'guidance'],
  ]);
});

it('refuses a profile that is archived, bound to nothing, or of another project', async () => {
  const path = ['input', 'profileId'];
  const archived = await addProfile('archived');
  await darkroom.sql("update profile set archived_at = now() where slug = 'archived'");
  for (const [id, code, given] of [
    [archived, 'CONFLICT', archived],
    [await darkroom.profile('bare'), 'NO_ROUTE', null],
    [other.profileId, 'NOT_FOUND', other.profileId],
  ] as const) {
    expect(await refusals('generateFromPrompt', { profileId: id })).toEqual([{ ...nothing, code, path, given }]);
  }
});

it('refuses images that are none, too large, too small, or elsewhere', async () => {
  const fifteen = 15 * 1024 * 1024;
  const cases: readonly [Variables, Record<string, unknown>][] = [
    [{ base64: 'bm8gaW1hZ2U=' }, { code: 'NOT_AN_IMAGE' }],
    [{ base64: 'not base64!' }, { code: 'NOT_AN_IMAGE' }],
    [
      { base64: Buffer.alloc(fifteen + 1).toString('base64') },
      { code: 'IMAGE_SIZE', maximum: fifteen, given: String(fifteen + 1) },
    ],
    [
      { base64: (await flat(5_000, 4_001)).toString('base64') },
      { code: 'IMAGE_SIZE', maximum: 20_000_000, given: '20005000' },
    ],
    [{ base64: (await flat(255, 300)).toString('base64') }, { code: 'IMAGE_SIZE', minimum: 256, given: '255' }],
  ];
  for (const [controlImage, told] of cases) {
    const expected = { ...nothing, path: ['input', 'controlImage', 'base64'], given: null, ...told };
    expect(await refusals('generateFromCanny', { controlImage })).toEqual([expected]);
  }
  const path = ['input', 'controlImage'];
  const url = 'http://127.0.0.1:1/x.png';
  expect(await refusals('generateFromCanny', { controlImage: { imageId: other.imageId } })).toEqual([
    { ...nothing, code: 'NOT_FOUND', path: [...path, 'imageId'], given: other.imageId },
  ]);
  expect(await refusals('generateFromCanny', { controlImage: { url } })).toEqual([
    { ...nothing, code: 'UNSUPPORTED', path: [...path, 'url'], given: url },
  ]);
});

const malformed: readonly [what: string, GenerateMutation, Variables][] = [
  ['no control image', 'generateFromCanny', { controlImage: null }],
  ['two sources of an image', 'generateFromCanny', { controlImage: { imageId: 'img_1', url: 'http://x/' } }],
  ['no source of an image', 'generateFromCanny', { controlImage: {} }],
  ['a source that is null', 'generateFromCanny', { controlImage: { imageId: null } }],
  ['a fraction of a step', 'generateFromPrompt', { steps: 20.5 }],
  ['a seed that JSON cannot keep', 'generateFromPrompt', { seed: 9_007_199_254_740_992 }],
  ['a field that does not exist', 'generateFromPrompt', { controlImage: { imageId: 'img_1' } }],
  ['a format that does not exist', 'generateFromPrompt', { outputFormat: 'gif' }],
];

it.each(malformed)('refuses the whole request with %s', async (_what, mutation, input) => {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
  const document = `mutation ($input: ${type}!) { ${mutation}(input: $input) { generation { id } } }`;
  const answer = await darkroom.api.send(document, { input: complete(mutation, input) });
  expect(answer.status).toBe(400);
  expect(answer.errors).toHaveLength(1);
  expect(answer.errors[0]?.extensions.code).toMatch(/^BAD_(USER_INPUT|REQUEST)$/);
});
