import { accountAddress } from './account-address.js';
import { buildExportStreams, exportFolder } from './app-exports.js';
import type { DemoProject } from './demo-project.js';
import { createSchema } from './graphql/schema.js';
import type { Ground } from './ground.js';
import { decodeBase64Image } from './images/base64.js';
import { cannyEdges } from './images/edges.js';
import { checkSize } from './images/inspect.js';
import { createSheetDrawer } from './images/sheet.js';
import { takeIn } from './images/take-in.js';
import { createServer, type HttpServer } from './server/server.js';
import { createAskProvider } from './service/ask-provider.js';
import { createAnnotationService } from './service/annotate.js';
import { createAccountService } from './service/accounts.js';
import { createBudgetService } from './service/budgets.js';
import { createCannyPreview } from './service/canny.js';
import { createAcceptOnce } from './service/accept.js';
import { createGenerate, createPrepare } from './service/generate.js';
import { createCheckBinding } from './service/check-binding.js';
import { createEraseService } from './service/erase.js';
import { createEstimate } from './service/estimate.js';
import { createExportService } from './service/exports.js';
import { createRoutingService } from './service/routing.js';
import { createUpload } from './service/images.js';
import { createImportProfiles } from './service/import-profiles.js';
import { createProfileService } from './service/profiles.js';
import { createProgress } from './service/progress.js';
import { createReplayService } from './service/replay.js';
import { createRerun, createRerunRequest } from './service/rerun.js';
import { createSettleAttempt } from './service/settle.js';
import { createSheets } from './service/sheets.js';
import { createStorageService } from './service/storage.js';
import { createStopService } from './service/stop.js';
import { createSubscriptions } from './service/subscribe.js';
import { createSweepService } from './service/sweep.js';
import { createUsageService } from './service/usage.js';
import { createWaiting } from './service/waiting.js';
import { createReceiveWebhook } from './service/webhooks.js';

type WebhookReaders = Parameters<typeof createReceiveWebhook>[0]['readers'];

/** How webhooks for each account are checked. */
function webhookReaders(ground: Ground): WebhookReaders {
  const readers: [string, WebhookReaders extends ReadonlyMap<string, infer Reader> ? Reader : never][] = [];
  for (const settings of ground.config.accounts) {
    const { id, hosts, webhookSecret } = settings;
    const { provider, baseUrl } = accountAddress(ground, settings);
    const read = provider.readWebhook;
    if (read === null) continue;
    const account = { id, baseUrl, hosts, webhookSecret };
    readers.push([id, { provider: provider.name, read: (delivery) => read(account, delivery) }]);
  }
  return new Map(readers);
}

/**
 * The API of a process. `onAccepted` is called after each generation that was accepted here, `onReplay` after a start,
 * `onErasure` after an order, `onKeeping` when a project's settings of what it keeps have changed.
 */
