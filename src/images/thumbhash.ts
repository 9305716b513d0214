import sharp from 'sharp';
import { rgbaToThumbHash } from 'thumbhash';
import { decodeGate } from './gate.js';
import { resultLimits, type ImageLimits } from './limits.js';

/** The algorithm keeps seven waves a side and takes 100 pixels at most; from 32 it finds them in a tenth of the work. */
const longestSide = 32;

/**
 * A placeholder of about 25 bytes: average colour, proportions and rough shapes, upright as displayed. The picture is
 * decoded in full and never by the decoder's shortcut of reading at a smaller scale, which passes over damage: so a
 * thumbhash also proves that the picture is whole. Throws the decoder's error where it is not.
 */
export async function thumbhash(bytes: Buffer, limits: ImageLimits = resultLimits): Promise<Buffer> {
  const { data, info } = await decodeGate(() =>
    sharp(bytes, { limitInputPixels: limits.maxPixels, failOn: limits.damage, sequentialRead: true })
      .autoOrient()
      .resize({
        width: longestSide,
        height: longestSide,
        fit: 'inside',
        withoutEnlargement: true,
        fastShrinkOnLoad: false,
      })
      .toColourspace('srgb')
      .ensureAlpha()
      .raw()
      .toBuffer({ resolveWithObject: true }),
  );
  return Buffer.from(rgbaToThumbHash(info.width, info.height, data));
}
