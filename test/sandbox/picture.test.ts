import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { markBox } from '../../src/sandbox/draw/mark.js';
import { recomputeCanny } from './canny.js';
import { startBench, type Bench } from './harness.js';
import { base64, pixels, still } from './images.js';

const [text, ultra] = ['flux-pro-finetuned', 'flux-pro-1.1-ultra-finetuned'];
const [canny, depth, fill] = ['canny', 'depth', 'fill'].map((kind) => `flux-pro-1.0-${kind}-finetuned`);

const [width, height] = [480, 320];
const drawn = (): Promise<Bench> => startBench({ image: 'drawn' });
const small = { width: 512, height: 384, seed: 1, output_format: 'png' };
let control: Buffer;
let control_image: string;

beforeAll(async () => {
  control = await still(width, height);
  control_image = base64(control);
});

/** Whether a pixel lies outside of the corner with the mark. */
function free(x: number, y: number): boolean {
  const box = markBox(width, height);
  return box === null || x < box.left || y < box.top;
}

function at(data: Buffer, x: number, y: number): string {
  const from = (y * width + x) * 3;
  return `${data[from]},${data[from + 1]},${data[from + 2]}`;
}

/** Mean distance of red, green and blue from their own mean: how colourful a picture is. */
function colourfulness(data: Buffer): number {
  let sum = 0;
  for (let i = 0; i < data.length; i += 3) {
    const [r, g, b] = [data[i] ?? 0, data[i + 1] ?? 0, data[i + 2] ?? 0];
    sum += Math.max(r, g, b) - Math.min(r, g, b);
  }
  return sum / (data.length / 3);
}

function difference(a: Buffer, b: Buffer): number {
  let sum = 0;
  for (const [i, value] of a.entries()) sum += Math.abs(value - (b[i] ?? 0));
  return sum / a.length;
}

function mean(list: number[]): number {
  return list.reduce((sum, value) => sum + value, 0) / list.length;
}

function correlation(a: number[], b: number[]): number {
  const [ma, mb] = [mean(a), mean(b)];
  let [ab, aa, bb] = [0, 0, 0];
  for (const [i, value] of a.entries()) {
    const [da, db] = [value - ma, (b[i] ?? 0) - mb];
    [ab, aa, bb] = [ab + da * db, aa + da * da, bb + db * db];
  }
  return ab / Math.sqrt(aa * bb);
}

async function greys(image: Buffer): Promise<number[]> {
  return [...(await sharp(image).removeAlpha().greyscale().raw().toBuffer())];
}

describe('a picture', () => {
  test.each(['jpeg', 'png', 'webp'])(
    'comes as %s, the same bytes for the same request and seed',
    async (output_format) => {
      const more = { ...small, output_format };
      const first = await (await drawn()).picture('a lighthouse', more);
      expect((await sharp(first).metadata()).format).toBe(output_format);
      expect((await (await drawn()).picture('a lighthouse', more)).equals(first)).toBe(true);
      expect((await (await drawn()).picture('a lighthouse', { ...more, seed: 2 })).equals(first)).toBe(false);
    },
  );

  test('has the size asked for, or that of the ratio', async () => {
    const bench = await drawn();
    expect(await sharp(await bench.picture('p', { width: 256, height: 608 }, text)).metadata()).toMatchObject({
      width: 256,
      height: 608,
    });
    const wide = await sharp(await bench.picture('p', { aspect_ratio: '21:9' }, ultra)).metadata();
    expect(wide).toMatchObject({ width: 1568, height: 672 });
  });

  test('follows words of colour in the prompt', async () => {
    const bench = await drawn();
    const channels = async (prompt: string): Promise<number[]> =>
      (await sharp(await bench.picture(prompt, small)).stats()).channels.map((channel) => channel.mean);
    const [red = 0, , blue = 0] = await channels('a red maple');
    const [red2 = 0, , blue2 = 0] = await channels('a blue ocean');
    expect(red).toBeGreaterThan(blue);
    expect(blue2).toBeGreaterThan(red2);
  });

  test('looks different for another finetune', async () => {
    const bench = await drawn();
    const [one, two] = [
      await bench.picture('p', small),
      await bench.picture('p', { ...small, finetune_id: 'another' }),
    ];
    expect(difference((await pixels(one)).data, (await pixels(two)).data)).toBeGreaterThan(5);
  });

  test.each([text, canny, depth])('of %s shows more style with more finetune_strength', async (model) => {
    const bench = await drawn();
    const strengths = [0, 0.5, 1, 1.5, 2];
    const shots: Buffer[] = [];
    for (const finetune_strength of strengths) {
      const extra = model === text ? {} : { control_image, width: undefined, height: undefined };
      shots.push(
        (await pixels(await bench.picture('a blue lake', { ...small, ...extra, finetune_strength }, model))).data,
      );
    }
    const colour = shots.map(colourfulness);
    const change = shots.map((shot) => difference(shot, shots[0] ?? shot));
    expect(colour).toEqual(colour.toSorted((a, b) => a - b));
    expect(change).toEqual(change.toSorted((a, b) => a - b));
    expect((colour[4] ?? 0) / (colour[0] ?? 1)).toBeGreaterThan(1.5);
  });

  test('is small and real for load tests', async () => {
    const bench = await startBench({ image: 'small' });
    expect((await bench.picture('p', { output_format: 'webp' })).length).toBeLessThan(2000);
  });
});

