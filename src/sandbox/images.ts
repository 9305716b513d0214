import sharp from 'sharp';
import type { Complaint, Fields, Values } from './validate.js';
import { sha256 } from './random.js';

/** Pixel size of an image as a person sees it, turned upright. */
export type Size = { width: number; height: number };

/** `hash` is the SHA-256 of the bytes. */
export type GivenImage = Size & { bytes: Buffer; hash: string };

/** Above this a control image is refused (limit of BFL's official Python client). */
const maxPixels = 20_000_000;
const maxRemembered = 256;
/** Fields of which the second is the mask of the first. */
const masked = [
  ['image', 'mask'],
  ['image_url', 'mask_url'],
] as const;

/** The bytes of an image field: base64, bare or in a data URI, as the field wants it. */
function decode(given: string, form: 'may' | 'must' | undefined): Buffer | null {
  const uri = form === undefined ? null : /^data:[\w/.+-]*;base64,/i.exec(given);
  if (uri === null && form === 'must') return null;
  const text = given.slice(uri?.[0].length ?? 0);
  const bytes = Buffer.from(text, 'base64');
  // Buffer skips what is no base64, so a text with foreign characters yields too few bytes.
  const expected = Math.floor((text.replace(/={1,2}$/, '').length * 3) / 4);
  return bytes.length > 0 && bytes.length === expected ? bytes : null;
}

async function measure(bytes: Buffer): Promise<Size | string> {
  try {
    const { autoOrient, ...found } = await sharp(bytes).metadata();
    if (found.width * found.height > maxPixels) return 'image has more than 20 megapixels';
    // Reading to the end finds a picture that was cut off; JPEGs are read at an eighth of their size, which is cheap.
    await sharp(bytes, { failOn: 'truncated' }).resize(8, 8, { fit: 'fill' }).raw().toBuffer();
    return { width: autoOrient.width, height: autoOrient.height };
  } catch {
    return 'image cannot be decoded';
  }
}

/**
 * Measures the images of a validated body; `at` is where its fields stand. An address is taken as it is and never followed:
 * the sandbox calls nobody but webhooks.
 */
export type CheckImages = (
  fields: Fields,
  values: Values,
  at: readonly string[],
) => Promise<{ images: Record<string, GivenImage>; complaints: Complaint[] }>;

/** Remembers what it has measured, since clients send the same image often. */
export function createImageCheck(): CheckImages {
  const known = new Map<string, Size>();

  async function sizeOf(hash: string, bytes: Buffer): Promise<Size | string> {
    const size = known.get(hash) ?? (await measure(bytes));
    if (typeof size === 'string') return size;
    known.set(hash, size);
    for (const oldest of known.keys()) {
      if (known.size <= maxRemembered) break;
      known.delete(oldest);
    }
    return size;
  }

  return async (fields, values, at) => {
    const images: Record<string, GivenImage> = {};
    const complaints: Complaint[] = [];
    for (const [name, field] of Object.entries(fields)) {
      const text = values[name];
      if (field.type !== 'image' || typeof text !== 'string') continue;
      if (field.orUrl && /^https?:\/\//i.test(text)) continue;
      const bytes = decode(text, field.dataUri);
      if (bytes === null) {
        const form = field.dataUri === 'must' ? 'an http address or a data URI in base64' : 'valid base64';
        complaints.push({ loc: [...at, name], msg: `Value error, not ${form}`, type: 'value_error' });
        continue;
      }
      const hash = sha256(bytes);
      const size = await sizeOf(hash, bytes);
      if (typeof size === 'string') {
        complaints.push({ loc: [...at, name], msg: `Value error, ${size}`, type: 'value_error' });
      } else {
        images[name] = { bytes, hash, ...size };
      }
    }
    for (const [imageName, maskName] of masked) {
      const [image, mask] = [images[imageName], images[maskName]];
      if (image === undefined || mask === undefined) continue;
      if (image.width === mask.width && image.height === mask.height) continue;
      const msg = `Value error, mask must have the size of the image, ${image.width}x${image.height}`;
      complaints.push({ loc: [...at, maskName], msg, type: 'value_error' });
    }
    return { images, complaints };
  };
}
