import sharp from 'sharp';
import { decodeGate } from './gate.js';
import { resultLimits } from './limits.js';

/** The widths in pixels at which thumbnails are made: few, so that callers cannot fill the disk with derived files. */
export const thumbnailWidths = [64, 128, 256, 384, 512, 768, 1024, 1536] as const;
export type ThumbnailWidth = (typeof thumbnailWidths)[number];

/** WebP cannot be higher. */
const maxHeight = 16_383;

/** The smallest step that is at least `width`, or the largest step where there is none. */
export function stepFor(width: number): ThumbnailWidth {
  return thumbnailWidths.find((step) => step >= width) ?? 1536;
}

/**
 * A WebP at most `width` pixels wide, upright, in its own proportions, without the original's metadata (place, camera).
 * Never wider than the image itself. Throws the decoder's error on bytes that `inspectImage` would refuse.
 */
export async function thumbnail(
  bytes: Buffer,
  width: ThumbnailWidth,
): Promise<{ bytes: Buffer; contentType: 'image/webp' }> {
  const made = await decodeGate(() =>
    sharp(bytes, { limitInputPixels: resultLimits.maxPixels, failOn: resultLimits.damage, sequentialRead: true })
      .autoOrient()
      .resize({ width, height: maxHeight, fit: 'inside', withoutEnlargement: true })
      .webp({ quality: 80 })
      .toBuffer(),
  );
  return { bytes: made, contentType: 'image/webp' };
}
