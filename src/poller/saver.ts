import { asError } from '../errors.js';
import type { Logger } from '../logger.js';
import { backoffMs } from './backoff.js';
import {
  saverLimits,
  type Fetched,
  type Picture,
  type SaveEnd,
  type SaverClock,
  type SaverLimits,
  type SaveTask,
} from './save-task.js';

const realClock: SaverClock = {
  now: () => performance.now(),
  after(ms, wake) {
    const timer = setTimeout(wake, ms);
    return () => clearTimeout(timer);
  },
};

/** While something waits, it is looked after so often. */
const tickMs = 250;
/** What a picture is reckoned to weigh before one was seen. */
const firstGuess = 2 * 1024 * 1024;
const pause = (failures: number): number => backoffMs({ failures, baseMs: 500, capMs: 10_000 });

export type Saver<Over> = {
  save(task: SaveTask<Over>): Promise<SaveEnd<Over>>;
  /** Bytes held at present. */
  heldBytes(): number;
};

type Job<Over> = {
  task: SaveTask<Over>;
  expiresAt: number;
  giveUpAt: number;
  phase: 'waiting' | 'fetching' | 'held' | 'storing';
  picture: Picture | null;
  /** Its size, once it was downloaded, also when it had to be let go. */
  bytes: number | null;
  asked: boolean;
  failures: number;
  /** Not to be fetched, or stored, again before. */
  notBefore: number;
  end: (end: SaveEnd<Over>) => void;
};

/**
 * Saves the pictures of one process, the most urgent first: that which expires soonest at its provider. Whatever fits in
 * memory is fetched, whether the image store takes it at the moment or not, so that nothing expires for which there is
 * room. While the store fails it is tried with one picture at a time; once it takes one, all the others follow.
 */
