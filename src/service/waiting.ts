import type { Generation } from '../domain/generation.js';
import { isTerminal } from '../domain/lifecycle.js';
import type { Pauses, Queue } from '../domain/ports.js';
import type { AccountPause } from '../domain/standing.js';
import type { Catalogue } from '../domain/route.js';
import { waitingOf, type RunForecast, type Waiting } from '../domain/waiting.js';

export type WaitingService = {
  /** For each generation of one project, in the order given: what it waits for; null when it has ended. */
  describe(projectId: string, generations: readonly Generation[]): Promise<(Waiting | null)[]>;
};

/** A pause is told of so late at most. */
const pausesKeptMs = 1_000;

/** Works out on reading what generations wait for, and until when. `told` hears of every interval that is given out. */
export function createWaiting(parts: {
  queue: Queue;
  pauses: Pick<Pauses, 'list'>;
  catalogue: Catalogue;
  forecastOf: (model: string, pixels: number | null) => RunForecast | null;
  told: (generation: Generation, eta: NonNullable<Waiting['eta']>) => void;
}): WaitingService {
  const { queue, pauses, catalogue, forecastOf, told } = parts;
  let known: { at: number; list: Promise<AccountPause[]> } | null = null;

  async function pausesNow(): Promise<AccountPause[]> {
    if (known === null || performance.now() - known.at > pausesKeptMs) {
      known = { at: performance.now(), list: pauses.list() };
    }
    return await known.list;
  }

  async function placesOf(
    projectId: string,
    queued: readonly Generation[],
  ): Promise<Map<string, { position: number; running: number }>> {
    const places = new Map<string, { position: number; running: number }>();
    for (const [account, of] of Map.groupBy(queued, (generation) => generation.account)) {
      const ids = of.map(({ id }) => id);
      for (const [id, place] of await queue.places(projectId, account, ids)) places.set(id, place);
    }
    return places;
  }

  return {
    async describe(projectId, generations) {
      if (generations.every(({ status }) => isTerminal(status))) return generations.map(() => null);
      const queued = generations.filter(({ status }) => status === 'QUEUED');
      const [paused, places] = await Promise.all([queued.length === 0 ? [] : pausesNow(), placesOf(projectId, queued)]);
      const now = new Date();
      return generations.map((generation) => {
        const waiting = waitingOf(generation, {
          now,
          account: catalogue.accounts.find(({ id }) => id === generation.account) ?? null,
          pause: paused.find(({ account }) => account === generation.account) ?? null,
          place: places.get(generation.id) ?? null,
          forecast: forecastOf(generation.model, generation.pixels),
        });
        if (waiting?.eta != null) told(generation, waiting.eta);
        return waiting;
      });
    },
  };
}
