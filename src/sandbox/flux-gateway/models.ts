import { bflEndpoints, type BflEndpoint } from '../bfl/endpoints.js';
import type { Fields } from '../validate.js';

/** US cents per request of the finetuned models (CometAPI's page for depth and fill; assumed for the others). */
const finetunedCost = 9.6;

/** A gateway takes an image in a data URI too. */
function orDataUri(fields: Fields): Fields {
  const entries = Object.entries(fields).map(([name, field]): [string, Fields[string]] => {
    return [name, field.type === 'image' ? { ...field, dataUri: 'may' } : field];
  });
  return Object.fromEntries(entries);
}

/** Models by both ways of writing their ids: with dots as BFL has them, and with dashes as CometAPI's pages do. */
export const gatewayModels: ReadonlyMap<string, BflEndpoint> = new Map(
  [...bflEndpoints].flatMap(([name, endpoint]): [string, BflEndpoint][] => {
    const cost = name.startsWith('flux-pro') ? finetunedCost : endpoint.cost;
    const model = { ...endpoint, cost, fields: orDataUri(endpoint.fields) };
    return [
      [name, model],
      [name.replaceAll('.', '-'), model],
    ];
  }),
);
