import type { WebhookTrust } from '../domain/webhook-trust.js';
import type { Logger } from '../logger.js';
import type { Metrics } from '../metrics.js';
import type { LookTimes } from './look-times.js';
import type { PriceWatch } from './price-watch.js';
import type { RunTimeLog } from './run-time-log.js';
import type { LedgerChange, ChangeResult } from '../domain/change.js';
import type { Model } from '../domain/model.js';
import type { AttemptRef, Hints, Images, Pauses, Worklist } from '../domain/ports.js';
import type { ProviderCalls } from '../domain/provider-call.js';
import type { Standings } from '../domain/standings.js';
import type { Account } from '../domain/route.js';
import type { Provider, ProviderAccount } from '../providers/provider.js';
import type { AbortGroup } from './abort-group.js';
import type { Breaker } from './breaker.js';
import type { ProgressBoard } from './progress.js';
import type { BadEnd, SaverLimits } from './save-task.js';
import type { Saver } from './saver.js';
import type { ImageBytes, InspectedImage, Inspection } from '../service/images.js';
import type { StandingWatch } from '../service/standing.js';

/** An account with its adapter and its key: only the poller holds these. */
export type ServedAccount = {
  account: Account;
  access: ProviderAccount;
  provider: Provider;
  /** Where this account's provider can reach our `/webhooks`, without a trailing slash; null: it is not asked to call. */
  webhookUrl: string | null;
};

export type PollerSettings = {
  /** A submit that was never answered is given up after so long. */
  unconfirmedMs: number;
  /** A submit is given up waiting for after so long; what became of it is then unknown. */
  submitTimeoutMs: number;
  /** From the pause of an account until it is first asked whether it is mended; then twice as long each time. */
  firstProbeMs: number;
  /** How long in-flight submits and saves may take at a stop. */
  drainMs: number;
  /** Other bounds than usual of what is downloaded and held at once. */
  saving?: Partial<SaverLimits>;
};

/** What all parts of the poller share. */
export type PollerParts = {
  accounts: readonly ServedAccount[];
  /** The catalogue, by id. */
  models: ReadonlyMap<string, Model>;
  worklist: Worklist;
  pauses: Pauses;
  standings: Pick<Standings, 'noteRetired' | 'clearRetired'>;
  /** How accounts and models stand, as last read. */
  standing: Pick<StandingWatch, 'now' | 'refresh'>;
  hints: Pick<Hints, 'due' | 'forget'>;
  calls: Pick<ProviderCalls, 'claim' | 'answer'>;
  lookTimes: LookTimes;
  runTimeLog: Pick<RunTimeLog, 'add'>;
  priceWatch: PriceWatch;
  metrics: Pick<Metrics, 'submitted' | 'looked' | 'found'>;
  change: (change: LedgerChange) => Promise<ChangeResult>;
  images: Images;
  bytes: ImageBytes;
  inspectResult: (bytes: Buffer) => Promise<{ ok: true; image: InspectedImage } | Extract<Inspection, { ok: false }>>;
  settings: PollerSettings;
  logger: Logger;
};

/** Where webhooks meet those who watch: each watcher is woken for one look. */
export type HintDesk = {
  /** Calls `wake` for each webhook of the attempt, also for one that came before. Gives back how to stop listening. */
  listen(ref: AttemptRef, wake: () => void): () => void;
  /** The attempt is over, and its webhook should have come by now or come at once. */
  expect(ref: AttemptRef, account: string): void;
  /** Its provider was asked to stop it: it is worth a look now, and often. */
  noteStopAsked(ref: AttemptRef): void;
  wasStopAsked(ref: AttemptRef): boolean;
  trustOf(account: string): WebhookTrust;
  /** Acts on what has come for this instance's attempts; `adopt` takes one in hand that was not watched. */
  collect(instanceId: string, adopt: (ref: AttemptRef) => void): Promise<void>;
};

/** What the process that drives attempts has to say at any moment. */
export type Driver = {
  desk: HintDesk;
  /** The instance that this process is at present; changes when its lease was taken away. */
  instanceId: () => string;
  /** Ends all watching: at a stop, or with the lease. */
  watching: AbortGroup;
  progress: ProgressBoard;
  saver: Saver<BadEnd>;
  breaker: Breaker;
  /** Aborted when everything is to end. */
  forced: AbortSignal;
};
