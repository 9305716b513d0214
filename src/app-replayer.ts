import type { Ground } from './ground.js';
import { decodeBase64Image } from './images/base64.js';
import { pictureDistance } from './images/distance.js';
import { checkSize } from './images/inspect.js';
import { takeIn } from './images/take-in.js';
import { createPrepare } from './service/generate.js';
import { createReplayer, type Replayer } from './service/replayer.js';
import { createRerunRequest } from './service/rerun.js';

/** What carries replays on. `onAccepted` is called when generations wait to be submitted. */
export function buildReplayer(ground: Ground, onAccepted: () => void): Replayer {
  const { config, store, imageStore, catalogue, standing, latencies, quota, logger } = ground;
  const reader = { images: store.images, inspect: takeIn, checkSize, decode: decodeBase64Image };
  return createReplayer({
    work: store.replayWork,
    history: store.history,
    images: store.images,
    bytes: imageStore,
    rerunRequest: createRerunRequest({ history: store.history, images: store.images, models: catalogue.models }),
    prepare: createPrepare({
      catalogue,
      standing,
      runMsOf: (model) => latencies.medianMsOf(model),
      profiles: store.profiles,
      reader,
      deadlineMs: config.deadlineMs,
    }),
    distance: pictureDistance,
    onAccepted,
    storage: quota,
    logger,
  });
}
