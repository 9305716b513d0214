import type { History, Images, Ledger, Profiles, Worklist } from '../domain/ports.js';
import type { EventSource } from '../events/relay.js';
import { createAccept } from './accept.js';
import { createChange } from './change.js';
import { openDatabase, type Database } from './database.js';
import { eventsAfter, eventsState, lastPosition, numberEvents, progressed } from './events.js';
import { createHistory } from './history.js';
import { createImages } from './images.js';
import { createProfiles } from './profiles.js';
import { createWorklist } from './worklist.js';

/** Everything that is kept in Postgres. */
export type Store = {
  database: Database;
  ledger: Ledger;
  worklist: Worklist;
  history: History;
  profiles: Profiles;
  images: Images;
  events: EventSource;
  /** Waits for writes under way, then closes the pool. */
  close(): Promise<void>;
};

/** `onCommit` is called after every write that made an event. */
export function openStore(url: string, onCommit: () => void): Store {
  const database = openDatabase(url);
  const { accept, drain: drainAccept } = createAccept(database);
  const { change, drain: drainChange } = createChange(database);
  return {
    database,
    ledger: {
      async accept(generation) {
        const accepted = await accept(generation);
        onCommit();
        return accepted;
      },
      async change(each) {
        const result = await change(each);
        if (result.generationChanged) onCommit();
        return result;
      },
    },
    worklist: createWorklist(database),
    history: createHistory(database),
    profiles: createProfiles(database),
    images: createImages(database),
    events: {
      state: async () => await eventsState(database),
      number: async () => await numberEvents(database),
      after: async (position, limit) => await eventsAfter(database, position, limit),
      last: async () => await lastPosition(database),
      progressed: async (ids) => await progressed(database, ids),
    },
    async close() {
      await drainAccept();
      await drainChange();
      await database.close();
    },
  };
}
