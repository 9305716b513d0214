import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Blobs } from './blobs.js';
import type { Engine } from './engine.js';
import type { Journal } from './journal.js';
import type { Settings } from './options.js';
import type { Picture } from './pictures.js';
import type { Task } from './task.js';
import type { Callback, Webhooks } from './webhooks.js';
import type { LogEntry, Witness } from './witness.js';

/** What every dialect is given. */
export type World = {
  readonly settings: Settings;
  readonly engine: Engine;
  readonly blobs: Blobs;
  readonly witness: Witness;
  readonly journal: Journal;
  readonly webhooks: Webhooks;
  /** Aborted when the sandbox stops; whoever waits, waits with it. */
  readonly stopping: AbortSignal;
  /** The encoded picture number `n` of a task, from 0; null when there is none. */
  picture(task: Task, n: number): Promise<Buffer | null>;
  /** Address of the sandbox as others see it, without a slash at the end. */
  url(): string;
  entryOf(request: FastifyRequest): LogEntry;
};

/** One upstream's way of speaking: its paths, schema, prices and words. */
export type Dialect = {
  readonly name: string;
  /** What comes after the sandbox's address in the base URL of an account of this dialect; empty or with a slash in front. */
  readonly base: string;
  register(app: FastifyInstance, world: World): void;
  /** The key of a request, wherever this dialect carries it. */
  keyOf(request: FastifyRequest): string | null;
  /** What to draw as picture number `n` of a task of this dialect, from 0; null when it has no such picture. */
  picture(task: Task, blobs: Blobs, n: number): Promise<Picture | null>;
  /** How the end of a task of this dialect is told to whoever asked for it; null when nobody did. */
  webhook(task: Task): Callback | null;
};

export function dialectOf(dialects: readonly Dialect[], task: Task): Dialect | null {
  return dialects.find(({ name }) => name === task.dialect) ?? null;
}
