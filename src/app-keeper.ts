import type { Ground } from './ground.js';
import { createEraser, type Eraser } from './service/eraser.js';

/** What carries erasures on. */
export function buildEraser({ store, imageStore, logger }: Ground): Eraser {
  return createEraser({
    work: store.erasureWork,
    ledger: store.ledger,
    remove: async (key) => await imageStore.delete(key),
    removeLeftovers: async () => await imageStore.removeLeftovers(),
    logger,
  });
}
