import { draw } from './draw/draw.js';
import { noiseImage, withComment } from './draw/noise.js';
import { tinyImage } from './draw/tiny.js';
import type { Sketch } from './draw/sketch.js';

export type Picture = Sketch;

/** Draws a task's picture when it is first asked for, and keeps the last few. */
export type Pictures = {
  /** `name` tells pictures apart: it stands for the same picture always. */
  get(name: string, picture: Picture): Promise<Buffer>;
};

const maxKept = 24;

/** `drawn`: as the prompt says; `small`: all the same, of 64 by 64; `noise`: all the same to look at, each of 64 KB. */
export type PictureStyle = 'drawn' | 'small' | 'noise';

export function createPictures(style: PictureStyle): Pictures {
  // Promises, not buffers, so that two downloads at once share one drawing.
  const kept = new Map<string, Promise<Buffer>>();

  function make(picture: Picture): Promise<Buffer> {
    if (style === 'drawn') return draw(picture);
    return style === 'small' ? tinyImage(picture.format) : noiseImage(picture.format);
  }

  return {
    async get(name, picture) {
      const key = style === 'drawn' ? name : picture.format;
      const drawing = kept.get(key) ?? make(picture);
      kept.delete(key);
      kept.set(key, drawing);
      drawing.catch(() => kept.delete(key));
      for (const oldest of kept.keys()) {
        if (kept.size <= maxKept) break;
        kept.delete(oldest);
      }
      return style === 'noise' ? withComment(await drawing, name) : await drawing;
    },
  };
}
