import sharp from 'sharp';
import { ssim } from 'ssim.js';
import { decodeGate } from './gate.js';
import { resultLimits } from './limits.js';

/** Longest side of the reductions that are compared, in pixels. */
const side = 256;

type Plane = { data: Uint8ClampedArray; width: number; height: number };

/**
 * How different two pictures look: 0 the same, 1 nothing in common. It is one minus the structural similarity (SSIM), the
 * mean over red, green and blue, of both pictures reduced to 256 pixels of the longest side in the first one's proportions.
 * So it sees where things are and what colour they have, not fine grain, and not what a picture means: the same picture
 * saved anew as a JPEG is below 0.05, and two good drawings of one prompt may well be far apart.
 * Throws the decoder's error on bytes that are no whole picture.
 */
export async function pictureDistance(one: Buffer, other: Buffer): Promise<number> {
  const { width, height } = await sharp(one).metadata();
  const scale = Math.min(1, side / Math.max(width, height));
  // SSIM looks through a window of 11 pixels.
  const size = { width: Math.max(16, Math.round(width * scale)), height: Math.max(16, Math.round(height * scale)) };
  const [a, b] = [await planes(one, size), await planes(other, size)];
  const similarities = a.map((plane, n) => ssim(plane, b[n] ?? plane, { downsample: false }).mssim);
  const mean = similarities.reduce((total, each) => total + each, 0) / similarities.length;
  return Math.min(1, Math.max(0, 1 - mean));
}

/** A picture's red, green and blue, each as a grey picture, which is what SSIM compares. */
async function planes(bytes: Buffer, size: { width: number; height: number }): Promise<Plane[]> {
  const rgb = await decodeGate(async () => {
    const picture = sharp(bytes, { limitInputPixels: resultLimits.maxPixels, failOn: resultLimits.damage });
    return await picture
      .autoOrient()
      .resize({ ...size, fit: 'fill' })
      .flatten()
      .toColourspace('srgb')
      .removeAlpha()
      .raw()
      .toBuffer();
  });
  return [0, 1, 2].map((channel) => {
    const data = new Uint8ClampedArray(size.width * size.height * 4);
    for (let pixel = 0; pixel < size.width * size.height; pixel += 1) {
      data.fill(rgb[pixel * 3 + channel] ?? 0, pixel * 4, pixel * 4 + 3);
      data[pixel * 4 + 3] = 255;
    }
    return { data, width: size.width, height: size.height };
  });
}
