import { createFluxProvider, type FluxDialect, type FluxOptions } from '../flux/flux.js';
import type { Provider } from '../provider.js';
import { probePath, readProbe } from './probe.js';
import { refusalFor } from './refusal.js';
import { readWebhook } from './webhook.js';

const dialect: FluxDialect = {
  name: 'cometapi',
  baseUrl: 'https://api.cometapi.com',
  prefix: '/flux/v1',
  auth: { header: 'authorization', scheme: 'Bearer' },
  // A polling URL may be BFL's own, which must not see the gateway's key; a task is asked for at the gateway (CometAPI
  // documentation, 2026).
  polls: 'own',
  // What its answers say of a cost is BFL's price, not the gateway's.
  cost: () => null,
  refusalFor,
  readWebhook,
  probe: { path: probePath, read: readProbe },
  finetunes: null,
};

/** CometAPI's `/flux/v1`, and any other gateway of that form by its base URL and header. */
export function createCometApiProvider(options: FluxOptions = {}): Provider {
  return createFluxProvider(dialect, options);
}
