import sharp from 'sharp';
import { expect, it } from 'vitest';
import { pictureDistance } from '../../src/images/distance.js';
import { flat, noisy, rectangle } from './pictures.js';

const large = { width: 800, height: 600 };

it('is 0 for the same picture, and next to nothing for the same one saved anew', async () => {
  const one = await rectangle(512);
  expect(await pictureDistance(one, one)).toBeCloseTo(0, 6);
  const saved = await sharp(one).jpeg({ quality: 85 }).toBuffer();
  expect(await pictureDistance(one, saved)).toBeLessThan(0.05);
  const smaller = await sharp(one).resize(300).png().toBuffer();
  expect(await pictureDistance(one, smaller)).toBeLessThan(0.1);
});

it('grows with what is different, up to 1', async () => {
  const one = await rectangle(512);
  const moved = await sharp(one).affine([1, 0, 0, 1], { odx: 40 }).resize(512, 512, { fit: 'fill' }).png().toBuffer();
  const negative = await sharp(one).negate({ alpha: false }).png().toBuffer();
  const noise = await noisy(large).png().toBuffer();
  const near = await pictureDistance(one, moved);
  expect(near).toBeGreaterThan(0.01);
  expect(await pictureDistance(one, noise)).toBeGreaterThan(near);
  for (const other of [negative, noise]) {
    const distance = await pictureDistance(one, other);
    expect(distance).toBeGreaterThan(0.5);
    expect(distance).toBeLessThanOrEqual(1);
  }
});

it('sees another colour of the same lightness', async () => {
  // Both have the same luminance, so a comparison in grey would take them for the same.
  const [red, green] = await Promise.all([
    flat(large, '#c80000').png().toBuffer(),
    flat(large, '#006600').png().toBuffer(),
  ]);
  expect(await pictureDistance(red, green)).toBeGreaterThan(0.3);
});

it('compares other proportions and transparent pictures too', async () => {
  const wide = await flat({ width: 900, height: 300 }).png().toBuffer();
  const tall = await flat({ width: 300, height: 900 }).png().toBuffer();
  expect(await pictureDistance(wide, tall)).toBeCloseTo(0, 3);
  const clear = await sharp(wide).ensureAlpha(0.5).png().toBuffer();
  expect(await pictureDistance(wide, clear)).toBeLessThanOrEqual(1);
  const tiny = await flat({ width: 3, height: 900 }).png().toBuffer();
  expect(await pictureDistance(tiny, wide)).toBeCloseTo(0, 3);
});

it('fails on what is no whole picture', async () => {
  const one = await rectangle(256);
  await expect(pictureDistance(one, one.subarray(0, 100))).rejects.toThrow(/./);
});
