import DataLoader from 'dataloader';
import type { Attempt, Generation, GenerationEvent, ImageRecord, Profile } from '../domain/generation.js';
import type { GenerationImageRef, Viewer } from '../domain/ports.js';
import type { ReplayPair } from '../domain/replay.js';
import type { SweepCell } from '../domain/sweep.js';
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
  sweepTally: DataLoader<string, Tally>;
  sweepCells: DataLoader<string, SweepCell[]>;
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
    sweepTally: load(async (project, ids) => {
      const found = Map.groupBy(await sweeps.tally(project, ids), (row) => row.sweepId);
      return (id) => tallyOf(found.get(id) ?? []);
    }),
    sweepCells: load(async (project, ids) => {
      const found = Map.groupBy(await sweeps.cells(project, ids), (row) => row.sweepId);
      return (id) => found.get(id) ?? [];
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
