import { createFluxProvider, type FluxDialect, type FluxOptions } from '../flux/flux.js';
import type { Provider } from '../provider.js';
import { readCredits } from './cost.js';
import { readFinetuneDetails, readFinetunes } from './finetunes.js';
import { readProbe } from './probe.js';
import { readWebhook } from './webhook.js';

const dialect: FluxDialect = {
  name: 'bfl',
  baseUrl: 'https://api.bfl.ai',
  prefix: '/v1',
  auth: { header: 'x-key', scheme: null },
  polls: 'listed',
  cost: readCredits,
  readWebhook,
  probe: { path: '/v1/credits', read: readProbe },
  finetunes: {
    path: '/v1/my_finetunes',
    read: readFinetunes,
    detailsPath: (id) => `/v1/finetune_details?${new URLSearchParams({ finetune_id: id }).toString()}`,
    readDetails: readFinetuneDetails,
  },
};

/** The direct API of Black Forest Labs. */
export function createBflProvider(options: FluxOptions = {}): Provider {
  return createFluxProvider(dialect, options);
}
