import type { Model } from '../domain/model.js';
import bfl from './bfl.json' with { type: 'json' };
import cometapiResponses from './cometapi-responses.json' with { type: 'json' };
import cometapi from './cometapi.json' with { type: 'json' };
import comfyui from './comfyui.json' with { type: 'json' };
import fal from './fal.json' with { type: 'json' };
import { readModels } from './read-models.js';
import replicate from './replicate.json' with { type: 'json' };

/** Every provider model that is known, one data file for each provider. */
export function knownModels(): Model[] {
  return [bfl, cometapi, cometapiResponses, fal, replicate, comfyui].flatMap(readModels);
}
