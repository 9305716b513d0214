import type { Faults } from '../../src/sandbox/options.js';
import type { DisturbanceName } from './disturbances.js';

export type ChaosOptions = {
  /** Generations at least; more come while a disturbance is not over. */
  generations: number;
  /** Clients that ask for generations, one request at a time each. */
  submitters: number;
  /** Nobody asks for more while so many are not over yet. */
  unfinishedAtMost: number;
  /** Darkroom's limit of the provider account. The sandbox's own is far above, so that it would tell. */
  activeTasks: number;
  /** Clients that listen to all events, cut and connected again all along. */
  subscribers: number;
  /** WebSockets that do nothing, all along. */
  idleSockets: number;
  /** Median time in ms that a task takes at the provider. */
  medianMs: number;
  /** A submit whose answer never came is given up after so long, seconds. */
  unconfirmedSeconds: number;
  faults: Faults;
  /** New generations a second, at most. */
  perSecond: number;
  /** Each list is worked off in its order, all lists at once. */
  disturbances: readonly (readonly DisturbanceName[])[];
  /** Whether a list begins anew as long as there are generations to come. */
  again: boolean;
  /** How long a disturbance lasts that has no length of its own, ms. */
  spanMs: number;
  /** Whether the next disturbance waits until the last one is recovered from. */
  waitForRecovery: boolean;
  /** Quiet between two disturbances, ms. */
  calmMs: number;
  /** Recovery that takes longer is a violation, ms. */
  recoveryWithinMs: number;
  /** Decides all that is left to chance here and in the sandbox. */
  seed: string;
  /** Run what `npm run build` made, which starts faster than the sources. */
  built: boolean;
  /** Where the logs of the processes are kept; null: nowhere. */
  logs: string | null;
  say: (line: string) => void;
};

/** What the provider does wrong all along. */
const usualFaults: Faults = {
  lostReply: 0.01,
  http429: 0.02,
  http500: 0.005,
  http503: 0.005,
  slowReply: 0.01,
  lateTask: 0.03,
  unknownStatus: 0.05,
  foreignPollingUrl: 0.02,
  lookHttp500: 0.01,
  lookHttp429: 0.01,
  webhookMissing: 0.05,
  webhookDoubled: 0.1,
  webhookLate: 0.05,
};

const common = {
  faults: usualFaults,
  seed: 'chaos',
  recoveryWithinMs: 60_000,
  logs: null,
  say: (): void => undefined,
};

/** `npm run chaos`. */
export const longForm: ChaosOptions = {
  ...common,
  generations: 10_000,
  submitters: 12,
  unfinishedAtMost: 400,
  activeTasks: 150,
  subscribers: 6,
  idleSockets: 300,
  medianMs: 2_000,
  unconfirmedSeconds: 30,
  perSecond: 40,
  disturbances: [
    [
      'kill-poller',
      'kill-api',
      'pause-poller',
      'stop-postgres',
      'images-down',
      'terminate-backends',
      'fill-connections',
      'pause-api',
      'kill-often',
      'kill-postgres',
      'stop-poller',
      'stop-api',
    ],
  ],
  again: true,
  spanMs: 10_000,
  waitForRecovery: true,
  calmMs: 3_000,
  built: true,
};

/** Part of `npm test`. */
export const shortForm: ChaosOptions = {
  ...common,
  generations: 300,
  submitters: 4,
  unfinishedAtMost: 60,
  activeTasks: 40,
  subscribers: 3,
  idleSockets: 40,
  medianMs: 1_000,
  unconfirmedSeconds: 10,
  perSecond: 12,
  // A lease takes fifteen seconds to run out, so the rest happens in the meantime.
  disturbances: [
    ['pause-poller'],
    ['kill-poller', 'kill-api', 'images-down', 'terminate-backends', 'fill-connections', 'stop-postgres'],
  ],
  again: false,
  spanMs: 2_000,
  waitForRecovery: false,
  calmMs: 500,
  built: false,
};
