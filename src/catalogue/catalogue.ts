import type { Model } from '../domain/model.js';
import bfl from './bfl.json' with { type: 'json' };
import cometapiResponses from './cometapi-responses.json' with { type: 'json' };
import cometapi from './cometapi.json' with { type: 'json' };
import { readModels } from './read-models.js';

/** Every provider model that is known, one data file for each provider. */
export function knownModels(): Model[] {
  return [bfl, cometapi, cometapiResponses].flatMap(readModels);
}
