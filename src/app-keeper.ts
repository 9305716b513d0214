import { exportFolder } from './app-exports.js';
import type { Ground } from './ground.js';
import { createEraser, type Eraser } from './service/eraser.js';
import { createKeeper, type Keeper } from './service/keeper.js';

/** What carries erasures on. */
export function buildEraser({ config, store, imageStore, logger }: Ground): Eraser {
  const exports = exportFolder({ config });
  return createEraser({
    work: store.erasureWork,
    ledger: store.ledger,
    remove: async (key) => await imageStore.delete(key),
    removeExport: async (folder) => await exports.remove(folder),
    removeLeftovers: async () => await imageStore.removeLeftovers(),
    logger,
  });
}

/** What takes away that is kept no longer. */
export function buildKeeper({ config, store, imageStore, logger }: Ground): Keeper {
  return createKeeper({
    keepings: store.keepings,
    work: store.keepingWork,
    defaults: config.keeping,
    remove: async (key) => await imageStore.delete(key),
    logger,
  });
}
