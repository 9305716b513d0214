import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { inspectImage, type Inspection } from '../../src/images/inspect.js';
import { resultLimits, uploadLimits } from '../../src/images/limits.js';
import { flat, noisy } from './pictures.js';

function refusalOf(inspection: Inspection) {
  if (inspection.ok) throw new Error('was accepted');
  return inspection;
}

/** A PNG's header that claims any size, with no pixels behind it worth the name. */
async function pngClaiming(width: number, height: number): Promise<Buffer> {
  const png = await flat({ width: 256, height: 256 }).png().toBuffer();
  png.writeUInt32BE(width, 16);
  png.writeUInt32BE(height, 20);
  png.writeUInt32BE(crc32(png.subarray(12, 29)), 29);
  return png;
}

function crc32(bytes: Buffer): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit += 1) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return (crc ^ 0xffffffff) >>> 0;
}

describe('what is accepted', () => {
  it.each(['jpeg', 'png', 'webp'] as const)('%s', async (format) => {
    const bytes = await noisy({ width: 300, height: 260 }).toFormat(format).toBuffer();
    const inspection = await inspectImage(bytes);
    expect(inspection).toEqual({
      ok: true,
      image: {
        contentType: `image/${format}`,
        width: 300,
        height: 260,
        bytes: bytes.length,
        sha256: createHash('sha256').update(bytes).digest('hex'),
        thumbhash: expect.any(Buffer),
      },
    });
  });

  it.each([
    ['grey', () => flat({ width: 256, height: 256 }).toColourspace('b-w').png()],
    ['16 bits', () => flat({ width: 256, height: 256 }).toColourspace('rgb16').png()],
    ['16 bits of grey', () => flat({ width: 256, height: 256 }).toColourspace('grey16').png()],
    ['CMYK', () => flat({ width: 256, height: 256 }).toColourspace('cmyk').jpeg()],
    ['transparent', () => flat({ width: 256, height: 256 }).ensureAlpha(0.5).png()],
    ['palette', () => flat({ width: 256, height: 256 }).png({ palette: true })],
    ['progressive', () => noisy({ width: 256, height: 256 }).jpeg({ progressive: true })],
  ])('%s', async (_name, picture) => {
    expect(await inspectImage(await picture().toBuffer())).toMatchObject({ ok: true });
  });

  it.each([
    [1, 400, 300],
    [3, 400, 300],
    [6, 300, 400],
    [8, 300, 400],
  ])('EXIF orientation %i: %i×%i as displayed', async (orientation, width, height) => {
    const bytes = await noisy({ width: 400, height: 300 }).withMetadata({ orientation }).jpeg().toBuffer();
    expect(await inspectImage(bytes)).toMatchObject({ ok: true, image: { width, height } });
  });
});

describe('sides', () => {
  it('takes 256×256', async () => {
    const bytes = await flat({ width: 256, height: 256 }).png().toBuffer();
    expect(await inspectImage(bytes)).toMatchObject({ ok: true });
  });

  it.each([
    [255, 256, 255],
    [256, 255, 255],
    [1, 4000, 1],
  ])('refuses %i×%i', async (width, height, given) => {
    const inspection = await inspectImage(await flat({ width, height }).png().toBuffer());
    expect(inspection).toEqual({
      ok: false,
      reason: 'TOO_SMALL',
      message: `The image is ${width}×${height} px; each side must have at least 256 px.`,
      limit: 256,
      given,
    });
  });

  it('a result may be a single pixel', async () => {
    const bytes = await flat({ width: 1, height: 1 }).webp().toBuffer();
    expect(await inspectImage(bytes, resultLimits)).toMatchObject({ ok: true });
  });
});

describe('pixels', () => {
  it('takes exactly 20 megapixels', async () => {
    const bytes = await flat({ width: 5000, height: 4000 }).png().toBuffer();
    expect(await inspectImage(bytes)).toMatchObject({ ok: true });
  });

  it('refuses one row more, and says how many', async () => {
    const bytes = await flat({ width: 5000, height: 4001 }).png().toBuffer();
    expect(await inspectImage(bytes)).toEqual({
      ok: false,
      reason: 'TOO_MANY_PIXELS',
      message: 'The image is 5000×4001, 20.01 megapixels; at most 20 megapixels are allowed.',
      limit: 20_000_000,
      given: 20_005_000,
    });
    expect(await inspectImage(bytes, resultLimits)).toMatchObject({ ok: true });
  });

  it('judges a bomb by its header alone', async () => {
    const bomb = await pngClaiming(60_000, 60_000);
    const began = performance.now();
    expect(await inspectImage(bomb)).toMatchObject({ reason: 'TOO_MANY_PIXELS', given: 3_600_000_000 });
    expect(performance.now() - began).toBeLessThan(500);
  });

  it('refuses a header that claims more than there is', async () => {
    expect(await inspectImage(await pngClaiming(1000, 1000))).toMatchObject({ reason: 'NOT_AN_IMAGE', given: 'png' });
  });
});

