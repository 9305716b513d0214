import sharp from 'sharp';
import { afterAll, describe, expect, it } from 'vitest';
import { cannyEdges, stopEdges } from '../../src/images/edges.js';
import { flat, noisy, rectangle } from './pictures.js';

afterAll(stopEdges);

function isNearSide(at: number): boolean {
  return Math.abs(at - 64) <= 1 || Math.abs(at - 192) <= 1;
}

describe('cannyEdges', () => {
  it('draws the outline of a rectangle, one pixel wide, and nothing else', async () => {
    const { png, width, height, share } = await cannyEdges(await rectangle(256), 50, 200);
    expect([width, height]).toEqual([256, 256]);
    const { data, info } = await sharp(png).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height, info.channels]).toEqual([256, 256, 1]);
    expect(await sharp(png).metadata()).toMatchObject({ format: 'png', channels: 1 });
    expect(new Set(data)).toEqual(new Set([0, 255]));

    const edges = [...data.keys()].filter((at) => data[at] === 255).map((at) => ({ x: at % 256, y: at >> 8 }));
    expect(share).toBe(edges.length / 65_536);
    // Four sides of 128 pixels, give or take the corners.
    expect(edges.length).toBeGreaterThan(500);
    expect(edges.length).toBeLessThan(524);
    expect(edges.filter(({ x, y }) => !isNearSide(x) && !isNearSide(y))).toEqual([]);
  });

  it('finds more as the thresholds fall, and nothing in a flat picture', async () => {
    const picture = await noisy({ width: 300, height: 260 }).blur(1.5).png().toBuffer();
    const shares: number[] = [];
    for (const [low, high] of [
      [500, 500],
      [200, 400],
      [100, 200],
      [20, 50],
      [0, 0],
    ] as const) {
      shares.push((await cannyEdges(picture, low, high)).share);
    }
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(new Set(shares).size).toBeGreaterThan(3);
    const nothing = await cannyEdges(await flat({ width: 256, height: 256 }).jpeg().toBuffer(), 0, 1);
    expect(nothing.share).toBe(0);
  });

  it('sees an edge between colours of the same grey', async () => {
    const green = await flat({ width: 128, height: 256 }, '#008200').png().toBuffer();
    const picture = await flat({ width: 256, height: 256 }, '#ff0000')
      .composite([{ input: green, left: 128, top: 0 }])
      .png()
      .toBuffer();
    expect((await cannyEdges(picture, 100, 200)).share).toBeCloseTo(1 / 256, 3);
  });

  it.each([
    ['grey', () => flat({ width: 256, height: 300 }).toColourspace('b-w').png()],
    ['16 bits', () => flat({ width: 256, height: 300 }).toColourspace('rgb16').png()],
    ['transparent', () => flat({ width: 256, height: 300 }).ensureAlpha(0.5).webp()],
    ['CMYK', () => flat({ width: 256, height: 300 }).toColourspace('cmyk').jpeg()],
    ['turned', () => flat({ width: 300, height: 256 }).withMetadata({ orientation: 6 }).jpeg()],
  ])('takes a picture that is %s', async (_name, picture) => {
    expect(await cannyEdges(await picture().toBuffer(), 50, 200)).toMatchObject({ width: 256, height: 300, share: 0 });
  });

  it('takes 20 megapixels while the event loop goes on', async () => {
    const picture = await flat({ width: 5000, height: 4000 }).png().toBuffer();
    let beats = 0;
    const heart = setInterval(() => (beats += 1), 10);
    const edges = await cannyEdges(picture, 50, 200).finally(() => clearInterval(heart));
    expect(edges).toMatchObject({ width: 5000, height: 4000, share: 0 });
    expect(beats).toBeGreaterThan(10);
  });

  it.each([
    [-1, 200],
    [50, 501],
    [NaN, 200],
  ])('refuses the thresholds %d and %d', async (low, high) => {
    await expect(cannyEdges(Buffer.alloc(0), low, high)).rejects.toMatchObject({ code: 'BAD_REQUEST' });
  });

  it('fails on a broken picture, and works again after that and after a stop', async () => {
    await expect(cannyEdges(Buffer.from('hello'), 50, 200)).rejects.toThrow(/unsupported/);
    const picture = await rectangle(256);
    const running = cannyEdges(picture, 50, 200);
    await running;
    await stopEdges();
    const [first, second] = await Promise.all([cannyEdges(picture, 50, 200), cannyEdges(picture, 50, 200)]);
    expect(first.png.equals(second.png)).toBe(true);
  });
});