export function createSaver<Over>(options: {
  /** Ends everything that is not just being written. */
  signal: AbortSignal;
  logger: Logger;
  limits?: Partial<SaverLimits>;
  clock?: SaverClock;
}): Saver<Over> {
  const { signal, logger, clock = realClock } = options;
  const limits = { ...saverLimits, ...options.limits };
  /** By the time they expire, the most urgent first. */
  const jobs: Job<Over>[] = [];
  let held = 0;
  let fetching = 0;
  let storing = 0;
  /** What the downloads under way are reckoned to bring. */
  let coming = 0;
  /** What a picture weighs, smoothed over those seen. */
  let usual = Math.min(firstGuess, limits.heldBytes / limits.downloads);
  /** Set while the store takes nothing. */
  let outage: { failures: number; probeAt: number; probing: boolean } | null = null;
  let cancelTick: (() => void) | null = null;

  signal.addEventListener('abort', () => {
    // What is just being written ends by itself.
    for (const job of jobs.filter(({ phase }) => phase !== 'storing')) end(job, { kind: 'stopped' });
    cancelTick?.();
    cancelTick = null;
  });

  function turn(): void {
    const now = clock.now();
    startStoring(now);
    startFetching(now);
    if (cancelTick === null && jobs.length > 0 && !signal.aborted) cancelTick = clock.after(tickMs, tick);
  }

  function tick(): void {
    cancelTick = null;
    const now = clock.now();
    const over = jobs.filter((job) => job.phase === 'waiting' && job.asked && now >= job.giveUpAt);
    for (const job of over) if (now >= job.expiresAt) end(job, { kind: 'gaveUp' });
    turn();
  }

  function add(job: Job<Over>): void {
    // Most often it is the last to expire, having been finished last.
    const before = jobs.findLastIndex((each) => each.expiresAt <= job.expiresAt);
    jobs.splice(before + 1, 0, job);
  }

  function end(job: Job<Over>, how: SaveEnd<Over>): void {
    letGo(job);
    jobs.splice(jobs.indexOf(job), 1);
    job.end(how);
    if (jobs.length > 0) return;
    cancelTick?.();
    cancelTick = null;
  }

  function letGo(job: Job<Over>): void {
    held -= job.picture?.bytes.length ?? 0;
    job.picture = null;
    job.phase = 'waiting';
  }

  function startStoring(now: number): void {
    if (outage !== null) {
      if (outage.probing || now < outage.probeAt) return;
      // Each in turn, for a picture that alone cannot be stored must not stand in the way of the others.
      const probe = jobs
        .filter(({ phase }) => phase === 'held')
        .reduce<Job<Over> | null>((best, job) => (best !== null && best.failures <= job.failures ? best : job), null);
      if (probe?.picture == null) return;
      outage.probing = true;
      void store(probe, probe.picture, true);
      return;
    }
    while (storing < limits.stores) {
      const next = jobs.find((job) => job.phase === 'held' && job.notBefore <= now);
      if (next?.picture == null) return;
      void store(next, next.picture, false);
    }
  }

  async function store(job: Job<Over>, picture: Picture, probes: boolean): Promise<void> {
    job.phase = 'storing';
    storing += 1;
    try {
      await job.task.store(picture);
      if (outage !== null) logger.info('Pictures are stored again');
      outage = null;
      end(job, { kind: 'stored' });
    } catch (error) {
      job.phase = 'held';
      job.failures += 1;
      if (!probes) job.notBefore = clock.now() + pause(job.failures);
      noteOutage(error, probes);
      if (signal.aborted) end(job, { kind: 'stopped' });
    }
    storing -= 1;
    turn();
  }

  function noteOutage(error: unknown, probed: boolean): void {
    // Those that were under way when it began say nothing new.
    if (outage !== null && !probed) return;
    if (outage === null) {
      logger.error({ err: asError(error) }, 'Pictures cannot be stored; they are held and tried again');
    }
    const failures = (outage?.failures ?? 0) + 1;
    outage = { failures, probeAt: clock.now() + pause(failures), probing: false };
  }

  function startFetching(now: number): void {
    let spare: number | null = null;
    const fits = (job: Job<Over>): boolean => {
      if (job.phase !== 'waiting' || now < job.notBefore) return false;
      const missing = held + coming + (job.bytes ?? usual) - limits.heldBytes;
      if (missing <= 0 || held + coming === 0) return true;
      if (!isNear(job, now)) return false;
      spare ??= jobs.reduce((sum, each) => sum + (isSpare(each, now) ? (each.bytes ?? 0) : 0), 0);
      return missing <= spare;
    };
    while (fetching < limits.downloads) {
      // What should be gone already comes last: asking for it must not cost one that is still there.
      const next = jobs.find((job) => job.expiresAt > now && fits(job)) ?? jobs.find(fits);
      if (next === undefined) return;
      const size = next.bytes ?? usual;
      if (isNear(next, now)) makeRoom(limits.heldBytes - coming - size, now);
      spare = null;
      void fetch(next, size);
    }
  }

  async function fetch(job: Job<Over>, size: number): Promise<void> {
    job.phase = 'fetching';
    job.asked = true;
    fetching += 1;
    coming += size;
    const outcome = await job.task.fetch(signal).catch((error: unknown): Fetched<Over> => {
      logger.error({ err: asError(error) }, 'A picture could not be fetched; it is tried again');
      return { kind: 'again' };
    });
    fetching -= 1;
    coming -= size;
    // After a stop there is nobody left to hand it to.
    if (!signal.aborted) take(job, outcome, clock.now());
    turn();
  }

  function take(job: Job<Over>, outcome: Fetched<Over>, now: number): void {
    job.phase = 'waiting';
    if (outcome.kind === 'over') {
      end(job, outcome);
      return;
    }
    if (outcome.kind === 'again') {
      job.failures += 1;
      job.notBefore = now + pause(job.failures);
      return;
    }
    const { picture } = outcome;
    job.failures = 0;
    job.bytes = picture.bytes.length;
    usual += (job.bytes - usual) / 8;
    if (isNear(job, now)) makeRoom(limits.heldBytes - job.bytes, now);
    // Where it does not fit it is let go. Its size is known from now on, so it is not fetched again before it does.
    if (held + job.bytes > limits.heldBytes && held > 0) return;
    job.phase = 'held';
    job.picture = picture;
    held += job.bytes;
  }

  function isNear(job: Job<Over>, now: number): boolean {
    return job.expiresAt > now && job.expiresAt - now <= limits.nearMs;
  }

  /** Held, although its provider will have it for a while yet. */
  function isSpare(job: Job<Over>, now: number): boolean {
    return job.phase === 'held' && job.expiresAt - now > limits.nearMs;
  }

  /** Lets go what is least urgent until no more than so many bytes are held, or the rest is needed. */
  function makeRoom(most: number, now: number): void {
    while (held > most) {
      const last = jobs.findLast((job) => isSpare(job, now));
      if (last === undefined) return;
      letGo(last);
    }
  }

  return {
    async save(task) {
      if (signal.aborted) return { kind: 'stopped' };
      const now = clock.now();
      const { promise, resolve } = Promise.withResolvers<SaveEnd<Over>>();
      add({
        task,
        expiresAt: now + task.expiresInMs,
        giveUpAt: now + task.giveUpInMs,
        phase: 'waiting',
        picture: null,
        bytes: null,
        asked: false,
        failures: 0,
        notBefore: now,
        end: resolve,
      });
      turn();
      return await promise;
    },
    heldBytes: () => held,
  };
}
