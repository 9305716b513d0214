/**
 * Many waiters that are ended together. Each is known here by a function; a signal is made for a single call only, since a
 * signal of its own for each of ten thousand waiters would take a kilobyte and more of each, and one for all would have
 * every further listener walk the list of the others.
 */
export type AbortGroup = {
  aborted(): boolean;
  /** Calls `onAbort` when all are ended, at once if they were; gives back how to leave. */
  join(onAbort: () => void): () => void;
  /** Runs a call with a signal that aborts when all are ended. */
  during<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T>;
  abort(): void;
};

export function createAbortGroup(): AbortGroup {
  const members = new Set<() => void>();
  let aborted = false;

  function join(onAbort: () => void): () => void {
    if (aborted) onAbort();
    else members.add(onAbort);
    return () => void members.delete(onAbort);
  }

  return {
    aborted: () => aborted,
    join,
    async during(call) {
      const controller = new AbortController();
      const leave = join(() => controller.abort());
      try {
        return await call(controller.signal);
      } finally {
        leave();
      }
    },
    abort() {
      aborted = true;
      const all = [...members];
      members.clear();
      for (const onAbort of all) onAbort();
    },
  };
}
