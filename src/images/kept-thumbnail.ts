import type { ImageKey, ImageStore } from './store.js';
import { thumbnail, type ThumbnailWidth } from './thumbnail.js';

/** A WebP at most `width` pixels wide, made once and kept beside the image; null when the image is gone. */
export async function keptThumbnail(store: ImageStore, key: ImageKey, width: ThumbnailWidth): Promise<Buffer | null> {
  const name = `w${width}.webp`;
  const kept = await store.readDerived(key, name);
  if (kept !== null) return kept;
  const whole = await store.read(key);
  if (whole === null) return null;
  const made = await thumbnail(whole, width);
  await store.putDerived(key, name, made.bytes).catch(() => undefined);
  return made.bytes;
}
