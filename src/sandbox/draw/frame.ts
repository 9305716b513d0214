import type { Random } from '../random.js';
import type { Palette } from './palette.js';

/** What each part of a scene draws with: size in pixels, colours, and luck that depends on the request alone. */
export type Frame = { width: number; height: number; luck: Random; palette: Palette };
