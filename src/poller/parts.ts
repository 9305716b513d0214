import type { Logger } from '../logger.js';
import type { LedgerChange, ChangeResult } from '../domain/change.js';
import type { Images, Worklist } from '../domain/ports.js';
import type { Account } from '../domain/route.js';
import type { Provider, ProviderAccount } from '../providers/provider.js';
import type { BadEnd, SaverLimits } from './save-task.js';
import type { Saver } from './saver.js';
import type { ImageBytes, InspectedImage, Inspection } from '../service/images.js';

/** An account with its adapter and its key: only the poller holds these. */
export type ServedAccount = { account: Account; access: ProviderAccount; provider: Provider };

export type PollerSettings = {
  /** Time between two looks at a task. */
  pollIntervalMs: number;
  /** A submit that was never answered is given up after so long. */
  unconfirmedMs: number;
  /** A submit is given up waiting for after so long; what became of it is then unknown. */
  submitTimeoutMs: number;
  /** How long in-flight submits and saves may take at a stop. */
  drainMs: number;
  /** Other bounds than usual of what is downloaded and held at once. */
  saving?: Partial<SaverLimits>;
};

/** What all parts of the poller share. */
export type PollerParts = {
  accounts: readonly ServedAccount[];
  worklist: Worklist;
  change: (change: LedgerChange) => Promise<ChangeResult>;
  images: Images;
  bytes: ImageBytes;
  inspectResult: (bytes: Buffer) => Promise<{ ok: true; image: InspectedImage } | Extract<Inspection, { ok: false }>>;
  settings: PollerSettings;
  logger: Logger;
};

/** What the process that drives attempts has to say at any moment. */
export type Driver = {
  /** The instance that this process is at present; changes when its lease was taken away. */
  instanceId: () => string;
  /** Aborted when watching is to end: at a stop, or with the lease. */
  watching: () => AbortSignal;
  saver: Saver<BadEnd>;
  /** Aborted when everything is to end. */
  forced: AbortSignal;
};
