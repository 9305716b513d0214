import { generationMove } from '../domain/change.js';
import type { ErasureWork, RemoveBytes } from '../domain/erasure.js';
import { sourcesOf } from '../domain/lifecycle.js';
import type { Ledger } from '../domain/ports.js';
import { asError } from '../errors.js';
import type { Logger } from '../logger.js';
import { createTicker } from '../time.js';

const everyMs = 1_000;

export type Eraser = {
  start(): void;
  /** Something may have to be erased: look now. */
  poke(): void;
  /** Whatever is done stays done; another process, or the next start, goes on. */
  stop(): Promise<void>;
};

type Parts = {
  work: ErasureWork;
  ledger: Pick<Ledger, 'change'>;
  remove: RemoveBytes;
  /** Removes what writes of images left that were cut off. */
  removeLeftovers: () => Promise<number>;
  /** Removes the files of a kept export. */
  removeExport: (folder: string) => Promise<void>;
  logger: Logger;
};

/** What is being saved is erased once it is saved: canceled, its picture would be kept by nobody and found by nobody. */
const cancelableFrom = sourcesOf('CANCELED').filter((status) => status !== 'SAVING');

/**
 * Carries erasures on. All that it knows is in the database and every step is done as a whole or not at all, so that it may
 * be killed at any time, and any process goes on.
 */
export function createEraser({ work, ledger, remove, removeLeftovers, removeExport, logger }: Parts): Eraser {
  let stopping = false;

  const ticker = createTicker({
    everyMs,
    async run() {
      for (const { id } of await work.open()) {
        if (stopping) return;
        try {
          await carryOn(id);
        } catch (error) {
          // One that fails must not hold up the others.
          logger.error({ err: asError(error), erasure: id }, 'An erasure could not go on; again');
        }
      }
    },
    onError: (error) => logger.error({ err: asError(error) }, 'Erasures could not be looked after; again'),
  });

  async function carryOn(id: string): Promise<void> {
    const chosen = await chooseMore(id);
    if (!(await eraseChosen(id)) || chosen !== 'all') return;
    if (!(await removeImages(id))) return;
    await removeLeftovers();
    // What is left of one after a kill in between is swept up by those who make exports.
    for (const folder of await work.forgetExports(id)) await removeExport(folder);
    if (!(await work.finish(id))) return;
    logger.info({ erasure: id }, 'An erasure is finished');
    await work.vacuum(id);
  }

  /** As far as it can be done now: the last ones are chosen a few seconds later. */
  async function chooseMore(id: string): Promise<'more' | 'all' | 'busy'> {
    let chosen = await work.choose(id);
    while (chosen === 'full' && !stopping) chosen = await work.choose(id);
    return chosen === 'full' ? 'more' : chosen;
  }

  /** True when there was nothing left to do. */
  async function eraseChosen(id: string): Promise<boolean> {
    let after: string | null = null;
    let left = false;
    while (!stopping) {
      const pending = await work.pending(id, after);
      const last = pending.at(-1);
      if (last === undefined) return !left;
      left = true;
      const ids = pending.map(({ generationId }) => generationId);
      await cancel(
        id,
        pending.flatMap(({ generationId, cancelable }) => (cancelable ? [generationId] : [])),
      );
      if (!(await work.erase(id, ids))) return false;
      after = last.generationId;
    }
    return false;
  }

  async function cancel(id: string, generationIds: readonly string[]): Promise<void> {
    if (generationIds.length === 0) return;
    await work.noteLive(id, generationIds);
    const generation = generationMove('CANCELED', { from: cancelableFrom });
    await Promise.all(
      generationIds.map(async (generationId) => await ledger.change({ generationId, attempt: null, generation })),
    );
  }

  /** True when there is none left. */
  async function removeImages(id: string): Promise<boolean> {
    while (!stopping) {
      const imageIds = await work.images(id);
      if (imageIds.length === 0) return true;
      let later = false;
      for (const imageId of imageIds) {
        if (stopping) return false;
        const outcome = await work.removeImage(id, imageId, remove);
        if (outcome === 'busy') return false;
        if (outcome === 'later') later = true;
      }
      if (later) return false;
    }
    return false;
  }

  return {
    start: () => ticker.start(),
    poke: () => ticker.poke(),
    async stop() {
      stopping = true;
      await ticker.stop();
    },
  };
}