describe('a picture from edges', () => {
  test.each([
    ['a glass', 50, 200],
    ['neon at night', 20, 60],
    ['a glass', 250, 500],
  ])('(%s) has lines exactly where Canny finds them at %i and %i', async (prompt, low, high) => {
    const bench = await drawn();
    const more = { control_image, canny_low_threshold: low, canny_high_threshold: high, output_format: 'png' };
    const picture = await pixels(await bench.picture(prompt, more, canny));
    expect(picture).toMatchObject({ width, height });
    const edges = await recomputeCanny((await pixels(control)).data, width, height, low, high);
    const [on, off] = [new Set<string>(), new Set<string>()];
    for (const [i, edge] of edges.entries()) {
      const [x, y] = [i % width, Math.floor(i / width)];
      if (free(x, y)) (edge === 255 ? on : off).add(at(picture.data, x, y));
    }
    expect(on.size).toBe(1);
    expect([...on].some((colour) => off.has(colour))).toBe(false);
  });

  test('takes null for the default thresholds', async () => {
    const bench = await drawn();
    const more = { control_image, seed: 1 };
    const nulls = { ...more, canny_low_threshold: null, canny_high_threshold: null };
    expect(await bench.picture('p', nulls, canny)).toEqual(await bench.picture('p', more, canny));
  });

  test('is fitted into 1440 pixels', async () => {
    const bench = await drawn();
    const large = base64(await still(2000, 1000));
    expect(await sharp(await bench.picture('p', { control_image: large }, canny)).metadata()).toMatchObject({
      width: 1440,
      height: 720,
    });
  });

  test('leaves no listener of the edge library on the process', async () => {
    await (await drawn()).picture('p', { control_image }, canny);
    const names = [...process.listeners('uncaughtException'), ...process.listeners('unhandledRejection')].map(String);
    expect(names.filter((source) => /ExitStatus|abort/.test(source))).toEqual([]);
  });
});

test('a picture from depth follows the light and dark of the control image, smoothly', async () => {
  const bench = await drawn();
  const picture = await bench.picture('clay', { control_image, output_format: 'png' }, depth);
  expect(correlation(await greys(picture), await greys(control))).toBeGreaterThan(0.8);
});

/** White in a box, black around it. */
async function mask(): Promise<Buffer> {
  const box = '<rect width="100%" height="100%"/><rect x="100" y="60" width="200" height="150" fill="#fff"/>';
  const attributes = `width="${width}" height="${height}" shape-rendering="crispEdges"`;
  return await sharp(Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" ${attributes}>${box}</svg>`))
    .png()
    .toBuffer();
}

function inside(x: number, y: number): boolean {
  return x >= 100 && x < 300 && y >= 60 && y < 210;
}

async function compare(more: Record<string, unknown>): Promise<{ kept: boolean; changed: number }> {
  const bench = await drawn();
  const [after, before] = [
    await pixels(await bench.picture('a sunset', { ...more, output_format: 'png' }, fill)),
    await pixels(control),
  ];
  let [kept, changed] = [true, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const same = at(after.data, x, y) === at(before.data, x, y);
      if (inside(x, y)) changed += same ? 0 : 1;
      else if (free(x, y) && !same) kept = false;
    }
  }
  return { kept, changed: changed / (200 * 150) };
}

describe('a filled picture', () => {
  test('is repainted where the mask is white and nowhere else', async () => {
    const { kept, changed } = await compare({ image: control_image, mask: base64(await mask()) });
    expect(kept).toBe(true);
    expect(changed).toBeGreaterThan(0.95);
  });

  test('is repainted where the image is transparent', async () => {
    const hole = await sharp(await mask())
      .greyscale()
      .negate()
      .raw()
      .toBuffer();
    const image = await sharp(control)
      .joinChannel(hole, { raw: { width, height, channels: 1 } })
      .png()
      .toBuffer();
    const { kept, changed } = await compare({ image: base64(image) });
    expect(kept).toBe(true);
    expect(changed).toBeGreaterThan(0.95);
  });
});
