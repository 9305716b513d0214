import { z } from 'zod';
import { sha256 } from './random.js';

/** One request that arrived. */
export const entrySchema = z.object({
  /** Position among all requests, from 1. */
  n: z.int(),
  /** Arrival, ms since the epoch. */
  at: z.number(),
  method: z.string(),
  path: z.string(),
  /** First 12 hex digits of the SHA-256 of the key sent; null without a key. */
  key: z.string().nullable(),
  /** Filled for a submit before it is decided on, whatever becomes of it. */
  submit: z
    .object({
      /** Position among all submits, from 1. */
      number: z.int(),
      model: z.string(),
      /** SHA-256 of the body as it came. */
      fingerprint: z.string(),
      /** How many times the very same body had come before. */
      repeats: z.int(),
      prompt: z.string().nullable(),
      /** Fields sent that the endpoint does not know, which an upstream ignores in silence. */
      ignored: z.array(z.string()),
    })
    .nullable(),
  /** Id of the task that this submit made. */
  task: z.string().nullable(),
  /** HTTP status of the answer; null when there was none. */
  status: z.int().nullable(),
  /** Whether the answer was sent to its last byte. */
  answered: z.boolean(),
  /** A key was sent to the delivery host, where none belongs. */
  keyLeaked: z.boolean(),
});

export type LogEntry = z.infer<typeof entrySchema>;
export type SubmitEntry = NonNullable<LogEntry['submit']>;

/** Remembers what arrived, the newest `limit` requests: the proof of what was submitted, and how often. */
export type Witness = {
  arrive(request: { at: number; method: string; path: string; key: string | null; delivery: boolean }): LogEntry;
  submit(entry: LogEntry, submit: Omit<SubmitEntry, 'number' | 'repeats'>): SubmitEntry;
  restore(entry: LogEntry): void;
  find(n: number): LogEntry | undefined;
  log(): LogEntry[];
};

/** A key's name in logs and states. */
export function maskKey(key: string): string {
  return sha256(key).slice(0, 12);
}

export function createWitness(limit: number): Witness {
  const entries = new Map<number, LogEntry>();
  const seen = new Map<string, number>();
  let arrivals = 0;
  let submits = 0;

  function keep(entry: LogEntry): LogEntry {
    entries.set(entry.n, entry);
    // A Map keeps the order of insertion, so the first key is the oldest request.
    for (const oldest of entries.keys()) {
      if (entries.size <= limit) break;
      entries.delete(oldest);
    }
    return entry;
  }

  function count(fingerprint: string): number {
    const repeats = seen.get(fingerprint) ?? 0;
    seen.delete(fingerprint);
    seen.set(fingerprint, repeats + 1);
    for (const oldest of seen.keys()) {
      if (seen.size <= limit) break;
      seen.delete(oldest);
    }
    return repeats;
  }

  return {
    arrive({ at, method, path, key, delivery }) {
      const masked = key === null ? null : maskKey(key);
      const blank = { submit: null, task: null, status: null, answered: false };
      return keep({ n: ++arrivals, at, method, path, key: masked, ...blank, keyLeaked: delivery && key !== null });
    },
    submit(entry, submit) {
      const full = { number: ++submits, repeats: count(submit.fingerprint), ...submit };
      entry.submit = full;
      return full;
    },
    restore(entry) {
      keep(entry);
      arrivals = Math.max(arrivals, entry.n);
      if (entry.submit === null) return;
      submits = Math.max(submits, entry.submit.number);
      count(entry.submit.fingerprint);
    },
    find: (n) => entries.get(n),
    log: () => structuredClone([...entries.values()]),
  };
}
