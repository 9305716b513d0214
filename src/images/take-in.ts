import { inspectImage, type InspectedImage } from './inspect.js';
import type { ImageRefusal } from './refusal.js';
import { upright } from './upright.js';

/**
 * Takes in a picture from a caller: inspected, and turned upright when its EXIF says that it lies on its side, so that a
 * provider sees it as people do. `content` is what to keep; hash and size are its own.
 */
export async function takeIn(
  bytes: Buffer,
): Promise<{ ok: true; image: InspectedImage; content: Buffer } | ImageRefusal> {
  const inspection = await inspectImage(bytes);
  if (!inspection.ok) return inspection;
  const content = await upright(bytes);
  if (content === bytes) return { ...inspection, content };
  const turned = await inspectImage(content);
  return turned.ok ? { ...turned, content } : turned;
}
