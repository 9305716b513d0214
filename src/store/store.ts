import type {
  EventLog,
  Hints,
  History,
  Idempotency,
  Images,
  Ledger,
  Pauses,
  Profiles,
  Queue,
  RunTimes,
  Worklist,
} from '../domain/ports.js';
import type { ProviderCalls } from '../domain/provider-call.js';
import type { Erasures, ErasureWork } from '../domain/erasure.js';
import type { Keepings, KeepingWork } from '../domain/keeping.js';
import type { Annotations } from '../domain/annotation.js';
import type { Exports, ExportSource, ExportWork } from '../domain/export.js';
import type { Standings } from '../domain/standings.js';
import type { Replays, ReplayWork, Sampling } from '../domain/replay.js';
import type { Sweeps } from '../domain/sweep.js';
import type { Usage } from '../domain/usage.js';
import { isShortfall, type Budgets } from '../domain/budget.js';
import type { EventSource } from '../events/relay.js';
import { createAccept } from './accept-batched.js';
import { createAnnotations } from './annotations.js';
import { createBudgets } from './budgets.js';
import { createChange } from './change.js';
import { changeWithin } from './change-within.js';
import { openDatabase, type Database } from './database.js';
import { createErasures } from './erasures.js';
import { createErasureWork } from './erasure-work.js';
import { eventsAfter, eventsState, lastPosition, missedSince, numberEvents, pageOfLog, progressed } from './events.js';
import { createExportSource } from './export-source.js';
import { createExportWork } from './export-work.js';
import { createExports } from './exports.js';
import { createHistory } from './history.js';
import { createHints } from './hints.js';
import { createIdempotency } from './idempotency.js';
import { createImages } from './images.js';
import { createKeepings } from './keepings.js';
import { createKeepingWork } from './keeping-work.js';
import { indexPrompts } from './prompts.js';
import { createPauses } from './pauses.js';
import { createProfiles } from './profiles.js';
import { createProviderCalls } from './provider-calls.js';
import { createQueue } from './queue.js';
import { createReplayWork } from './replay-work.js';
import { createReplays } from './replays.js';
import { createRunTimes } from './run-times.js';
import { settleAttempt } from './settle.js';
import { createStandings } from './standings.js';
import { createSampling } from './sampling.js';
import { createSweeps } from './sweeps.js';
import { createUsage } from './usage.js';
import { createWithinTime } from './within-time.js';
import { createWorklist } from './worklist.js';

/** 14 in all: a process takes at most 15 connections. */
const clientConnections = 8;
const backgroundConnections = 6;
/** A client's question that takes longer is ended. */
const statementTimeoutMs = 15_000;

/** Everything that is kept in Postgres. */
export type Store = {
  database: Database;
  ledger: Ledger;
  worklist: Worklist;
  pauses: Pauses;
  standings: Standings;
  hints: Hints;
  providerCalls: ProviderCalls;
  queue: Queue;
  budgets: Budgets;
  runTimes: RunTimes;
  sweeps: Sweeps;
  replays: Replays;
  replayWork: ReplayWork;
  sampling: Sampling;
  erasures: Erasures;
  erasureWork: ErasureWork;
  keepings: Keepings;
  keepingWork: KeepingWork;
  history: History;
  annotations: Annotations;
  exports: Exports;
  exportWork: ExportWork;
  exportSource: ExportSource;
  /** Makes prompts searchable that were accepted lately; gives how many. */
  indexPrompts(): Promise<number>;
  idempotency: Idempotency;
  profiles: Profiles;
  images: Images;
  events: EventSource;
  eventLog: EventLog;
  usage: Usage;
  /** Waits for writes under way, then closes the pool. */
  close(): Promise<void>;
};

/** `onCommit` is called after every write that made an event. */
export function openStore(url: string, onCommit: () => void): Store {
  const database = openDatabase(url, { connections: clientConnections, statementTimeoutMs });
  // Apart, so that slow questions of clients never keep the poller and the relay from their work.
  const background = openDatabase(url, { connections: backgroundConnections });
  const { accept, drain: drainAccept } = createAccept(database);
  const { change, drain: drainChange } = createChange(background);
  return {
    database,
    ledger: {
      async accept(generation) {
        const accepted = await accept(generation);
        if (accepted !== null && !isShortfall(accepted)) onCommit();
        return accepted;
      },
      async change(each) {
        const result = await change(each);
        if (result.generationChanged) onCommit();
        return result;
      },
      settle: async (ref, costMicros) => await settleAttempt(database, ref, costMicros),
      async changeWithin(each, generation) {
        const result = await changeWithin(database, each, generation);
        if (!isShortfall(result) && result.generationChanged) onCommit();
        return result;
      },
    },
    worklist: createWorklist(background),
    pauses: createPauses(background),
    standings: createStandings(background),
    hints: createHints({ client: database, background }),
    providerCalls: createProviderCalls({ client: database, background }),
    queue: createQueue(database),
    budgets: createBudgets(database),
    runTimes: createRunTimes(background),
    sweeps: createSweeps(database, onCommit),
    replays: createReplays(database),
    replayWork: createReplayWork(background, onCommit),
    sampling: createSampling(database),
    erasures: createErasures(database),
    erasureWork: createErasureWork(background, url),
    keepings: createKeepings(database),
    keepingWork: createKeepingWork(background, url),
    history: createHistory(database),
    annotations: createAnnotations(database),
    exports: createExports(database),
    exportWork: createExportWork(background),
    exportSource: createExportSource({ database, withinTime: createWithinTime(database) }, url),
    indexPrompts: async () => await indexPrompts(background),
    idempotency: createIdempotency(database),
    profiles: createProfiles(database),
    images: createImages(database),
    events: {
      state: async () => await eventsState(background),
      number: async () => await numberEvents(background),
      after: async (position, limit) => await eventsAfter(background, position, limit),
      last: async () => await lastPosition(database),
      progressed: async (ids) => await progressed(background, ids),
    },
    eventLog: {
      last: async () => await lastPosition(database),
      since: async (projectId, position, most) => await missedSince(database, projectId, position, most),
      page: async (projectId, filter, range) => await pageOfLog(database, projectId, filter, range),
    },
    usage: createUsage({ client: database, background }),
    async close() {
      await drainAccept();
      await drainChange();
      await Promise.all([database.close(), background.close()]);
    },
  };
}
