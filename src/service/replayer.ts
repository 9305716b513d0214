import { budgetRefusal } from '../domain/budget.js';
import { newId } from '../domain/ids.js';
import type { History, Images } from '../domain/ports.js';
import type { Replay, ReplayPair, ReplayWork } from '../domain/replay.js';
import { asError } from '../errors.js';
import type { Logger } from '../logger.js';
import { createTicker } from '../time.js';
import type { ImageBytes, Storage } from './images.js';
import { keepPrepared } from './accept.js';
import type { Prepare } from './generate.js';
import { asRerunRefusal, type RerunRequest } from './rerun.js';

/** Reruns of one replay that may be under way: its deadlines begin late, and it leaves room for others. */
export const replayInFlight = 12;
const everyMs = 1_000;
/** A worker that has died is followed by another after so long. */
const leaseMs = 15_000;

export type Replayer = {
  start(): void;
  /** A replay may have begun: look now. */
  poke(): void;
  /** Lets another process go on at once. */
  stop(): Promise<void>;
};

type Claimed = Awaited<ReturnType<ReplayWork['claim']>>[number];

type Parts = {
  work: ReplayWork;
  history: Pick<History, 'generation'>;
  images: Images;
  bytes: ImageBytes;
  rerunRequest: RerunRequest;
  prepare: Prepare;
  /** 0 to 1; throws where the bytes are no picture. */
  distance: (one: Buffer, other: Buffer) => Promise<number>;
  /** Called when generations wait to be submitted. */
  onAccepted: () => void;
  /** Whether there is room for what a project makes. */
  storage: Pick<Storage, 'exceeded'>;
  logger: Logger;
};

/**
 * Carries replays on: compares what has ended, and starts as many more as may be under way. All that it knows is in the
 * database, so any process may go on at any time; a claim keeps two from doing the same work, and guards in the database
 * from doing it twice.
 */
export function createReplayer(parts: Parts): Replayer {
  const { work, logger } = parts;
  const workerId = newId();
  let stopping = false;

  const ticker = createTicker({
    everyMs,
    async run() {
      for (const replay of await work.claim(workerId, leaseMs)) {
        if (stopping) return;
        try {
          await carryOn(replay);
        } catch (error) {
          // One that fails must not hold up the others.
          logger.error({ err: asError(error), replay: replay.id }, 'A replay could not go on; again');
        }
      }
    },
    onError: (error) => logger.error({ err: asError(error) }, 'Replays could not be looked after; again'),
  });

  async function carryOn(replay: Claimed): Promise<void> {
    const { count, ended } = await work.started(replay.id);
    for (const pair of ended) {
      if (stopping) return;
      await work.endPair(replay.id, pair.originalId, await compare(replay, pair.before, pair.after));
    }
    let open = count - ended.length;
    if (replay.status === 'RUNNING' && open < replayInFlight) {
      for (const pair of await work.waiting(replay.id, replayInFlight - open)) {
        if (stopping) return;
        if (await startPair(replay, pair)) open += 1;
      }
    }
    if (open === 0) await work.finish(replay.id);
  }

  async function compare(replay: Replay, before: string | null, after: string | null): Promise<number | null> {
    if (before === null || after === null) return null;
    const { projectId } = replay;
    const one = await parts.bytes.read({ projectId, sha256: before });
    const other = await parts.bytes.read({ projectId, sha256: after });
    if (one === null || other === null) return null;
    try {
      return await parts.distance(one, other);
    } catch (error) {
      logger.warn({ err: asError(error), replay: replay.id }, 'Two pictures could not be compared');
      return null;
    }
  }

  async function startPair(replay: Claimed, pair: ReplayPair): Promise<boolean> {
    const refuse = async (code: string, message: string): Promise<false> => {
      await work.refusePair(replay.id, pair.originalId, { code, message });
      return false;
    };
    // It waits for room, as for its turn.
    if ((await parts.storage.exceeded(replay.projectId)) !== null) return false;
    const original = await parts.history.generation(replay.projectId, pair.originalId);
    if (original === null) return await refuse('NOT_FOUND', 'The generation is gone.');
    // Anew, whatever the plan found: profiles, models and prices may have changed since.
    const again = await parts.rerunRequest(replay, original, { ...replay, subject: null, onlyRoute: true });
    const prepared = again.ok ? await parts.prepare(replay, again.value) : again;
    const kept = prepared.ok ? await keepPrepared(parts, prepared.value, []) : prepared;
    if (!kept.ok) {
      if (kept.refusals.some(({ retryable }) => retryable)) return false;
      const [first] = kept.refusals.map(asRerunRefusal);
      return await refuse(first?.code ?? 'INVALID', first?.message ?? '');
    }
    if (kept.value.costEstimatedMicros === null && !replay.allowUnknownPrice) {
      return await refuse('PRICE_UNKNOWN', 'Its price is not known any more, so no limit can be kept.');
    }
    const result = await work.startPair(replay.id, pair.originalId, { ...kept.value, requestKey: null });
    if (typeof result !== 'string') {
      const { code, message } = budgetRefusal(result, [], 'It');
      return await refuse(code, message);
    }
    if (result === 'limit') {
      const { costLimitMicros: limit } = replay;
      return await refuse('COST_LIMIT', `The limit of ${limit} micro-USD leaves no room for it.`);
    }
    if (result === 'started') parts.onAccepted();
    return result === 'started';
  }

  return {
    start: () => ticker.start(),
    poke: () => ticker.poke(),
    async stop() {
      stopping = true;
      await ticker.stop();
      await work.release(workerId);
    },
  };
}