export async function buildServer(
  ground: Ground,
  options: {
    demo: DemoProject;
    onAccepted: () => void;
    onReplay: () => void;
    onErasure: () => void;
    onKeeping: () => void;
    onExport: () => void;
  },
): Promise<HttpServer> {
  const { config, logger, store, imageStore, storage, catalogue, authenticate, metrics, health } = ground;
  const { latencies, foretold, standing } = ground;
  const askProvider = createAskProvider(store.providerCalls);
  const reader = { images: store.images, inspect: takeIn, checkSize, decode: decodeBase64Image };
  const planning = {
    catalogue,
    standing,
    runMsOf: (model: string) => latencies.medianMsOf(model),
  };
  const prepare = createPrepare({ ...planning, profiles: store.profiles, reader, deadlineMs: config.deadlineMs });
  const acceptOnce = createAcceptOnce({
    ledger: {
      async accept(generation) {
        const accepted = await store.ledger.accept(generation);
        options.onAccepted();
        return accepted;
      },
    },
    idempotency: store.idempotency,
    history: store.history,
    images: store.images,
    bytes: imageStore,
    storage,
  });
  const rerunRequest = createRerunRequest({ history: store.history, images: store.images, models: catalogue.models });
  const stopService = createStopService({ ledger: store.ledger, history: store.history });
  const folder = exportFolder(ground);
  return createServer({
    schema: await createSchema(),
    services: {
      generate: createGenerate({ prepare, acceptOnce }),
      rerun: createRerun({
        history: store.history,
        request: rerunRequest,
        prepare,
        acceptOnce,
      }),
      stopService,
      settleAttempt: createSettleAttempt(store),
      sweepService: createSweepService({
        sweeps: store.sweeps,
        history: store.history,
        idempotency: store.idempotency,
        images: store.images,
        bytes: imageStore,
        storage,
        prepare,
        stopService,
        onAccepted: options.onAccepted,
      }),
      replayService: createReplayService({
        replays: store.replays,
        sampling: store.sampling,
        history: store.history,
        idempotency: store.idempotency,
        catalogue,
        rerunRequest,
        prepare,
        stopService,
        onStarted: options.onReplay,
      }),
      exportService: createExportService({
        exports: store.exports,
        source: store.exportSource,
        removeFiles: async (claim) => await folder.remove(claim),
        onCreated: options.onExport,
        storage,
      }),
      sheets: createSheets({ ...store, drawer: createSheetDrawer(imageStore) }),
      progress: createProgress({ hub: ground.hub, ...store }),
      estimate: createEstimate({
        ...planning,
        profiles: store.profiles,
        images: store.images,
        queue: store.queue,
        budgets: store.budgets,
        deadlineMs: config.deadlineMs,
        storage,
        forecastOf: (model, pixels) => latencies.of(model, pixels),
      }),
      annotationService: createAnnotationService(store),
      budgetService: createBudgetService(store),
      accountService: createAccountService({ pauses: store.pauses, catalogue, standing }),
      routingService: createRoutingService({ standings: store.standings, standing, catalogue }),
      standing,
      importProfiles: createImportProfiles({ profiles: store.profiles, catalogue, askProvider }),
      checkBinding: createCheckBinding({ profiles: store.profiles, catalogue, askProvider }),
      eraseService: createEraseService({
        erasures: store.erasures,
        idempotency: store.idempotency,
        onCreated: options.onErasure,
      }),
      erasures: store.erasures,
      storageService: createStorageService({
        keepings: store.keepings,
        defaults: config.keeping,
        onSet: () => {
          ground.quota.forget();
          options.onKeeping();
        },
      }),
      profileService: createProfileService({ profiles: store.profiles, catalogue }),
      cannyPreview: createCannyPreview({ reader, images: store.images, bytes: imageStore, edges: cannyEdges }),
      subscriptions: createSubscriptions({
        hub: ground.hub,
        history: store.history,
        log: store.eventLog,
        replayMs: config.eventsReplayMs,
      }),
      usage: createUsageService({ usage: store.usage, now: () => new Date() }),
      waiting: createWaiting({
        queue: store.queue,
        pauses: store.pauses,
        catalogue,
        forecastOf: (model, pixels) => latencies.of(model, pixels),
        told: (generation, eta) => foretold.tell(generation, eta),
      }),
      latencies,
      history: store.history,
      profiles: store.profiles,
      images: store.images,
      sweeps: store.sweeps,
      replays: store.replays,
      exports: store.exports,
      catalogue,
    },
    authenticate,
    images: {
      upload: createUpload({ inspect: takeIn, bytes: imageStore, images: store.images, storage }),
      store: imageStore,
    },
    exports: {
      streams: buildExportStreams(ground),
      read: async (claim, path, range) => await folder.read(claim, path, range),
    },
    health,
    metrics,
    receiveWebhook: createReceiveWebhook({
      hints: store.hints,
      readers: webhookReaders(ground),
      metrics,
    }),
    demoKey: config.databaseUrl === null ? options.demo.apiKey : null,
    publicUrl: config.publicUrl,
    corsOrigins: config.corsOrigins,
    host: config.host,
    port: config.port,
    logger,
  });
}
