import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { recomputeCanny } from './canny.js';
import { controlGraph, startComfy, textGraph, type Graph } from './comfyui.js';
import { pixels, still } from './images.js';

const drawn = { image: 'drawn' } as const;

/** The same picture as `textGraph` means, with the sampler in parts. */
function inParts(graph: Graph): Graph {
  const inputs = graph['8']?.inputs ?? {};
  const sampler: Graph = {
    '8': {
      class_type: 'SamplerCustomAdvanced',
      inputs: { noise: ['40', 0], guider: ['41', 0], sampler: ['42', 0], sigmas: ['43', 0], latent_image: ['7', 0] },
    },
    '40': { class_type: 'RandomNoise', inputs: { noise_seed: inputs['seed'] } },
    '41': { class_type: 'BasicGuider', inputs: { model: ['44', 0], conditioning: ['6', 0] } },
    '42': { class_type: 'KSamplerSelect', inputs: { sampler_name: 'euler' } },
    '43': {
      class_type: 'BasicScheduler',
      inputs: { model: ['44', 0], scheduler: 'simple', steps: inputs['steps'], denoise: 1 },
    },
    '44': {
      class_type: 'ModelSamplingFlux',
      inputs: { model: ['2', 0], max_shift: 1.15, base_shift: 0.5, width: 256, height: 192 },
    },
  };
  return { ...graph, ...sampler };
}

/** How many of the pixels that Canny finds are lines in the picture, and how many lines are none that it finds; 0 to 1. */
async function linesOf(
  picture: Buffer,
  control: Buffer,
  low: number,
  high: number,
): Promise<{ found: number; strange: number }> {
  const { data, width, height } = await pixels(picture);
  const resized = await sharp(control).resize(width, height, { fit: 'fill' }).png().toBuffer();
  const edges = await recomputeCanny((await pixels(resized)).data, width, height, low, high);
  let [wanted, found, strange, others] = [0, 0, 0, 0];
  for (let i = 0; i < edges.length; i++) {
    const [r = 0, g = 0, b = 0] = [data[i * 3], data[i * 3 + 1], data[i * 3 + 2]];
    const line = Math.max(r, g, b) < 28 || Math.min(r, g, b) > 226;
    if (edges[i] !== 0) {
      wanted += 1;
      if (line) found += 1;
    } else {
      others += 1;
      if (line) strange += 1;
    }
  }
  return { found: found / wanted, strange: strange / others };
}

describe('a picture from words', () => {
  test('has the size of its latent, in eights, and the same bytes for the same graph', async () => {
    const graph = textGraph('a lighthouse at sunset', { width: 260, height: 201 });
    const [one, two] = [await startComfy(drawn), await startComfy(drawn)];
    const picture = await one.picture(graph);
    expect(await sharp(picture).metadata()).toMatchObject({ width: 256, height: 200, format: 'png' });
    expect(await two.picture(graph)).toEqual(picture);
  });

  test.each<[string, Graph]>([
    ['words', textGraph('a forest')],
    ['seed', textGraph('a boat', { seed: 2 })],
    ['LoRA', textGraph('a boat', { lora: 'my-product.safetensors' })],
    ['strength', textGraph('a boat', { strength: 0.3 })],
    ['no LoRA', textGraph('a boat', { lora: null })],
    ['guidance', textGraph('a boat', { guidance: 90 })],
  ])('is another with other %s', async (_name, other) => {
    const { picture } = await startComfy(drawn);
    const [a, b] = [await pixels(await picture(textGraph('a boat'))), await pixels(await picture(other))];
    expect(a.data.equals(b.data)).toBe(false);
  });

  test('is the same whether its sampler is one node or many', async () => {
    const { picture } = await startComfy(drawn);
    const graph = textGraph('a boat', { seed: 77, steps: 33 });
    const [a, b] = [await pixels(await picture(graph)), await pixels(await picture(inParts(graph)))];
    expect(a.data.equals(b.data)).toBe(true);
  });

  test('of a batch is several pictures', async () => {
    const { prompt, advance, history, get } = await startComfy(drawn);
    const graph = textGraph('a boat');
    const latent = { class_type: 'EmptyLatentImage', inputs: { width: 64, height: 64, batch_size: 2 } };
    const id = await prompt({ ...graph, '7': latent });
    advance(600_000);
    const images = (await history(id))?.outputs['10']?.images ?? [];
    expect(images.map(({ filename }) => filename)).toEqual(['flux_00001_.png', 'flux_00002_.png']);
    const [a, b] = await Promise.all(
      images.map(async (image) => await pixels((await get(`/view?${new URLSearchParams(image).toString()}`)).bytes)),
    );
    expect(a?.data.equals(b?.data ?? Buffer.alloc(0))).toBe(false);
  });

  test('too large for the card runs out of memory', async () => {
    const { prompt, advance, history } = await startComfy();
    const id = await prompt(textGraph('a boat', { width: 8192, height: 8192 }));
    advance(600_000);
    expect((await history(id))?.status.messages.at(-1)?.[1]).toMatchObject({
      node_id: '8',
      exception_type: 'torch.OutOfMemoryError',
    });
  });
});

