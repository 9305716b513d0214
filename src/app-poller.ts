import { isTerminal } from './domain/lifecycle.js';
import { defaultAim } from './domain/schedule.js';
import { asError } from './errors.js';
import type { Ground, Owned } from './ground.js';
import { inspectImage } from './images/inspect.js';
import { resultLimits } from './images/limits.js';
import { createLookTimes } from './poller/look-times.js';
import type { ServedAccount } from './poller/parts.js';
import { createPoller, type Poller } from './poller/poller.js';
import { createPriceWatch } from './poller/price-watch.js';
import { createRunTimeLog } from './poller/run-time-log.js';
import { accountAddress } from './account-address.js';

/** How long submits and savings in flight may take at a stop. */
const drainMs = 10_000;

/** The background poller: the only part that holds provider keys. */
export function buildPoller(ground: Ground, owned: Owned): Poller {
  const { config, store, imageStore, latencies, metrics, logger } = ground;
  const runTimeLog = createRunTimeLog({
    runTimes: store.runTimes,
    onError: (error) => logger.error({ err: asError(error) }, 'Run times could not be kept'),
  });
  runTimeLog.start();
  owned('the log of run times', async () => await runTimeLog.stop());
  const poller = createPoller({
    accounts: servedAccounts(ground),
    models: new Map(ground.catalogue.models.map((model) => [model.id, model])),
    worklist: store.worklist,
    pauses: store.pauses,
    standings: store.standings,
    standing: ground.standing,
    hints: store.hints,
    calls: store.providerCalls,
    async change(change) {
      const result = await store.ledger.change(change);
      const to = change.generation?.to;
      if (result.generationChanged && to !== undefined && isTerminal(to)) metrics.ended({ status: to });
      return result;
    },
    lookTimes: createLookTimes({
      latencyOf: (model, pixels) => latencies.of(model, pixels),
      aim: { ...defaultAim, wantedDelayMs: config.lookDelayMs },
    }),
    runTimeLog,
    priceWatch: createPriceWatch({ metrics, logger }),
    metrics,
    images: store.images,
    bytes: imageStore,
    inspectResult: async (bytes) => await inspectImage(bytes, resultLimits),
    settings: {
      unconfirmedMs: config.unconfirmedMs,
      submitTimeoutMs: config.submitTimeoutMs,
      firstProbeMs: config.firstProbeMs,
      drainMs,
    },
    logger,
  });
  metrics.gauge('darkroom_attempts_in_hand', 'Attempts that this process is busy with.', () => poller.inHand());
  metrics.gauge('darkroom_held_bytes', 'Bytes of pictures held until the image store takes them.', () =>
    poller.heldBytes(),
  );
  return poller;
}

function servedAccounts(ground: Ground): ServedAccount[] {
  return ground.config.accounts.map((settings) => {
    const { id, sandbox, limit, projects, apiKey, auth, hosts, webhookUrl } = settings;
    const { provider, baseUrl } = accountAddress(ground, settings);
    if (apiKey === null) throw new Error(`The account ${id} has no key.`);
    return {
      account: { id, provider: provider.name, sandbox, limit, projects },
      access: { id, baseUrl, apiKey, auth, hosts },
      provider,
      webhookUrl,
    };
  });
}
