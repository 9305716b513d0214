import type { Images, Viewer } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked } from '../domain/refusal.js';
import type { ImageBytes } from './images.js';
import { checkImage, type ImageInput, type ImageReader } from './input-image.js';

export type CannyPreviewRequest = { image: ImageInput; low: number; high: number };

export type CannyPreview = {
  /** White edges on black. */
  png: Buffer;
  width: number;
  height: number;
  /** Edge pixels of all pixels, 0 to 1. */
  share: number;
};

export type CannyPreviewService = (viewer: Viewer, request: CannyPreviewRequest) => Promise<Checked<CannyPreview>>;

/** The bounds of both thresholds (BFL OpenAPI, FinetuneCannyInputs). */
const threshold = { minimum: 0, maximum: 500 } as const;

/** Shows which edges of an image a canny generation would follow; nothing is written and no provider is asked. */
export function createCannyPreview(parts: {
  reader: ImageReader;
  images: Images;
  bytes: ImageBytes;
  edges: (bytes: Buffer, low: number, high: number) => Promise<CannyPreview>;
}): CannyPreviewService {
  return async (viewer, { image, low, high }) => {
    const { minimum, maximum } = threshold;
    for (const [name, given] of [['low', low] as const, ['high', high] as const]) {
      if (given < minimum || given > maximum) {
        const message = `${name} must be from ${minimum} to ${maximum}; ${given} was given.`;
        return refused(refusal('OUT_OF_RANGE', [name], message, { minimum, maximum, given }));
      }
    }
    if (low > high) {
      return refused(
        refusal('INVALID', ['low'], `low (${low}) is above high (${high}).`, { maximum: high, given: low }),
      );
    }
    const checked = await checkImage(parts.reader, viewer.projectId, image, ['image']);
    if (!checked.ok) return checked;
    const found =
      checked.value.kind === 'new'
        ? checked.value.bytes
        : await parts.bytes.read({ projectId: viewer.projectId, sha256: checked.value.image.sha256 });
    if (found === null) return refused(refusal('NOT_FOUND', ['image'], 'The bytes of this image are gone.'));
    return accepted(await parts.edges(found, low, high));
  };
}
