import type { RemoveBytes } from '../domain/erasure.js';
import {
  keepingOf,
  keptSince,
  longestOf,
  type ImageStep,
  type Keeping,
  type KeepingDefaults,
  type Keepings,
  type KeepingWork,
} from '../domain/keeping.js';
import { asError } from '../errors.js';
import type { Logger } from '../logger.js';
import { createTicker, sleep } from '../time.js';

const everyMs = 60_000;
/** After a step it rests for as long as that took, and for so long at least. */
const restMs = 20;
/** Where the oldest images are removed they go until the quota is used to this part. */
const reliefPart = 0.95;
/** Whole months go up to so many days late. */
const monthDays = 31;

export type Keeper = {
  start(): void;
  /** Look now: a project's settings have changed. */
  poke(): void;
  stop(): Promise<void>;
};

type Parts = {
  keepings: Keepings;
  work: KeepingWork;
  defaults: KeepingDefaults;
  remove: RemoveBytes;
  logger: Logger;
  now?: () => Date;
};

type Kept = { projectId: string; keeping: Keeping };

/**
 * Takes away what is kept no longer: whole months at the longest retention of any project, what others keep for a shorter
 * time in small steps, and the oldest images where a quota asks for it. Any number of processes may do it; each step is one
 * transaction, and one process at a time takes it.
 */
export function createKeeper(parts: Parts): Keeper {
  const { keepings, work, defaults, remove, logger, now = () => new Date() } = parts;
  const stopping = new AbortController();

  const ticker = createTicker({
    everyMs,
    run: async () => await keep(),
    onError: (error) =>
      logger.error({ err: asError(error) }, 'What is kept no longer could not be removed; again later'),
  });

  async function keep(): Promise<void> {
    const all = (await keepings.all()).map(({ projectId, settings }) => ({
      projectId,
      keeping: keepingOf(settings, defaults),
    }));
    const longest = {
      generations: longestOf(all.map(({ keeping }) => keeping.generationDays)),
      events: longestOf(all.map(({ keeping }) => keeping.eventDays)),
    };
    await dropMonths(longest);
    for (const each of all) {
      // One that cannot be done now, as somebody holds a row of it, must not hold up the others.
      await keepProject(each, longest).catch((error: unknown) => {
        logger.warn(
          { err: asError(error), project: each.projectId },
          'A project could not be looked after; again later',
        );
      });
    }
    await repeat(async () => await work.removeReleased(remove));
    await work.foldWeights();
  }

  async function dropMonths({
    generations,
    events,
  }: {
    generations: number | null;
    events: number | null;
  }): Promise<void> {
    if (events === null && generations === null) return;
    const at = now();
    const dropped = await work.dropMonths({
      eventsBefore: events === null ? null : keptSince(at, events),
      before: generations === null ? null : keptSince(at, generations),
      now: at,
    });
    if (dropped.length > 0) logger.info({ dropped }, 'Months were dropped that no project keeps any more');
  }

  async function keepProject(
    { projectId, keeping }: Kept,
    longest: { generations: number | null; events: number | null },
  ): Promise<void> {
    const { generationDays, eventDays, imageDays } = keeping;
    const done = { generations: 0, events: 0, images: 0 };
    if (eventDays !== null && eventDays !== generationDays && eventDays !== longest.events) {
      const before = keptSince(now(), eventDays);
      done.events = await repeat(async () => await work.deleteEvents(projectId, before));
    }
    if (generationDays !== null && generationDays !== longest.generations) {
      const before = keptSince(now(), generationDays);
      done.generations = await repeat(async () => await work.deleteGenerations(projectId, before));
    }
    if (imageDays !== null) {
      // Those of generations go with them, which may be a month later; what is left was used by none.
      const before = keptSince(now(), imageDays + (imageDays === generationDays ? monthDays : 0));
      done.images = await walk(async (after) => await work.removeUnused(projectId, before, after, remove));
    }
    done.images += await keepQuota(projectId, keeping);
    if (Object.values(done).some((n) => n > 0))
      logger.info({ project: projectId, ...done }, 'A project keeps this no longer');
  }

  async function keepQuota(projectId: string, { imageQuotaBytes, imageQuotaFull }: Keeping): Promise<number> {
    if (imageQuotaBytes === null || imageQuotaFull === 'REFUSE') return 0;
    const { bytes } = await keepings.weight(projectId);
    if (bytes <= imageQuotaBytes) return 0;
    let left = bytes - imageQuotaBytes * reliefPart;
    return await walk(async (after) => {
      const step = left <= 0 ? null : await work.removeOldest(projectId, left, after, remove);
      left -= step?.bytes ?? 0;
      return step;
    });
  }

  /** Steps until one has done nothing; gives what all did. */
  async function repeat(step: () => Promise<number | null>): Promise<number> {
    let done = 0;
    while (!stopping.signal.aborted) {
      const n = await restAfter(step);
      if (n === null || n === 0) return done;
      done += n;
    }
    return done;
  }

  /** Steps from the oldest on until there is no next; gives how many images were removed. */
  async function walk(step: (after: string | null) => Promise<ImageStep | null>): Promise<number> {
    let [done, after]: [number, string | null] = [0, null];
    while (!stopping.signal.aborted) {
      const each: ImageStep | null = await restAfter(async () => await step(after));
      if (each === null) return done;
      done += each.images;
      if (each.next === null) return done;
      after = each.next;
    }
    return done;
  }

  /** Half of the time at most, so that whoever waits for the database comes first. */
  async function restAfter<T>(step: () => Promise<T>): Promise<T> {
    const startedAt = performance.now();
    const result = await step();
    await sleep(Math.max(restMs, performance.now() - startedAt), stopping.signal);
    return result;
  }

  return {
    start: () => ticker.start(),
    poke: () => ticker.poke(),
    async stop() {
      stopping.abort();
      await ticker.stop();
    },
  };
}
