import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { still } from '../sandbox/images.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';

let darkroom: Darkroom;
let picture: Buffer;
let image: z.infer<typeof uploadedSchema>;

const uploadedSchema = z.strictObject({
  id: z.string().regex(/^img_[0-9a-f-]{36}$/),
  contentType: z.string(),
  width: z.number(),
  height: z.number(),
  bytes: z.number(),
  url: z.url(),
});

beforeAll(async () => {
  darkroom = await startDarkroom();
  picture = await still(400, 300);
  const response = await darkroom.api.fetch('/images', { method: 'POST', body: Uint8Array.from(picture) });
  image = uploadedSchema.parse(await response.json());
});

afterAll(async () => {
  await darkroom.stop();
});

async function get(headers: Record<string, string> = {}, query = ''): Promise<Response> {
  return await fetch(`${image.url}${query}`, { headers });
}

async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}

it('says what it took', () => {
  expect(image).toMatchObject({ contentType: 'image/png', width: 400, height: 300, bytes: picture.length });
  expect(image.url).toMatch(new RegExp(`^${darkroom.url}/images/${image.id.slice(4)}/[\\w-]{22}$`));
});

it('gives the bytes back as they were, to be kept for ever and run nowhere', async () => {
  const response = await get();
  expect(await bytesOf(response)).toEqual(picture);
  expect(Object.fromEntries(response.headers)).toMatchObject({
    'content-type': 'image/png',
    'content-length': String(picture.length),
    'cache-control': 'private, max-age=31536000, immutable',
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; sandbox",
    etag: expect.stringMatching(/^"[0-9a-f]{64}"$/),
  });
});

it('answers a question about what is known already with 304', async () => {
  const etag = (await get()).headers.get('etag') ?? '';
  for (const known of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
    const response = await get({ 'if-none-match': known });
    expect([response.status, await response.text(), response.headers.get('etag')]).toEqual([304, '', etag]);
  }
  expect((await get({ 'if-none-match': '"other"' })).status).toBe(200);
});

const last = (n: number): number => picture.length - n;
const ranges: readonly [range: string, from: () => number, to: () => number][] = [
  ['bytes=0-9', () => 0, () => 10],
  ['bytes=10-', () => 10, () => picture.length],
  ['bytes=-16', () => last(16), () => picture.length],
  ['bytes=5-99999999', () => 5, () => picture.length],
];

it.each(ranges)('gives the part %s', async (range, from, to) => {
  const response = await get({ range });
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe(`bytes ${from()}-${to() - 1}/${picture.length}`);
  expect(await bytesOf(response)).toEqual(picture.subarray(from(), to()));
});

it.each(['bytes=x', 'pages=1-2', 'bytes=0-1,4-5', 'nonsense'])('gives the whole for %s', async (range) => {
  const response = await get({ range });
  expect([response.status, (await bytesOf(response)).length]).toEqual([200, picture.length]);
});

