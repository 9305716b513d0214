import type { Model } from '../domain/model.js';
import bfl from './bfl.json' with { type: 'json' };
import cometapiResponses from './cometapi-responses.json' with { type: 'json' };
import cometapi from './cometapi.json' with { type: 'json' };
import comfyui from './comfyui.json' with { type: 'json' };
import fal from './fal.json' with { type: 'json' };
import { overlay, readModelsFile } from './models-file.js';
import { readModels } from './read-models.js';
import replicate from './replicate.json' with { type: 'json' };

/** Every provider model that is known, one data file for each provider, with an operator's file (a path) laid over them. */
export function knownModels(modelsFile: string | null = null): Model[] {
  const models = [bfl, cometapi, cometapiResponses, fal, replicate, comfyui].flatMap(readModels);
  return modelsFile === null ? models : overlay(models, readModelsFile(modelsFile), modelsFile);
}
