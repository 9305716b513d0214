import { createBfl } from './bfl/bfl.js';
import { createComfyui } from './comfyui/comfyui.js';
import { createFal } from './fal/fal.js';
import { createFluxGateway } from './flux-gateway/flux-gateway.js';
import { createOpenaiResponses } from './openai-responses/openai-responses.js';
import type { Settings } from './options.js';
import { createReplicate } from './replicate/replicate.js';
import type { Dialect } from './world.js';

/** Every upstream that the sandbox can pretend to be, each on paths of its own. */
export function createDialects(settings: Settings): Dialect[] {
  return [
    createBfl(),
    createFluxGateway(),
    createOpenaiResponses(),
    createFal(settings),
    createReplicate(settings),
    createComfyui(),
  ];
}
