import { draw } from './draw/draw.js';
import { tinyImage } from './draw/tiny.js';
import type { Sketch } from './draw/sketch.js';

export type Picture = Sketch;

/** Draws a task's picture when it is first asked for, and keeps the last few. */
export type Pictures = {
  get(taskId: string, picture: Picture): Promise<Buffer>;
};

const maxKept = 24;

export function createPictures(style: 'drawn' | 'small'): Pictures {
  // Promises, not buffers, so that two downloads at once share one drawing.
  const kept = new Map<string, Promise<Buffer>>();
  return {
    get(taskId, picture) {
      const key = style === 'small' ? picture.format : taskId;
      const drawing = kept.get(key) ?? (style === 'small' ? tinyImage(picture.format) : draw(picture));
      kept.delete(key);
      kept.set(key, drawing);
      drawing.catch(() => kept.delete(key));
      for (const oldest of kept.keys()) {
        if (kept.size <= maxKept) break;
        kept.delete(oldest);
      }
      return drawing;
    },
  };
}
