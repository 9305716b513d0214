import type { ImageRecord } from '../domain/generation.js';
import { keyOf } from '../domain/ids.js';
import type { Images } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked } from '../domain/refusal.js';
import { imageRefusal, type InspectedImage, type Inspection } from './images.js';

/** An image as a caller gives it: exactly one of the three. */
export type ImageInput = { imageId?: string | null; url?: string | null; base64?: string | null };

/** An image that was checked: one the project has, or bytes that are not kept yet. */
export type CheckedImage = { kind: 'kept'; image: ImageRecord } | { kind: 'new'; image: InspectedImage; bytes: Buffer };

export type ImageReader = {
  images: Images;
  inspect: (bytes: Buffer) => Promise<Inspection>;
  /** Holds an image's size against the limits of input images; null when it is within them. */
  checkSize: (image: { bytes: number; width: number; height: number }) => Extract<Inspection, { ok: false }> | null;
  decode: (text: string) => { ok: true; bytes: Buffer } | Extract<Inspection, { ok: false }>;
};

/** Finds or decodes an image without writing anything. */
export async function checkImage(
  reader: ImageReader,
  projectId: string,
  input: ImageInput,
  path: readonly string[],
): Promise<Checked<CheckedImage>> {
  const given = (['imageId', 'url', 'base64'] as const).filter((name) => (input[name] ?? null) !== null);
  if (given.length !== 1) {
    const message = `Give exactly one of imageId, url and base64; ${given.length === 0 ? 'none' : given.join(' and ')} was given.`;
    return refused(refusal('INVALID', path, message));
  }
  if (input.imageId != null) {
    const key = keyOf('Image', input.imageId);
    const [image] = key === null ? [] : await reader.images.find(projectId, [key]);
    if (image !== undefined) {
      // A picture that a provider made may be outside what providers take.
      const outside = reader.checkSize(image);
      if (outside !== null) return refused(imageRefusal(outside, [...path, 'imageId']));
      return accepted({ kind: 'kept', image });
    }
    return refused(
      refusal('NOT_FOUND', [...path, 'imageId'], 'There is no such image in your project.', { given: input.imageId }),
    );
  }
  if (input.base64 != null) {
    const decoded = reader.decode(input.base64);
    if (!decoded.ok) return refused(imageRefusal(decoded, [...path, 'base64']));
    const inspection = await reader.inspect(decoded.bytes);
    if (!inspection.ok) return refused(imageRefusal(inspection, [...path, 'base64']));
    return accepted({ kind: 'new', image: inspection.image, bytes: inspection.content });
  }
  const message = 'Images are not fetched from addresses yet; send the bytes to POST /images and give the imageId.';
  return refused(refusal('UNSUPPORTED', [...path, 'url'], message, { given: input.url }));
}
