import { z } from 'zod';
import { createBoundedList, createBoundedMap } from './bounded.js';
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
      /** SHA-256 of the body as it came; of one with webhook fields, without these, since they differ at every try. */
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

/** All submits that were alike. */
export type Alike = {
  readonly fingerprint: string;
  readonly prompt: string | null;
  readonly submits: number;
  /** How many of them became tasks. More than one means: paid more than once. */
  readonly accepted: number;
  /** The newest few, with how each was answered. */
  readonly newest: readonly LogEntry[];
};

/** Remembers what arrived, the newest `limit` requests: the proof of what was submitted, and how often. */
export type Witness = {
  arrive(request: { at: number; method: string; path: string; key: string | null; delivery: boolean }): LogEntry;
  submit(entry: LogEntry, submit: Omit<SubmitEntry, 'number' | 'repeats'>): SubmitEntry;
  /** The submit became a task. */
  accept(entry: LogEntry, task: string): void;
  restore(entry: LogEntry): void;
  /** The entries themselves, oldest first. */
  entries(): LogEntry[];
  /** Submits alike in their whole body, and those with the same prompt, whatever else was in them. */
  bodies(): IterableIterator<Alike>;
  prompts(): IterableIterator<Alike>;
  totals(): { requests: number; submits: number };
};

/** A key's name in logs and states. */
export function maskKey(key: string): string {
  return sha256(key).slice(0, 12);
}

const newestKept = 20;

/** Counts submits by what makes them alike. */
function createTally(limit: number): {
  count(key: string, entry: LogEntry, submit: Omit<SubmitEntry, 'number' | 'repeats'>): number;
  accept(key: string): void;
  all(): IterableIterator<Alike>;
} {
  const known = createBoundedMap<Alike>(limit);
  return {
    /** Gives how many came before. */
    count(key, entry, { fingerprint, prompt }) {
      const before = known.get(key) ?? { fingerprint, prompt, submits: 0, accepted: 0, newest: [] };
      const newest = [...before.newest, entry].slice(-newestKept);
      known.set(key, { ...before, submits: before.submits + 1, newest });
      return before.submits;
    },
    accept(key) {
      const alike = known.get(key);
      if (alike !== undefined) known.set(key, { ...alike, accepted: alike.accepted + 1 });
    },
    all: () => known.values(),
  };
}

export function createWitness(limit: number): Witness {
  const entries = createBoundedList<LogEntry>(limit);
  const bodies = createTally(limit);
  const prompts = createTally(limit);
  let arrivals = 0;
  let submits = 0;

  function count(entry: LogEntry, submit: Omit<SubmitEntry, 'number' | 'repeats'>): number {
    if (submit.prompt !== null) prompts.count(submit.prompt, entry, submit);
    return bodies.count(submit.fingerprint, entry, submit);
  }

  function accept({ submit }: LogEntry): void {
    if (submit === null) return;
    if (submit.prompt !== null) prompts.accept(submit.prompt);
    bodies.accept(submit.fingerprint);
  }

  return {
    arrive({ at, method, path, key, delivery }) {
      const masked = key === null ? null : maskKey(key);
      const blank = { submit: null, task: null, status: null, answered: false };
      const keyLeaked = delivery && key !== null;
      const entry: LogEntry = { n: ++arrivals, at, method, path, key: masked, ...blank, keyLeaked };
      entries.push(entry);
      return entry;
    },
    submit(entry, submit) {
      const full = { number: ++submits, repeats: count(entry, submit), ...submit };
      entry.submit = full;
      return full;
    },
    accept(entry, task) {
      entry.task = task;
      accept(entry);
    },
    restore(entry) {
      entries.push(entry);
      arrivals = Math.max(arrivals, entry.n);
      if (entry.submit === null) return;
      submits = Math.max(submits, entry.submit.number);
      count(entry, entry.submit);
      if (entry.task !== null) accept(entry);
    },
    entries: () => entries.items(),
    bodies: () => bodies.all(),
    prompts: () => prompts.all(),
    totals: () => ({ requests: arrivals, submits }),
  };
}
