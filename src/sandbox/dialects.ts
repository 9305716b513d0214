import { createBfl } from './bfl/bfl.js';
import { createFal } from './fal/fal.js';
import type { Settings } from './options.js';
import type { Dialect } from './world.js';

/** Every upstream that the sandbox can pretend to be, each on paths of its own. */
export function createDialects(settings: Settings): Dialect[] {
  return [createBfl(), createFal(settings)];
}
