import sharp from 'sharp';
import { open, readControl, toGrey, toRgb, veil, type Raster } from './raster.js';
import type { Sketch } from './sketch.js';

/** Grey values: 255 where the picture is to be repainted. */
async function readMask({ control, mask, width, height }: Sketch & { kind: 'fill' }): Promise<Raster> {
  if (mask !== null)
    return await toGrey(
      sharp(mask).autoOrient().flatten({ background: '#000000' }).resize(width, height, { fit: 'fill' }),
    );
  const { hasAlpha } = await sharp(control).metadata();
  if (!hasAlpha) return { data: Buffer.alloc(width * height), width, height, channels: 1 };
  const alpha = sharp(control)
    .autoOrient()
    .ensureAlpha()
    .resize(width, height, { fit: 'fill' })
    .extractChannel('alpha')
    .negate();
  return await toGrey(alpha);
}

/** The image as it came, with `paint` in the masked part; outside of the mask not a pixel changes. */
export async function drawFill(sketch: Sketch & { kind: 'fill' }, paint: Raster): Promise<Raster> {
  const { width, height } = sketch;
  const [image, mask] = await Promise.all([readControl(sketch.control, width, height), readMask(sketch)]);
  return await toRgb(open(image).composite([await veil(paint, mask)]));
}