it('gives no part beyond the end, and the whole when the part is of something older', async () => {
  const beyond = await get({ range: 'bytes=99999999-' });
  expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${picture.length}`]);
  const etag = (await get()).headers.get('etag') ?? '';
  expect((await get({ range: 'bytes=0-9', 'if-range': etag })).status).toBe(206);
  expect((await get({ range: 'bytes=0-9', 'if-range': '"old"' })).status).toBe(200);
});

it.each([
  [16, 64, 48],
  [64, 64, 48],
  [65, 128, 96],
  [400, 400, 300],
  [2_048, 400, 300],
])('makes a thumbnail for a width of %s', async (asked, width, height) => {
  const response = await get({}, `?width=${asked}`);
  expect(response.headers.get('content-type')).toBe('image/webp');
  const bytes = await bytesOf(response);
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width, height });
  const again = await get({}, `?width=${asked}`);
  expect(await bytesOf(again)).toEqual(bytes);
  const etag = response.headers.get('etag') ?? '';
  expect(etag).not.toBe((await get()).headers.get('etag'));
  expect((await get({ 'if-none-match': etag }, `?width=${asked}`)).status).toBe(304);
});

it.each(['15', '2049', 'abc', '-1', '64.5'])('makes no thumbnail for a width of %s', async (width) => {
  const response = await get({}, `?width=${width}`);
  expect(response.status).toBe(400);
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect(await response.json()).toMatchObject({ code: 'BAD_REQUEST', detail: expect.stringContaining('16 to 2048') });
});

it('shows an image to nobody who has not its address', async () => {
  const [, id = '', token = ''] = /images\/([^/]+)\/(.+)$/.exec(image.url) ?? [];
  const turned = token.startsWith('A') ? `B${token.slice(1)}` : `A${token.slice(1)}`;
  for (const path of [
    `${id}/${turned}`,
    `${id}/x`,
    `${id}/${token}x`,
    `nonsense/${token}`,
    `00000000-0000-7000-8000-000000000000/${token}`,
    `..%2f..%2fapi-key/${token}`,
  ]) {
    const response = await darkroom.api.fetch(`/images/${path}`);
    expect([path, response.status]).toEqual([path, 404]);
    expect(response.headers.get('etag')).toBeNull();
  }
  expect((await darkroom.api.fetch('/images')).status).toBe(404);
});

it('keeps the same bytes once for a project, and apart for another', async () => {
  expect(await darkroom.api.upload(picture)).toBe(image.id);
  const other = await darkroom.addProject('other');
  const theirs = await other.api.upload(picture);
  expect(theirs).not.toBe(image.id);
});

const refusals: readonly [
  what: string,
  body: () => Promise<Uint8Array>,
  status: number,
  told: Record<string, unknown>,
][] = [
  ['nothing', async () => new Uint8Array(), 400, { code: 'BAD_REQUEST' }],
  ['a text', async () => Buffer.from('no image'), 415, { code: 'UNSUPPORTED_IMAGE' }],
  ['half an image', async () => (await still(300, 300)).subarray(0, 20_000), 415, { code: 'UNSUPPORTED_IMAGE' }],
  ['too small an image', async () => await still(255, 300), 422, { minimum: 256, given: '255' }],
  ['a byte too much', async () => Buffer.alloc(15 * 1024 * 1024 + 1), 413, { code: 'TOO_LARGE', maximum: 15_728_640 }],
  ['far too much', async () => Buffer.alloc(17 * 1024 * 1024), 413, { code: 'TOO_LARGE' }],
];

it.each(refusals)('refuses %s', async (_what, body, status, told) => {
  const response = await darkroom.api.fetch('/images', { method: 'POST', body: Uint8Array.from(await body()) });
  expect(response.headers.get('content-type')).toContain('application/problem+json');
  expect([response.status, await response.json()]).toEqual([status, expect.objectContaining({ status, ...told })]);
});

it('reads no body from somebody without a key', async () => {
  const body = new ReadableStream<Uint8Array>({
    // It never ends: only an answer that comes before the body has been read can come at all.
    pull: (controller) => controller.enqueue(new Uint8Array(1_024)),
  });
  const response = await darkroom.as(null).fetch('/images', { method: 'POST', body, duplex: 'half' });
  expect(response.status).toBe(401);
});

it('previews the edges of an image', async () => {
  const shape = z.object({
    cannyPreview: z.object({ png: z.base64(), width: z.number(), height: z.number(), edgeShare: z.number() }),
  });
  const document =
    'query ($id: ID!, $low: Int!) { cannyPreview(image: { imageId: $id }, low: $low, high: 200) { png width height edgeShare } }';
  const { cannyPreview } = await darkroom.api.ask(shape, document, { id: image.id, low: 50 });
  const edges = sharp(Buffer.from(cannyPreview.png, 'base64'));
  expect(await edges.metadata()).toMatchObject({ format: 'png', width: 400, height: 300, channels: 1 });
  const data = await edges.raw().toBuffer();
  expect(cannyPreview.edgeShare).toBeCloseTo(data.filter((value) => value === 255).length / data.length, 10);
  expect(cannyPreview.edgeShare).toBeGreaterThan(0.005);
  const wrong = await darkroom.api.send(document, { id: image.id, low: 201 });
  expect(wrong.errors[0]).toMatchObject({
    message: 'low (201) is above high (200).',
    extensions: { code: 'BAD_REQUEST' },
  });
});
