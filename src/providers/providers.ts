import { createBflProvider } from './bfl/bfl.js';
import { createCometApiResponsesProvider } from './cometapi-responses/cometapi-responses.js';
import { createCometApiProvider } from './cometapi/cometapi.js';
import { createComfyProvider } from './comfyui/comfyui.js';
import { createFalProvider } from './fal/fal.js';
import type { Provider } from './provider.js';
import { createReplicateProvider } from './replicate/replicate.js';

/**
 * Every upstream that Darkroom knows, by name. `lifetimeScale` divides how long results live: a sandbox's run faster.
 * `workflows` is the folder of the operator's own ComfyUI workflows; throws when one of them cannot be used.
 */
export function createProviders(options: {
  lifetimeScale: number;
  workflows: string | null;
}): ReadonlyMap<string, Provider> {
  const all = [
    createBflProvider(options),
    createCometApiProvider(options),
    createCometApiResponsesProvider(options),
    createFalProvider(options),
    createReplicateProvider(options),
    createComfyProvider(options),
  ];
  return new Map(all.map((provider) => [provider.name, provider]));
}
