import { createBflProvider } from './bfl/bfl.js';
import { createFalProvider } from './fal/fal.js';
import type { Provider } from './provider.js';
import { createReplicateProvider } from './replicate/replicate.js';

/** Every upstream that Darkroom knows, by name. `lifetimeScale` divides how long results live: a sandbox's run faster. */
export function createProviders(options: { lifetimeScale: number }): ReadonlyMap<string, Provider> {
  const all = [createBflProvider(options), createFalProvider(options), createReplicateProvider(options)];
  return new Map(all.map((provider) => [provider.name, provider]));
}
