import { createMetrics } from '../../src/metrics.js';
import { createLookTimes } from '../../src/poller/look-times.js';
import type { PollerParts } from '../../src/poller/parts.js';

/** Looks every 50 ms, learns nothing. */
export function quickLooks(): Pick<PollerParts, 'lookTimes' | 'runTimeLog' | 'metrics'> {
  return {
    lookTimes: createLookTimes({ latencyOf: () => null, aim: { wantedDelayMs: 25, floorMs: 50, capMs: 1_000 } }),
    runTimeLog: { add: () => undefined },
    metrics: createMetrics({ withProcess: false }),
  };
}
