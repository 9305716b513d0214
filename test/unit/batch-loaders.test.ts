import type { Replays } from '../../src/domain/replay.js';
import type { Sweeps } from '../../src/domain/sweep.js';
import { expect, it, vi } from 'vitest';
import type { GenerationImageRef, History, Images, Profiles } from '../../src/domain/ports.js';
import { loadersFor } from '../../src/graphql/batch-loaders.js';
import { createLoaders } from '../../src/graphql/loaders.js';
import { fakeImages, fakeProfiles, idAt, makeGeneration, makeImage, makeProfile, viewer } from './fakes.js';

const unused = async (): Promise<never> => {
  throw new Error('Not asked for here.');
};

/** Three generations read together, each with a picture, and one that is not among them. */
function make() {
  const images = fakeImages(...[1, 2, 3, 4].map((n) => makeImage({ id: idAt(100 + n) })));
  const find = vi.fn<Images['find']>(async (project, ids) => await images.find(project, ids));
  const imageRefs = vi.fn<History['imageRefs']>(async (_project, ids) =>
    ids.map((generationId): GenerationImageRef => {
      const n = Number.parseInt(generationId.slice(-2), 16) - 200;
      return { generationId, role: 'RESULT', n: 0, imageId: idAt(100 + n) };
    }),
  );
  const profiles: Profiles = { ...fakeProfiles(makeProfile()) };
  const history: History = {
    imageRefs,
    generation: unused,
    generations: unused,
    page: unused,
    listed: unused,
    list: unused,
    listBriefly: unused,
    count: unused,
    running: unused,
    attempts: async () => [],
    events: unused,
    reruns: unused,
  };
  const sweeps: Sweeps = {
    create: unused,
    find: unused,
    page: unused,
    byToken: unused,
    cells: unused,
    cellsOf: unused,
    pictures: unused,
    tally: unused,
    markCanceled: unused,
  };
  const replays: Replays = {
    create: unused,
    find: unused,
    page: unused,
    byToken: unused,
    start: unused,
    cancel: unused,
    pairs: unused,
    pairsOf: unused,
    pairPage: unused,
    pair: unused,
    pictures: unused,
    tally: unused,
  };
  const loaders = createLoaders(
    { history, profiles, images: { ...images, find }, sweeps, replays, waiting: { describe: unused } },
    viewer,
  );
  const together = new Map([1, 2, 3].map((n) => [idAt(200 + n), makeGeneration({ id: idAt(200 + n) })]));
  return { loaders, together, find, imageRefs };
}

it('read what is asked of one generation for all that came with it, once for all who ask', async () => {
  const { loaders, together, find, imageRefs } = make();
  for (const id of together.keys()) {
    const { imageRefs: refs, image } = loadersFor(together, loaders);
    const [ref] = await refs.load(id);
    expect((await image.load(ref?.imageId ?? ''))?.id).toBe(ref?.imageId);
  }
  expect(await loadersFor(together, loaders).profile.load(idAt(10))).toMatchObject({ slug: 'bottle' });
  expect(await loadersFor(together, loaders).attempts.load(idAt(201))).toEqual([]);
  expect([imageRefs.mock.calls.length, find.mock.calls.length]).toEqual([1, 1]);
});

it('read what is not among them by itself', async () => {
  const { loaders, together, imageRefs } = make();
  const { imageRefs: refs } = loadersFor(together, loaders);
  expect(await refs.load(idAt(204))).toMatchObject([{ imageId: idAt(104) }]);
  expect(imageRefs).toHaveBeenCalledTimes(2);
});

it('try again after a failure', async () => {
  const { loaders, together, imageRefs } = make();
  imageRefs.mockRejectedValueOnce(new Error('No database.'));
  const { imageRefs: refs } = loadersFor(together, loaders);
  await expect(refs.load(idAt(201))).rejects.toThrow('No database.');
  expect(await refs.load(idAt(201))).toHaveLength(1);
});
