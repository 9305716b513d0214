import type { Attempt, Generation, ImageRecord, Profile } from '../domain/generation.js';
import type { GenerationImageRef } from '../domain/ports.js';
import type { Loaders } from './loaders.js';

type Reading<T> = { load(id: string): Promise<T> };

/** What is read of a generation beyond its own row. */
export type GenerationLoaders = {
  profile: Reading<Profile | null>;
  image: Reading<ImageRecord | null>;
  imageRefs: Reading<GenerationImageRef[]>;
  attempts: Reading<Attempt[]>;
};

const known = new WeakMap<object, GenerationLoaders>();

/**
 * Loaders for generations that were read together, the same for all who ask: the first question about one of them reads for
 * all of them, once. A stream tells them one after the other, so nothing else would bring those questions together.
 */
export function loadersFor(generations: ReadonlyMap<string, Generation>, loaders: Loaders): GenerationLoaders {
  const found = known.get(generations) ?? createBatchLoaders(generations, loaders);
  known.set(generations, found);
  return found;
}

function createBatchLoaders(generations: ReadonlyMap<string, Generation>, loaders: Loaders): GenerationLoaders {
  const ids = async (): Promise<string[]> => [...generations.keys()];
  const imageRefs = ahead(loaders.imageRefs, ids);
  return {
    imageRefs,
    attempts: ahead(loaders.attempts, ids),
    profile: ahead(loaders.profile, async () => [...generations.values()].flatMap(({ profileId }) => profileId ?? [])),
    image: ahead(loaders.image, async () => {
      const refs = await Promise.all((await ids()).map(async (id) => await imageRefs.load(id)));
      return refs.flat().map(({ imageId }) => imageId);
    }),
  };
}

/** A reading that at its first question reads everything that will be asked for. */
function ahead<T>(reading: Reading<T>, all: () => Promise<string[]>): Reading<T> {
  let loading: Promise<Map<string, T>> | null = null;

  async function loadAll(): Promise<Map<string, T>> {
    const keys = [...new Set(await all())];
    return new Map(await Promise.all(keys.map(async (key) => [key, await reading.load(key)] as const)));
  }

  return {
    async load(id) {
      const mine = (loading ??= loadAll());
      try {
        const found = (await mine).get(id);
        return found === undefined ? await reading.load(id) : found;
      } catch (error) {
        // The next one who asks tries again.
        if (loading === mine) loading = null;
        throw error;
      }
    },
  };
}