describe('a picture from an uploaded image', () => {
  test('has its very edges, at the thresholds asked for', async () => {
    const { picture, upload } = await startComfy(drawn);
    const control = await still(323, 240);
    await upload(control, 'still.png');
    const fine = await picture(controlGraph('a bottle of ink', 'still.png', { kind: 'canny', low: 0.1, high: 0.2 }));
    expect(await sharp(fine).metadata()).toMatchObject({ width: 320, height: 240 });
    const seen = await linesOf(fine, control, 25.5, 51);
    expect(seen.found).toBe(1);
    expect(seen.strange).toBeLessThan(0.2);
    const coarse = await picture(controlGraph('a bottle of ink', 'still.png', { kind: 'canny', low: 0.5, high: 0.9 }));
    expect((await linesOf(coarse, control, 127.5, 229.5)).found).toBe(1);
    expect((await linesOf(coarse, control, 25.5, 51)).found).toBeLessThan(1);
  });

  test.each(['depth', 'map'] as const)('follows its %s', async (kind) => {
    const { picture, upload, sandbox } = await startComfy(drawn);
    await upload(await still(320, 240), 'still.png');
    const made = await picture(controlGraph('a bottle', 'still.png', { kind }));
    expect(await sharp(made).metadata()).toMatchObject({ width: 320, height: 240 });
    expect(sandbox.tasks()[0]).toMatchObject({ request: { kind: 'depth', prompt: 'a bottle', lora: 'my-style' } });
    const { data: grey } = await sharp(made).greyscale().raw().toBuffer({ resolveWithObject: true });
    // Bright parts of the control image are near and so bright: the label, and not the bottle.
    expect(grey[190 + 320 * 100]).not.toBe(grey[130 + 320 * 150]);
  });

  test('is resized before, when the graph says so', async () => {
    const { picture, upload } = await startComfy(drawn);
    await upload(await still(320, 240), 'still.png');
    const graph = controlGraph('a bottle', 'still.png', { kind: 'canny' });
    const scale = {
      class_type: 'ImageScale',
      inputs: { image: ['20', 0], upscale_method: 'area', width: 160, height: 0, crop: 'disabled' },
    };
    const canny = { class_type: 'Canny', inputs: { ...graph['21']?.inputs, image: ['30', 0] } };
    const made = await picture({ ...graph, '30': scale, '21': canny });
    expect(await sharp(made).metadata()).toMatchObject({ width: 160, height: 120 });
  });

  test('keeps it outside of the mask', async () => {
    const { picture, upload } = await startComfy(drawn);
    const image = await still(128, 96);
    const half = Buffer.alloc(128 * 96);
    half.fill(255, half.length / 2);
    await upload(image, 'still.png');
    await upload(
      await sharp(half, { raw: { width: 128, height: 96, channels: 1 } })
        .png()
        .toBuffer(),
      'mask.png',
    );
    const graph = controlGraph('a sea', 'still.png', { kind: 'map' });
    const made = await picture({
      ...graph,
      '1': { class_type: 'UNETLoader', inputs: { unet_name: 'flux1-fill-dev.safetensors', weight_dtype: 'default' } },
      '30': { class_type: 'LoadImageMask', inputs: { image: 'mask.png', channel: 'red' } },
      '22': {
        class_type: 'InpaintModelConditioning',
        inputs: { ...graph['22']?.inputs, mask: ['30', 0], noise_mask: true },
      },
    });
    const [before, after] = [await pixels(image), await pixels(made)];
    const [top, bottom] = [before.data.length / 2, before.data.length];
    expect(after.data.subarray(0, top).equals(before.data.subarray(0, top))).toBe(true);
    expect(after.data.subarray(top, bottom).equals(before.data.subarray(top, bottom))).toBe(false);
  });

  test('can be shown as it is, or as its edges', async () => {
    const { picture, upload } = await startComfy(drawn);
    const image = await still(64, 48);
    await upload(image, 'still.png');
    const graph = {
      '1': { class_type: 'LoadImage', inputs: { image: 'still.png' } },
      '2': { class_type: 'Canny', inputs: { image: ['1', 0], low_threshold: 0.2, high_threshold: 0.5 } },
      '3': { class_type: 'SaveImage', inputs: { images: ['1', 0], filename_prefix: 'copy' } },
    };
    const copy = await pixels(await picture(graph));
    expect(copy.data.equals((await pixels(image)).data)).toBe(true);
    const shown = { ...graph, '3': { class_type: 'PreviewImage', inputs: { images: ['2', 0] } } };
    const edges = await pixels(await picture(shown));
    const expected = await recomputeCanny((await pixels(image)).data, 64, 48, 51, 127.5);
    expect([...edges.data].filter((_, i) => i % 3 === 0)).toEqual([...expected]);
  });
});
