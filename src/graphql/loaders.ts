import DataLoader from 'dataloader';
import type { Attempt, Generation, GenerationEvent, ImageRecord, Profile } from '../domain/generation.js';
import type { GenerationImageRef, Viewer } from '../domain/ports.js';
import type { Replay, ReplayPair } from '../domain/replay.js';
import type { Sweep, SweepCell } from '../domain/sweep.js';
import { tallyOf, type Tally } from '../domain/tally.js';
import type { Waiting } from '../domain/waiting.js';
import type { Services } from './services.js';

/**
 * Joins the readings of one answer, so that a page costs the same number of statements whatever its length. Nothing is
 * cached: a subscription lives long, and each of its messages must read anew.
 */
export type Loaders = {
  generation: DataLoader<string, Generation | null>;
  profile: DataLoader<string, Profile | null>;
  image: DataLoader<string, ImageRecord | null>;
  imageRefs: DataLoader<string, GenerationImageRef[]>;
  attempts: DataLoader<string, Attempt[]>;
  events: DataLoader<string, GenerationEvent[]>;
  reruns: DataLoader<string, { rerunId: string }[]>;
  sweepOf: DataLoader<string, Sweep | null>;
  sweepTally: DataLoader<string, Tally>;
  sweepCells: DataLoader<string, SweepCell[]>;
  replayOf: DataLoader<string, Replay | null>;
  replayTally: DataLoader<string, Tally>;
  replayPairs: DataLoader<string, ReplayPair[]>;
  waiting: DataLoader<string, Waiting | null>;
};

export function createLoaders(
  services: Pick<Services, 'history' | 'profiles' | 'images' | 'sweeps' | 'replays' | 'waiting'>,
  viewer: Viewer | null,
): Loaders {
  const projectId = viewer?.projectId;

  function one<T extends { id: string }>(
    find: (project: string, ids: readonly string[]) => Promise<T[]>,
  ): DataLoader<string, T | null> {
    return load(async (project, ids) => {
      const found = new Map((await find(project, ids)).map((row) => [row.id, row]));
      return (id) => found.get(id) ?? null;
    });
  }

  function many<T extends { generationId: string }>(
    find: (project: string, ids: readonly string[]) => Promise<T[]>,
  ): DataLoader<string, T[]> {
    return load(async (project, ids) => {
      const found = Map.groupBy(await find(project, ids), (row) => row.generationId);
      return (id) => found.get(id) ?? [];
    });
  }

  function load<T>(
    find: (project: string, ids: readonly string[]) => Promise<(id: string) => T>,
  ): DataLoader<string, T> {
    return new DataLoader<string, T>(
      async (ids) => {
        if (projectId === undefined) throw new Error('A loader was used without a viewer.');
        const get = await find(projectId, [...new Set(ids)]);
        return ids.map((id) => get(id));
      },
      { cache: false, maxBatchSize: 1_000 },
    );
  }

  const { history, profiles, images, sweeps, replays } = services;
  return {
    generation: one(async (project, ids) => (await history.generations(project, ids)).flatMap((row) => row ?? [])),
    profile: one((project, ids) => profiles.find(project, ids)),
    image: one((project, ids) => images.find(project, ids)),
    imageRefs: many((project, ids) => history.imageRefs(project, ids)),
    attempts: many((project, ids) => history.attempts(project, ids)),
    events: many((project, ids) => history.events(project, ids)),
    reruns: many((project, ids) => history.reruns(project, ids)),
    sweepOf: load(async (project, ids) => {
      const cells = await sweeps.cellsOf(project, ids);
      return groupOf(cells, await sweeps.find(project, [...new Set(cells.map(({ sweepId }) => sweepId))]), (cell) => [
        cell.generationId,
        cell.sweepId,
      ]);
    }),
    sweepTally: load(async (project, ids) => {
      const found = Map.groupBy(await sweeps.tally(project, ids), (row) => row.sweepId);
      return (id) => tallyOf(found.get(id) ?? []);
    }),
    sweepCells: load(async (project, ids) => {
      const found = Map.groupBy(await sweeps.cells(project, ids), (row) => row.sweepId);
      return (id) => found.get(id) ?? [];
    }),
    replayOf: load(async (project, ids) => {
      const pairs = await replays.pairsOf(project, ids);
      return groupOf(
        pairs,
        await replays.find(project, [...new Set(pairs.map(({ replayId }) => replayId))]),
        (pair) => [pair.rerunId, pair.replayId],
      );
    }),
    replayTally: load(async (project, ids) => {
      const found = Map.groupBy(await replays.tally(project, ids), (row) => row.replayId);
      return (id) => tallyOf(found.get(id) ?? []);
    }),
    replayPairs: load(async (project, ids) => {
      const found = Map.groupBy(await replays.pairs(project, ids), (row) => row.replayId);
      return (id) => found.get(id) ?? [];
    }),
    waiting: load(async (project, ids) => {
      const known = (await history.generations(project, ids)).flatMap((row) => row ?? []);
      const waiting = await services.waiting.describe(project, known);
      const byId = new Map(known.map(({ id }, index) => [id, waiting[index] ?? null]));
      return (id) => byId.get(id) ?? null;
    }),
  };
}

/** What a generation belongs to, by `keysOf` each link: the generation's and the group's. */
function groupOf<L, G extends { id: string }>(
  links: readonly L[],
  groups: readonly G[],
  keysOf: (link: L) => [generation: string | null, group: string],
): (id: string) => G | null {
  const byId = new Map(groups.map((group) => [group.id, group]));
  const found = new Map(links.map(keysOf));
  return (id) => byId.get(found.get(id) ?? '') ?? null;
}
