import { knownModels } from '../../src/catalogue/catalogue.js';
import { inspectImage } from '../../src/images/inspect.js';
import { resultLimits } from '../../src/images/limits.js';
import { createLogger } from '../../src/logger.js';
import { createMetrics } from '../../src/metrics.js';
import { createLookTimes } from '../../src/poller/look-times.js';
import type { PollerParts } from '../../src/poller/parts.js';
import type { Provider } from '../../src/providers/provider.js';
import type { LedgerBench } from './ledger.js';
import { stands } from './standing.js';

/** What a poller needs on a ledger and a sandbox: it looks every 50 ms, and learns nothing. */
export function pollerParts(options: {
  bench: LedgerBench;
  sandboxUrl: string;
  provider: Provider;
  bytes: PollerParts['bytes'];
}): PollerParts {
  const { bench, sandboxUrl, provider, bytes } = options;
  const { worklist, pauses, standings, hints, providerCalls, images, ledger } = bench.store;
  return {
    accounts: [
      {
        account: { id: 'sandbox', provider: 'bfl', sandbox: true, limit: 24, projects: null },
        access: { id: 'sandbox', baseUrl: sandboxUrl, apiKey: 'key', hosts: [] },
        provider,
        webhookUrl: null,
      },
    ],
    models: new Map(knownModels().map((model) => [model.id, model])),
    worklist,
    pauses,
    standings,
    standing: stands(),
    hints,
    calls: providerCalls,
    lookTimes: createLookTimes({
      latencyOf: () => null,
      aim: { wantedDelayMs: 25, floorMs: 50, capMs: 1_000 },
    }),
    runTimeLog: { add: () => undefined },
    priceWatch: { settled: () => undefined },
    metrics: createMetrics({ withProcess: false }),
    change: async (change) => await ledger.change(change),
    images,
    bytes,
    inspectResult: async (given) => await inspectImage(given, resultLimits),
    settings: { unconfirmedMs: 60_000, submitTimeoutMs: 5_000, firstProbeMs: 1_000, drainMs: 5_000 },
    logger: createLogger('silent'),
  };
}
