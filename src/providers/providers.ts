import { createBflProvider } from './bfl/bfl.js';
import type { Provider } from './provider.js';

/** Every upstream that Darkroom knows, by name. `lifetimeScale` divides how long results live: a sandbox's run faster. */
export function createProviders(options: { lifetimeScale: number }): ReadonlyMap<string, Provider> {
  const all = [createBflProvider(options)];
  return new Map(all.map((provider) => [provider.name, provider]));
}
