import { createHash } from 'node:crypto';
import sharp from 'sharp';
import { formatOf, readPngChunks, type ContentType } from './format.js';
import { uploadLimits, type ImageLimits } from './limits.js';
import { notAnImage, tooManyBytes, tooManyPixels, tooSmall, type ImageRefusal } from './refusal.js';
import { thumbhash } from './thumbhash.js';

/** What is known of an image once it is found good. */
export type InspectedImage = {
  contentType: ContentType;
  /** Pixels as displayed, that is after the EXIF orientation. */
  width: number;
  height: number;
  /** Size of the file. */
  bytes: number;
  /** Of the file, in lower-case hex. */
  sha256: string;
  thumbhash: Buffer;
};

export type Inspection = { ok: true; image: InspectedImage } | ImageRefusal;

/** Holds the size of an image against the limits (those of uploads unless said otherwise); null when it is within them. */
export function checkSize(
  image: { bytes: number; width: number; height: number },
  limits: ImageLimits = uploadLimits,
): ImageRefusal | null {
  if (image.bytes > limits.maxBytes) return tooManyBytes(image.bytes, limits.maxBytes);
  if (image.width * image.height > limits.maxPixels) return tooManyPixels(image, limits.maxPixels);
  if (Math.min(image.width, image.height) < limits.minSide) return tooSmall(image, limits.minSide);
  return null;
}

/**
 * Finds out whether bytes from outside are a whole JPEG, PNG or WebP within the limits (those of uploads unless said
 * otherwise). Never throws on account of the bytes. The header is judged before a pixel is decoded, so a small file that
 * would unfold to gigabytes costs nothing.
 */
export async function inspectImage(bytes: Buffer, limits: ImageLimits = uploadLimits): Promise<Inspection> {
  if (bytes.length === 0) return notAnImage('The image is empty.');
  if (bytes.length > limits.maxBytes) return tooManyBytes(bytes.length, limits.maxBytes);

  const format = formatOf(bytes);
  if (!format.accepted) {
    if (format.name === null) return notAnImage('This is no image; JPEG, PNG and WebP are accepted.');
    return notAnImage(`${format.name.toUpperCase()} is not accepted; JPEG, PNG and WebP are.`, format.name);
  }

  const header = await readHeader(bytes);
  if (!header || header.format !== format.decoder) {
    return notAnImage(`The ${format.decoder.toUpperCase()} is damaged: its header cannot be read.`, format.decoder);
  }
  const size = header.autoOrient;
  // Size before anything that reads on: a bomb should be named as one.
  const outside = checkSize({ bytes: bytes.length, ...size }, limits);
  if (outside !== null) return outside;

  const png = format.decoder === 'png' ? readPngChunks(bytes) : null;
  if ((header.pages ?? 1) > 1 || png?.animated === true) {
    return notAnImage('The image is animated; only still images are accepted.', `animated ${format.decoder}`);
  }
  const hash = png?.complete === false ? null : await thumbhash(bytes, limits).catch(() => null);
  if (!hash) {
    const message = `The ${format.decoder.toUpperCase()} is damaged or cut short: it cannot be decoded to its end.`;
    return notAnImage(message, format.decoder);
  }

  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return {
    ok: true,
    image: { contentType: format.contentType, ...size, bytes: bytes.length, sha256, thumbhash: hash },
  };
}

async function readHeader(bytes: Buffer) {
  // No pixel limit here: it would only say "too many", where the caller should hear how many.
  return sharp(bytes, { limitInputPixels: false })
    .metadata()
    .catch(() => null);
}
