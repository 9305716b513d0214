import sharp from 'sharp';
import { thumbHashToApproximateAspectRatio, thumbHashToAverageRGBA } from 'thumbhash';
import { describe, expect, it } from 'vitest';
import { createGate } from '../../src/images/gate.js';
import { thumbhash } from '../../src/images/thumbhash.js';
import { stepFor, thumbnail, thumbnailWidths } from '../../src/images/thumbnail.js';
import { upright } from '../../src/images/upright.js';
import { flat, noisy } from './pictures.js';

/** Red on the left, blue on the right, as stored; turned clockwise by 90° when displayed. */
async function turned(format: 'jpeg' | 'png' | 'webp' = 'jpeg'): Promise<Buffer> {
  const right = await flat({ width: 200, height: 300 }, '#00f').png().toBuffer();
  return flat({ width: 400, height: 300 }, '#f00')
    .composite([{ input: right, left: 200, top: 0 }])
    .withMetadata({ orientation: 6 })
    .toFormat(format)
    .toBuffer();
}

async function colourAt(bytes: Buffer, left: number, top: number): Promise<'red' | 'blue' | 'other'> {
  const [red = 0, , blue = 0] = await sharp(bytes).extract({ left, top, width: 1, height: 1 }).raw().toBuffer();
  if (red > 200 && blue < 50) return 'red';
  return blue > 200 && red < 50 ? 'blue' : 'other';
}

describe('thumbhash', () => {
  it.each([
    ['#cc3322', 300, 200],
    ['#22aa44', 200, 300],
    ['#808080', 4000, 300],
  ])('keeps the colour %s and the proportions %i:%i', async (colour, width, height) => {
    const hash = await thumbhash(await flat({ width, height }, colour).png().toBuffer());
    expect(hash.length).toBeLessThanOrEqual(25);
    const { r, g, b, a } = thumbHashToAverageRGBA(hash);
    const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16) / 255);
    expect(r).toBeCloseTo(red ?? 0, 1);
    expect(g).toBeCloseTo(green ?? 0, 1);
    expect(b).toBeCloseTo(blue ?? 0, 1);
    expect(a).toBe(1);
    expect(thumbHashToApproximateAspectRatio(hash) > 1).toBe(width > height);
  });

  it('is upright', async () => {
    expect(thumbHashToApproximateAspectRatio(await thumbhash(await turned()))).toBeLessThan(1);
  });

  it('knows transparency', async () => {
    const bytes = await flat({ width: 256, height: 256 }).ensureAlpha(0.5).png().toBuffer();
    expect(thumbHashToAverageRGBA(await thumbhash(bytes)).a).toBeCloseTo(0.5, 1);
  });
});

describe('thumbnail', () => {
  it.each([
    [-1, 64],
    [1, 64],
    [64, 64],
    [65, 128],
    [300, 384],
    [1536, 1536],
    [1537, 1536],
    [Infinity, 1536],
    [NaN, 1536],
  ])('%d px are served from %i', (asked, step) => {
    expect(stepFor(asked)).toBe(step);
    expect(thumbnailWidths).toContain(step);
  });

  it.each([
    [1000, 500, 256, 256, 128],
    [300, 200, 512, 300, 200],
    [64, 20_000, 64, 52, 16_383],
  ])('%i×%i at %i becomes %i×%i', async (width, height, step, wide, high) => {
    const picture = await flat({ width, height }).png().toBuffer();
    const { bytes, contentType } = await thumbnail(picture, stepFor(step));
    expect(contentType).toBe('image/webp');
    expect(await sharp(bytes).metadata()).toMatchObject({ format: 'webp', width: wide, height: high });
  });

  it('is upright and has no metadata', async () => {
    const { bytes } = await thumbnail(await turned(), 128);
    const { width, height, orientation, exif } = await sharp(bytes).metadata();
    expect({ width, height, orientation, exif }).toEqual({
      width: 128,
      height: 171,
      orientation: undefined,
      exif: undefined,
    });
    expect([await colourAt(bytes, 64, 10), await colourAt(bytes, 64, 160)]).toEqual(['red', 'blue']);
  });

  it('fails on a broken picture', async () => {
    const bytes = await noisy({ width: 300, height: 300 }).png().toBuffer();
    await expect(thumbnail(bytes.subarray(0, 1000), 128)).rejects.toThrow(/png/i);
  });
});

describe('upright', () => {
  it.each(['jpeg', 'png', 'webp'] as const)('turns the pixels of a %s', async (format) => {
    const bytes = await upright(await turned(format));
    const { width, height, orientation, format: kept } = await sharp(bytes).metadata();
    expect({ width, height, kept }).toEqual({ width: 300, height: 400, kept: format });
    expect(orientation ?? 1).toBe(1);
    expect([await colourAt(bytes, 150, 50), await colourAt(bytes, 150, 350)]).toEqual(['red', 'blue']);
  });

  it('leaves alone what is upright', async () => {
    const bytes = await noisy({ width: 300, height: 300 }).jpeg().toBuffer();
    expect(await upright(bytes)).toBe(bytes);
  });
});

describe('gate', () => {
  it('keeps the bound, the order, and goes on after a failure', async () => {
    const gate = createGate(2);
    const began: number[] = [];
    let running = 0;
    let most = 0;
    const runs = [...Array(20).keys()].map((n) =>
      gate(async () => {
        began.push(n);
        most = Math.max(most, (running += 1));
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        if (n % 5 === 0) throw new Error(`run ${n}`);
        return n;
      }),
    );
    const ends = await Promise.allSettled(runs);
    expect(most).toBe(2);
    expect(began).toEqual([...Array(20).keys()]);
    expect(ends.filter((end) => end.status === 'rejected')).toHaveLength(4);
  });
});
