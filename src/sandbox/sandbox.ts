import { join } from 'node:path';
import { createFileBlobs, createMemoryBlobs } from './blobs.js';
import { createDialects } from './dialects.js';
import { registerDelivery } from './delivery.js';
import { createEngine } from './engine.js';
import { registerInspection } from './inspect.js';
import { noJournal } from './journal.js';
import { settle, type SandboxOptions } from './options.js';
import { createPictures } from './pictures.js';
import { resume } from './resume.js';
import { createServer } from './server.js';
import { readStats, type Stats } from './stats.js';
import type { Task } from './task.js';
import { createWebhooks, type WebhookEntry } from './webhooks.js';
import { dialectOf } from './world.js';
import { createWitness, maskKey, type LogEntry } from './witness.js';

export type { SandboxOptions } from './options.js';
export type { WebhookEntry } from './webhooks.js';
export type { LogEntry } from './witness.js';
export type { Task } from './task.js';

/** A pretend upstream on a real port. */
export type Sandbox = {
  /** Listens; rejects when the port is taken (`code` is `EADDRINUSE`). A sandbox starts once. */
  start(): Promise<{ url: string }>;
  /** Cuts open connections and lets go of port and files. */
  stop(): Promise<void>;
  /** Every request that arrived, oldest first (the newest `logLimit`). A copy. */
  log(): LogEntry[];
  /** Every task that is not yet forgotten. A copy. */
  tasks(): Task[];
  /** Every try to deliver a webhook, oldest first (the newest `logLimit`). A copy. */
  webhooks(): WebhookEntry[];
  stats(): Stats;
  /** The dialects spoken, and under which path each has its base. */
  bases(): { name: string; base: string }[];
  /** Sets what is left of a key's credits. */
  setCredits(credits: number, key: string): void;
};

/** Builds a sandbox; nothing is opened before `start`, except the state folder, which is read back. */
export function createSandbox(options: SandboxOptions = {}): Sandbox {
  const settings = settle(options);
  const { stateDir } = settings;
  const blobs = stateDir === null ? createMemoryBlobs() : createFileBlobs(join(stateDir, 'images'));
  const engine = createEngine(settings, blobs);
  const witness = createWitness(settings.logLimit);
  const resumed = stateDir === null ? null : resume(stateDir, { settings, engine, witness, blobs });
  const journal = resumed?.journal ?? noJournal;
  const stopping = new AbortController();
  const dialects = createDialects(settings);
  let address = '';

  const url = (): string => settings.publicUrl ?? address;
  const webhooks = createWebhooks({
    settings,
    callbackOf: (task) => dialectOf(dialects, task)?.webhook(task) ?? null,
    url,
    onTold: (task) => journal.append({ kind: 'webhook', task }),
  });
  for (const task of engine.tasks()) if (!resumed?.told.has(task.id)) webhooks.plan(task);
  const pictures = createPictures(settings.image);
  const picture = async (task: Task, n: number): Promise<Buffer | null> => {
    const sketch = await dialectOf(dialects, task)?.picture(task, blobs, n);
    return sketch == null ? null : await pictures.get(n === 0 ? task.id : `${task.id} ${n}`, sketch);
  };
  const base = { settings, engine, blobs, witness, journal, webhooks, stopping: stopping.signal, picture, url };
  const { app, entryOf } = createServer(base, dialects);
  const world = { ...base, entryOf };
  for (const dialect of dialects) dialect.register(app, world);
  registerDelivery(app, world);
  registerInspection(app, world);

  return {
    async start() {
      address = await app.listen({ port: settings.port, host: settings.host });
      webhooks.start();
      return { url: url() };
    },
    async stop() {
      stopping.abort();
      await webhooks.stop();
      await app.close();
      journal.close();
    },
    log: () => structuredClone(witness.entries()),
    webhooks: () => structuredClone(webhooks.log()),
    stats: () => readStats(world),
    bases: () => dialects.map(({ name, base: path }) => ({ name, base: path })),
    tasks: () => structuredClone(engine.tasks()),
    setCredits(credits, key) {
      engine.setCredits(maskKey(key), credits);
      journal.append({ kind: 'credits', owner: maskKey(key), balance: credits });
    },
  };
}
