import type { GenerationEvent } from '../domain/generation.js';
import { asError } from '../errors.js';
import type { Logger } from '../logger.js';
import { createTicker } from '../time.js';
import { noteBatch } from './batch.js';
import type { Hub } from './hub.js';

/** The relay looks so often while nobody listens here, whatever this process commits: where somebody does, they look themselves. */
const relayEveryMs = 100;
/** While somebody listens here. */
const listenedEveryMs = 20;
/** The same while events come; what is committed in between is numbered and read together. */
const busyEveryMs = 10;
/** Half of what may wait for a reader, who gets a turn between two readings. */
const readAtOnce = 500;
/** Progress at the provider is passed on so often at most. */
const progressEveryMs = 1_000;

export type EventSource = {
  /** The last position given, and whether committed events wait for one. */
  state(): Promise<{ last: number; waiting: boolean }>;
  /** Gives committed events their positions; null when another process is doing it. */
  number(): Promise<number | null>;
  after(position: number, limit: number): Promise<GenerationEvent[]>;
  last(): Promise<number>;
  /** Of these generations, those whose progress was noted lately, with the time of it. */
  progressed(generationIds: readonly string[]): Promise<{ generationId: string; at: Date }[]>;
};

export type Relay = { start(): Promise<void>; poke(): void; stop(): Promise<void> };

/** Carries events from the ledger to this process's hub: each once, in the order of their positions. */
export function createRelay(options: { source: EventSource; hub: Hub; logger: Logger }): Relay {
  const { source, hub, logger } = options;
  let position = 0;
  let noted = new Map<string, number>();

  async function handOn(newest: number): Promise<void> {
    if (hub.listeners() === 0) {
      // Whoever begins to listen hears what comes after the hub's position, and reads what lies before.
      hub.moveTo(newest);
      position = Math.max(position, newest);
      return;
    }
    while (true) {
      const events = await source.after(position, readAtOnce);
      const last = events.at(-1);
      if (last === undefined) return;
      noteBatch(events);
      hub.publish(events);
      position = last.position;
      if (events.length < readAtOnce) return;
    }
  }

  let busy = false;
  const paceMs = (): number => (hub.listeners() === 0 ? relayEveryMs : busy ? busyEveryMs : listenedEveryMs);
  const ticker = createTicker({
    everyMs: paceMs,
    pokedEveryMs: paceMs,
    async run() {
      const { last, waiting } = await source.state();
      busy = waiting || last > position;
      // First what has its position already: numbering takes a commit.
      if (last > position) await handOn(last);
      // Where nobody listens the next run moves on.
      if (waiting && (await source.number()) !== null && hub.listeners() > 0) await handOn(last);
    },
    onError(error) {
      logger.error({ err: asError(error) }, 'Events could not be relayed; again');
    },
  });

  const progress = createTicker({
    everyMs: progressEveryMs,
    async run() {
      const watched = hub.watched();
      const before = noted;
      noted = new Map();
      if (watched.length === 0) return;
      for (const { generationId, at } of await source.progressed(watched)) {
        noted.set(generationId, at.getTime());
        if (before.get(generationId) !== at.getTime()) hub.touch(generationId);
      }
    },
    onError: (error) => logger.error({ err: asError(error) }, 'Progress could not be relayed; again'),
  });

  return {
    async start() {
      position = await source.last();
      hub.moveTo(position);
      ticker.start();
      progress.start();
    },
    poke: () => ticker.poke(),
    async stop() {
      await Promise.all([ticker.stop(), progress.stop()]);
    },
  };
}
