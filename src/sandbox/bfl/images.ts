import sharp from 'sharp';
import type { Complaint, Fields, Values } from '../validate.js';
import { sha256 } from '../random.js';

/** Pixel size of an image as a person sees it, turned upright. */
export type Size = { width: number; height: number };

/** `hash` is the SHA-256 of the bytes. */
type GivenImage = Size & { bytes: Buffer; hash: string };

/** Above this a control image is refused (limit of BFL's official Python client). */
const maxPixels = 20_000_000;
const maxRemembered = 256;

function decode(text: string): Buffer | null {
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

/** Checks the images of a validated body. Remembers what it has measured, since clients send the same image often. */
export function createImageCheck(): (
  fields: Fields,
  values: Values,
) => Promise<{ images: Record<string, GivenImage>; complaints: Complaint[] }> {
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

  return async (fields, values) => {
    const images: Record<string, GivenImage> = {};
    const complaints: Complaint[] = [];
    for (const [name, field] of Object.entries(fields)) {
      const text = values[name];
      if (field.type !== 'image' || typeof text !== 'string') continue;
      if (field.orUrl && /^https?:\/\//i.test(text)) continue;
      const bytes = decode(text);
      if (bytes === null) {
        complaints.push({ loc: ['body', name], msg: 'Value error, not valid base64', type: 'value_error' });
        continue;
      }
      const hash = sha256(bytes);
      const size = await sizeOf(hash, bytes);
      if (typeof size === 'string') {
        complaints.push({ loc: ['body', name], msg: `Value error, ${size}`, type: 'value_error' });
      } else {
        images[name] = { bytes, hash, ...size };
      }
    }
    const { image, mask } = images;
    if (image !== undefined && mask !== undefined && (image.width !== mask.width || image.height !== mask.height)) {
      const msg = `Value error, mask must have the size of the image, ${image.width}x${image.height}`;
      complaints.push({ loc: ['body', 'mask'], msg, type: 'value_error' });
    }
    return { images, complaints };
  };
}
