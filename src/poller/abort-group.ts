/**
 * Many signals that abort together. Thousands of listeners on one AbortSignal would make each further one walk the list of
 * all of them; so each attempt gets a signal of its own.
 */
export type AbortGroup = {
  /** A new signal of the group; `leave` forgets it. */
  join(): { signal: AbortSignal; leave: () => void };
  abort(): void;
};

export function createAbortGroup(): AbortGroup {
  const members = new Set<AbortController>();
  let aborted = false;
  return {
    join() {
      const member = new AbortController();
      if (aborted) member.abort();
      else members.add(member);
      return { signal: member.signal, leave: () => void members.delete(member) };
    },
    abort() {
      aborted = true;
      for (const member of members) member.abort();
      members.clear();
    },
  };
}
