import sharp from 'sharp';
import { decodeGate } from './gate.js';
import { uploadLimits } from './limits.js';

/**
 * The same picture with its EXIF orientation carried out, for providers that read pixels and ignore EXIF: they would
 * draw a portrait photograph lying on its side, and bill it. Bytes that need no turning come back untouched. JPEG is
 * written again at quality 95, the others without loss. Throws the decoder's error on bytes that `inspectImage` would
 * refuse, so inspect first, and once more what comes back.
 */
export async function upright(bytes: Buffer): Promise<Buffer> {
  const input = { limitInputPixels: uploadLimits.maxPixels, failOn: uploadLimits.damage };
  const { orientation, format } = await sharp(bytes, input).metadata();
  if (orientation === undefined || orientation === 1) return bytes;
  return decodeGate(async () => {
    const turned = sharp(bytes, input).autoOrient();
    if (format === 'jpeg') return turned.jpeg({ quality: 95, chromaSubsampling: '4:4:4' }).toBuffer();
    return format === 'webp' ? turned.webp({ lossless: true }).toBuffer() : turned.png().toBuffer();
  });
}
