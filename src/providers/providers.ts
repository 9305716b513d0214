import { createBflProvider } from './bfl/bfl.js';
import { createCometApiResponsesProvider } from './cometapi-responses/cometapi-responses.js';
import { createCometApiProvider } from './cometapi/cometapi.js';
import type { Provider } from './provider.js';

/** Every upstream that Darkroom knows, by name. `lifetimeScale` divides how long results live: a sandbox's run faster. */
export function createProviders(options: { lifetimeScale: number }): ReadonlyMap<string, Provider> {
  const all = [createBflProvider(options), createCometApiProvider(options), createCometApiResponsesProvider(options)];
  return new Map(all.map((provider) => [provider.name, provider]));
}
