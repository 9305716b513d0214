import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { still, pixels } from '../sandbox/images.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, readGeneration, tryGenerate, waitForEnd } from '../support/generations.js';

const [width, height] = [320, 256];
let darkroom: Darkroom;
let profileId: string;
let image: string;
let mask: string;

beforeAll(async () => {
  darkroom = await startDarkroom({ sandbox: { timeScale: 200 } });
  profileId = await darkroom.profile('ink-sketch');
  image = await darkroom.api.upload(await still(width, height));
  mask = await darkroom.api.upload(await halfWhite(width, height));
});

afterAll(async () => {
  await darkroom.stop();
});

/** White on the right half. */
async function halfWhite(across: number, down: number): Promise<Buffer> {
  const white = await sharp({ create: { width: across / 2, height: down, channels: 3, background: 'white' } })
    .png()
    .toBuffer();
  return await sharp({ create: { width: across, height: down, channels: 3, background: 'black' } })
    .composite([{ input: white, left: across / 2, top: 0 }])
    .png()
    .toBuffer();
}

const input = () => ({ profileId, prompt: 'a green apple', image: { imageId: image }, mask: { imageId: mask } });

it('repaints where the mask is white, and leaves the rest as it was', async () => {
  const id = await generate(darkroom.api, 'generateFromFill', input());
  await waitForEnd(darkroom.api, id);
  const state = await readGeneration(darkroom.api, id);
  expect(state.status).toBe('SUCCEEDED');
  const made = await pixels(Buffer.from(await (await fetch(state.images[0]?.url ?? '')).arrayBuffer()));
  expect([made.width, made.height]).toEqual([width, height]);
  const before = await pixels(await still(width, height));
  const differenceIn = (from: number, to: number): number => {
    let sum = 0;
    for (let y = 40; y < height - 40; y += 1) {
      for (let x = from; x < to; x += 1) {
        const at = (y * width + x) * 3;
        sum += Math.abs((made.data[at] ?? 0) - (before.data[at] ?? 0));
      }
    }
    return sum / ((height - 80) * (to - from));
  };
  expect(differenceIn(width / 2 + 8, width - 8)).toBeGreaterThan(4 * differenceIn(8, width / 2 - 8));
});

it('shows the image and the mask, and how it was sent', async () => {
  const id = await generate(darkroom.api, 'generateFromFill', { ...input(), steps: 15, guidance: 1.5 });
  await waitForEnd(darkroom.api, id);
  const shape = z.object({ generation: z.looseObject({ attempts: z.array(z.object({ request: z.unknown() })) }) });
  const { generation } = await darkroom.api.ask(
    shape,
    `query ($id: ID!) { generation(id: $id) {
      control inputImage { id width height } mask { id } controlImage { id } attempts { request }
    } }`,
    { id },
  );
  expect(generation).toMatchObject({
    control: 'FILL',
    inputImage: { id: image, width, height },
    mask: { id: mask },
    controlImage: null,
  });
  const id32 = (publicId: string): string => publicId.replace('img_', '');
  expect(generation.attempts[0]?.request).toMatchObject({
    image: id32(image),
    mask: id32(mask),
    steps: 15,
    guidance: 1.5,
  });
});

it('needs no mask', async () => {
  const { mask: _mask, ...without } = input();
  const id = await generate(darkroom.api, 'generateFromFill', without);
  await waitForEnd(darkroom.api, id);
  expect((await readGeneration(darkroom.api, id)).status).toBe('SUCCEEDED');
});

it('refuses a mask of another size, naming both', async () => {
  const other = await darkroom.api.upload(await halfWhite(256, 256));
  const { userErrors } = await tryGenerate(darkroom.api, 'generateFromFill', { ...input(), mask: { imageId: other } });
  expect(userErrors).toMatchObject([
    {
      code: 'INVALID',
      path: ['input', 'mask'],
      given: '256 x 256',
      message: 'The mask must be as large as the image, 320 x 256 pixels; it has 256 x 256.',
    },
  ]);
});

it.each([
  ['steps', 14],
  ['steps', 51],
  ['guidance', 1.4],
  ['guidance', 101],
])('refuses %s %d', async (field, value) => {
  const { userErrors } = await tryGenerate(darkroom.api, 'generateFromFill', { ...input(), [field]: value });
  expect(userErrors).toMatchObject([{ code: 'OUT_OF_RANGE', path: ['input', field] }]);
});
