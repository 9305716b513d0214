import type { Ground } from './ground.js';
import { inspectImage } from './images/inspect.js';
import { resultLimits } from './images/limits.js';
import type { ServedAccount } from './poller/parts.js';
import { createPoller, type Poller } from './poller/poller.js';
import { bflDefaults } from './providers/bfl/bfl.js';

/** How long submits and savings in flight may take at a stop. */
const drainMs = 10_000;

/** The background poller: the only part that holds provider keys. */
export function buildPoller(ground: Ground): Poller {
  const { config, store, imageStore, logger } = ground;
  return createPoller({
    accounts: servedAccounts(ground),
    worklist: store.worklist,
    pauses: store.pauses,
    hints: store.hints,
    change: async (change) => await store.ledger.change(change),
    images: store.images,
    bytes: imageStore,
    inspectResult: async (bytes) => await inspectImage(bytes, resultLimits),
    settings: {
      pollIntervalMs: config.pollIntervalMs,
      unconfirmedMs: config.unconfirmedMs,
      submitTimeoutMs: config.submitTimeoutMs,
      firstProbeMs: config.firstProbeMs,
      drainMs,
    },
    logger,
  });
}

function servedAccounts({ config, sandboxUrl, provider }: Ground): ServedAccount[] {
  return config.accounts.map(({ id, provider: name, sandbox, limit, baseUrl, apiKey, hosts, webhookUrl }) => {
    const address = baseUrl ?? (sandbox ? sandboxUrl : bflDefaults.baseUrl);
    if (address === null || apiKey === null) throw new Error(`The account ${id} has no address or no key.`);
    return {
      account: { id, provider: name, sandbox, limit },
      access: { id, baseUrl: address, apiKey, hosts },
      provider,
      webhookUrl,
    };
  });
}
