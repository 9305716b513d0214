import type { KeepingWork } from '../domain/keeping.js';
import type { Database } from './database.js';
import { foldWeights, removeOldest, removeReleased, removeUnused } from './kept-images.js';
import { dropMonths } from './months.js';
import { deleteEvents, deleteGenerations } from './retention.js';

/** The work of retention on a database; `url` is its address, for what needs a connection of its own. */
export function createKeepingWork(database: Database, url: string): KeepingWork {
  return {
    dropMonths: async (cutoff) => await dropMonths(url, database, cutoff),
    deleteGenerations: async (projectId, before) => await deleteGenerations(database, projectId, before),
    deleteEvents: async (projectId, before) => await deleteEvents(database, projectId, before),
    removeUnused: async (projectId, before, after, remove) =>
      await removeUnused(database, { projectId, before, after, remove }),
    removeOldest: async (projectId, bytes, after, remove) =>
      await removeOldest(database, { projectId, bytes, after, remove }),
    removeReleased: async (remove) => await removeReleased(database, remove),
    foldWeights: async () => await foldWeights(database),
  };
}
