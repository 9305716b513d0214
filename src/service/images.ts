import { randomBytes } from 'node:crypto';
import { DarkroomError } from '../errors.js';
import type { ImageRecord } from '../domain/generation.js';
import { newId } from '../domain/ids.js';
import type { Images, NewImage } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked } from '../domain/refusal.js';
import type { Quota } from './quota.js';

/** What is known of bytes once they have proved to be a whole image. */
export type InspectedImage = {
  contentType: string;
  width: number;
  height: number;
  bytes: number;
  sha256: string;
  thumbhash: Buffer;
};

export type Inspection =
  /** `content` is what to keep: the bytes given, turned upright where they lay on their side. */
  | { ok: true; image: InspectedImage; content: Buffer }
  | {
      ok: false;
      reason: 'NOT_AN_IMAGE' | 'TOO_MANY_BYTES' | 'TOO_MANY_PIXELS' | 'TOO_SMALL';
      message: string;
      limit: number | null;
      given: number | string | null;
    };

export type ImageKey = { projectId: string; sha256: string };

/** Where the bytes are kept. */
export type ImageBytes = {
  put(key: ImageKey, bytes: Buffer): Promise<void>;
  read(key: ImageKey): Promise<Buffer | null>;
  /** Whether they are there; cheap. */
  holds(key: ImageKey): Promise<boolean>;
};

/** Whether there is room for anything new: on the disk, and in the project's quota. */
export type Storage = { accepting(): Promise<boolean>; exceeded: Quota['exceeded'] };

/** Refuses something new while there is no room for it, or what there is is needed for what was accepted already. */
export async function refusalWhenLow(
  storage: Storage,
  projectId: string,
  path: readonly string[],
): Promise<ReturnType<typeof refusal> | null> {
  const excess = await storage.exceeded(projectId);
  if (excess !== null) {
    const { limitBytes: maximum, usedBytes: given } = excess;
    const full = `The images of your project have ${given} bytes, and ${maximum} are allowed; nothing new is taken.`;
    return refusal('QUOTA_EXCEEDED', path, full, { maximum, given, retryable: true });
  }
  if (await storage.accepting()) return null;
  const message =
    'The disk of the image store is nearly full, so nothing new is taken; what was accepted before is finished. ' +
    'Try again later; whoever runs Darkroom has to make room (DISK_RESERVE_MB says how much).';
  return refusal('STORAGE_UNAVAILABLE', path, message, { retryable: true });
}

/** Keeps the bytes first and the row after, so that every row has its bytes. */
export async function keepImage(
  parts: { bytes: ImageBytes; images: Images },
  projectId: string,
  image: InspectedImage,
  bytes: Buffer,
): Promise<ImageRecord> {
  const key = { projectId, sha256: image.sha256 };
  await parts.bytes.put(key, bytes);
  const row: NewImage = { id: newId(), projectId, token: randomBytes(16).toString('base64url'), ...image };
  const kept = await parts.images.keep(row);
  // The same bytes may have been removed in between; from now on the row, which is fresh, keeps them from that.
  if (!(await parts.bytes.holds(key))) await parts.bytes.put(key, bytes);
  return kept;
}

/** Takes an image from a caller: inspected, kept, and the same row for the same bytes. */
export function createUpload(parts: {
  inspect: (bytes: Buffer) => Promise<Inspection>;
  bytes: ImageBytes;
  images: Images;
  storage: Storage;
}): (projectId: string, bytes: Buffer) => Promise<Checked<ImageRecord>> {
  return async (projectId, bytes) => {
    const low = await refusalWhenLow(parts.storage, projectId, ['image']);
    if (low !== null) return refused(low);
    const inspection = await parts.inspect(bytes);
    if (!inspection.ok) return refused(imageRefusal(inspection, ['image']));
    try {
      return accepted(await keepImage(parts, projectId, inspection.image, inspection.content));
    } catch (error) {
      const full = storageRefusal(error, ['image']);
      if (full === null) throw error;
      return refused(full);
    }
  };
}

export function imageRefusal(
  inspection: Extract<Inspection, { ok: false }>,
  path: readonly string[],
): ReturnType<typeof refusal> {
  const { reason, message, limit, given } = inspection;
  const bound = limit === null ? {} : reason === 'TOO_SMALL' ? { minimum: limit } : { maximum: limit };
  return refusal(reason === 'NOT_AN_IMAGE' ? 'NOT_AN_IMAGE' : 'IMAGE_SIZE', path, message, {
    ...bound,
    ...(given === null ? {} : { given }),
  });
}

/** A full or broken image store is told to the caller as something that may pass; anything else is null. */
export function storageRefusal(error: unknown, path: readonly string[]): ReturnType<typeof refusal> | null {
  if (!(error instanceof DarkroomError) || error.code !== 'STORAGE_UNAVAILABLE') return null;
  return refusal('STORAGE_UNAVAILABLE', path, error.message, { retryable: true });
}
