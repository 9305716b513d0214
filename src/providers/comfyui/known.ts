import type { ProviderAccount } from '../provider.js';

/** Whether a server answers `/api/jobs/{id}`; asked again after a while where it did not, since servers are updated. */
const jobsAgainMs = 10 * 60_000;
const namesAtMost = 1000;

/** What has been learned of one server. Nothing of it is needed: all of it can be learned again. */
export type KnownServer = {
  /** Whether it is worth asking `/api/jobs/{id}`. */
  mayHaveJobs(): boolean;
  noteJobs(has: boolean): void;
  /** An answer to a submit named this id, and we had asked for that one. */
  noteId(given: string, wanted: string): void;
  /**
   * Whether a task of ours is found under the id that we chose, or nowhere. An answer that repeated our id proves it.
   * So does `/api/jobs/{id}`: it came in December 2025, after servers had begun to take the caller's id (summer 2025).
   */
  takesOurIds(): boolean;
  /** Whether `/interrupt` reads the prompt's id (merged in August 2025), as far as its routes tell. */
  hasJobs(): boolean;
  /** Tasks that were taken off the queue for us: a server forgets those. */
  dequeued: { add(id: string): void; has(id: string): boolean };
  loras: { names: readonly string[]; at: number } | null;
};

export function createKnownServers(): (account: ProviderAccount) => KnownServer {
  const servers = new Map<string, KnownServer>();
  return (account) => {
    const name = `${account.id} ${account.baseUrl}`;
    const known = servers.get(name) ?? createKnownServer();
    servers.set(name, known);
    return known;
  };
}

function createKnownServer(): KnownServer {
  let jobs: boolean | null = null;
  let jobsAt = 0;
  let echoes: boolean | null = null;
  const dequeued = new Set<string>();
  return {
    mayHaveJobs: () => jobs !== false || performance.now() - jobsAt > jobsAgainMs,
    noteJobs(has) {
      jobs = has;
      jobsAt = performance.now();
    },
    noteId(given, wanted) {
      echoes = given === wanted;
    },
    takesOurIds: () => echoes ?? jobs === true,
    hasJobs: () => jobs === true,
    dequeued: { add: (id) => put(dequeued, id), has: (id) => dequeued.has(id) },
    loras: null,
  };
}

/** Forgets the oldest beyond the bound. */
function put(names: Set<string>, name: string): void {
  names.add(name);
  if (names.size <= namesAtMost) return;
  for (const oldest of names) {
    names.delete(oldest);
    return;
  }
}