describe('bytes', () => {
  it.each([
    ['upload', uploadLimits, 15 * 1024 * 1024],
    ['result', resultLimits, 40 * 1024 * 1024],
  ])('of an %s', async (_name, limits, limit) => {
    const png = await flat({ width: 256, height: 256 }).png().toBuffer();
    const full = Buffer.concat([png], limit);
    expect(await inspectImage(full, limits)).toMatchObject({ ok: true, image: { bytes: limit } });
    const refusal = refusalOf(await inspectImage(Buffer.concat([png], limit + 1), limits));
    expect(refusal).toMatchObject({ reason: 'TOO_MANY_BYTES', limit, given: limit + 1 });
    expect(refusal.message).toMatch(/^The image has (15|40)\.01 MiB; at most (15|40) MiB \(\d+ bytes\) are allowed\.$/);
  });
});

describe('what is no image, or none of ours', () => {
  const svg = '<svg xmlns="http://www.w3.org/2000/svg" width="300" height="300"><rect width="9" height="9"/></svg>';

  it.each([
    ['gif', () => noisy({ width: 256, height: 256 }).gif().toBuffer()],
    ['tiff', () => noisy({ width: 256, height: 256 }).tiff().toBuffer()],
    ['avif', () => flat({ width: 256, height: 256 }).avif().toBuffer()],
    ['svg', () => Buffer.from(svg)],
    ['svg', () => Buffer.from(`\uFEFF<?xml version="1.0"?>\n<!-- x -->${svg}`)],
    ['pdf', () => Buffer.from('%PDF-1.7\n')],
    ['bmp', () => Buffer.from('BM0000000000')],
  ])('refuses %s by name', async (given, make) => {
    expect(await inspectImage(await make())).toEqual({
      ok: false,
      reason: 'NOT_AN_IMAGE',
      message: `${given.toUpperCase()} is not accepted; JPEG, PNG and WebP are.`,
      limit: null,
      given,
    });
  });

  it.each([
    ['nothing', Buffer.alloc(0), 'The image is empty.'],
    ['text', Buffer.from('hello'), 'This is no image; JPEG, PNG and WebP are accepted.'],
    ['one byte', Buffer.from([0xff]), 'This is no image; JPEG, PNG and WebP are accepted.'],
    ['SVG as WebP', Buffer.from(`RIFF    WEBP${svg}`), 'The WEBP is damaged: its header cannot be read.'],
    ['SVG as JPEG', Buffer.from(`\xff\xd8\xff${svg}`, 'latin1'), 'The JPEG is damaged: its header cannot be read.'],
  ])('%s', async (_name, bytes, message) => {
    expect(refusalOf(await inspectImage(bytes))).toMatchObject({ reason: 'NOT_AN_IMAGE', message });
  });

  it('an animated WebP', async () => {
    const frame = await flat({ width: 256, height: 256 }).png().toBuffer();
    const other = await flat({ width: 256, height: 256 }, '#fff').png().toBuffer();
    const bytes = await sharp([frame, other], { join: { animated: true } })
      .webp()
      .toBuffer();
    expect(await inspectImage(bytes)).toMatchObject({ reason: 'NOT_AN_IMAGE', given: 'animated webp' });
  });

  it('an animated PNG, which the decoder takes for a still one', async () => {
    const png = await flat({ width: 256, height: 256 }).png().toBuffer();
    const control = Buffer.alloc(20);
    control.writeUInt32BE(8, 0);
    control.write('acTL', 4);
    control.writeUInt32BE(2, 8);
    control.writeUInt32BE(crc32(control.subarray(4, 16)), 16);
    const bytes = Buffer.concat([png.subarray(0, 33), control, png.subarray(33)]);
    expect(await sharp(bytes).stats()).toBeTruthy();
    expect(await inspectImage(bytes)).toMatchObject({ reason: 'NOT_AN_IMAGE', given: 'animated png' });
  });
});

describe('damage', () => {
  it.each(['jpeg', 'png', 'webp'] as const)('refuses a %s cut short anywhere', async (format) => {
    const bytes = await noisy({ width: 300, height: 300 }).toFormat(format).toBuffer();
    const lengths = [4, 12, 33, 100, ...[0.1, 0.5, 0.9, 0.999].map((part) => Math.floor(bytes.length * part))];
    for (const length of [...lengths, bytes.length - 4]) {
      for (const limits of [uploadLimits, resultLimits]) {
        const refusal = refusalOf(await inspectImage(bytes.subarray(0, length), limits));
        expect(refusal.reason, `${length} bytes`).toBe('NOT_AN_IMAGE');
        expect(refusal.message, `${length} bytes`).toMatch(/damaged|no image/);
      }
    }
  });

  it('refuses a PNG with one bit turned', async () => {
    const bytes = await noisy({ width: 300, height: 300 }).png().toBuffer();
    bytes.writeUInt8(bytes.readUInt8(bytes.length >> 1) ^ 1, bytes.length >> 1);
    expect(await inspectImage(bytes)).toMatchObject({ reason: 'NOT_AN_IMAGE', given: 'png' });
  });

  it('refuses a JPEG with a hole in an upload', async () => {
    const bytes = await noisy({ width: 300, height: 300 }).jpeg().toBuffer();
    bytes.fill(0xff, bytes.length >> 1, (bytes.length >> 1) + 200);
    expect(await inspectImage(bytes)).toMatchObject({ reason: 'NOT_AN_IMAGE', given: 'jpeg' });
  });
});
