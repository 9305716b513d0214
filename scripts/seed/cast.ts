import { priceAt } from '../../src/domain/price.js';
import { knownModels } from '../../src/catalogue/catalogue.js';
import type { ControlKind } from '../../src/domain/lifecycle.js';
import type { Model } from '../../src/domain/model.js';
import { uuidAt, type Chance } from './random.js';

export type SeedModel = {
  model: Model;
  /** Median and spread of the time that a task takes. */
  runMs: number;
  sigma: number;
  /** Micro-USD that are settled, until the day of the change and from then on; null: the provider never says. */
  settled: { before: number; after: number } | null;
};

export type SeedProfile = {
  id: string;
  slug: string;
  name: string;
  triggerWord: string;
  /** Its models, the most used first. */
  models: readonly SeedModel[];
  subjects: readonly string[];
};

export type SeedProject = { id: string; slug: string; profiles: readonly SeedProfile[] };

const themes = [
  ['studio-bottle', 'Studio bottle', 'STUDIOBOTTLE', ['amber perfume on wet stone', 'a green bottle in morning fog']],
  ['ink-sketch', 'Ink sketch', 'INKSKETCH', ['an old harbour crane', 'a heron over reeds', 'a market hall']],
  ['oak-chair', 'Oak chair', 'OAKCHAIR', ['a reading corner by a window', 'an empty gallery at noon']],
  ['clay-figures', 'Clay figures', 'CLAYFIG', ['two friends on a bench', 'a chef with a tiny pan']],
  ['night-city', 'Night city', 'NIGHTCITY', ['a tram in the rain', 'a rooftop garden', 'an underpass']],
  ['linen-shirt', 'Linen shirt', 'LINENSHIRT', ['on a line in the wind', 'folded on a wooden stool']],
  ['paper-cut', 'Paper cut', 'PAPERCUT', ['a fox in a birch wood', 'a village in winter']],
  ['old-map', 'Old map', 'OLDMAP', ['an island with three bays', 'a river and its mills']],
] as const;

/** How the controls are spread over profiles. */
const controls: readonly ControlKind[] = ['NONE', 'CANNY', 'NONE', 'DEPTH', 'NONE', 'CANNY', 'FILL', 'NONE'];

/** The projects with their profiles, and each profile's models, of the catalogue. */
export function castOf(projects: number, startMs: number, chance: Chance): SeedProject[] {
  const models = knownModels().filter((model) => model.provider !== 'cometapi-responses');
  const known = new Map(models.map((model) => [model.id, seedModel(model, chance)]));
  return Array.from({ length: projects }, (_, n) => ({
    id: uuidAt(startMs + n, chance),
    slug: n === 0 ? 'demo' : `seeded-${n + 1}`,
    profiles: themes.map(([slug, name, triggerWord, subjects], place) => {
      const fitting = models.filter((model) => model.control === controls[place]);
      const own = new Set(Array.from({ length: 3 }, () => chance.pick(fitting).id));
      return {
        id: uuidAt(startMs + 100 + place, chance),
        slug: `seeded-${slug}`,
        name,
        triggerWord,
        models: [...own].flatMap((id) => known.get(id) ?? []),
        subjects,
      };
    }),
  }));
}

function seedModel(model: Model, chance: Chance): SeedModel {
  const price = priceAt(model.prices, new Date()) ?? 10_000 * (3 + chance.below(6));
  const silent = model.provider === 'replicate';
  return {
    model,
    runMs: 5_000 + chance.next() * 25_000,
    sigma: 0.2 + chance.next() * 0.3,
    settled: silent ? null : { before: price, after: Math.round(price * 0.85) },
  };
}
