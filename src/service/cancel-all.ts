import type { Generation } from '../domain/generation.js';
import { publicId } from '../domain/ids.js';
import { isTerminal } from '../domain/lifecycle.js';
import type { History, Viewer } from '../domain/ports.js';
import type { StopService } from './stop.js';

export type CanceledGroup = {
  /** Generations that were canceled by this call. */
  canceled: number;
  /** Of all canceled ones those that the provider may still be running; what they cost is added. */
  stillRunning: Generation[];
};

const canceledAtOnce = 10;

/** Cancels those of the generations that have not ended. */
export async function cancelAll(
  parts: { history: Pick<History, 'generations'>; stopService: Pick<StopService, 'cancel'> },
  viewer: Viewer,
  generationIds: readonly string[],
): Promise<CanceledGroup> {
  const found = await parts.history.generations(viewer.projectId, generationIds);
  const asked = found.flatMap((each) =>
    each !== null && (!isTerminal(each.status) || each.status === 'CANCELED') ? [each] : [],
  );
  const stillRunning: Generation[] = [];
  let canceled = 0;
  for (let from = 0; from < asked.length; from += canceledAtOnce) {
    const group = asked.slice(from, from + canceledAtOnce);
    const ends = await Promise.all(
      group.map(async (each) => await parts.stopService.cancel(viewer, publicId('Generation', each.id))),
    );
    for (const [index, end] of ends.entries()) {
      // One that has ended meanwhile needs no canceling.
      if (!end.ok) continue;
      if (group[index]?.status !== 'CANCELED') canceled += 1;
      if (end.value.stillRunning.length > 0) stillRunning.push(end.value.generation);
    }
  }
  return { canceled, stillRunning };
}
