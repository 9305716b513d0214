import type { GenerationErrorCode } from './generation.js';
import type { RouteChange } from './planned-route.js';
import {
  attemptSourcesOf,
  sourcesOf,
  type AttemptState,
  type GenerationStatus,
  type ModerationStage,
} from './lifecycle.js';

/** A guarded change of a generation: it happens only from one of `from`. */
export type GenerationMove = {
  from: readonly GenerationStatus[];
  to: GenerationStatus;
  /** Only while it has this version. */
  version?: number;
  /** Back to QUEUED: by this route from now on. */
  route?: RouteChange;
  moderationStage?: ModerationStage | null;
  errorCode?: GenerationErrorCode | null;
  /** For the owner of the generation: no URL, no key. */
  errorMessage?: string | null;
  /** Back to QUEUED: not to be submitted again before so many milliseconds. */
  retryAfterMs?: number | null;
  resultSeed?: number | null;
};

/** A guarded change of an attempt: only from one of `from`, and only while `instanceId` owns it (null: whoever does). */
export type AttemptMove = {
  n: number;
  instanceId: string | null;
  from: readonly AttemptState[];
  to: AttemptState;
  /** Only while the generation is in one of these. */
  whileStatus?: readonly GenerationStatus[];
  /** Who looks after it from now on; left out: whoever does. */
  ownerId?: string;
  taskId?: string | null;
  pollingUrl?: string | null;
  resultUrl?: string | null;
  cancelUrl?: string | null;
  request?: unknown;
  /** 32 bytes from which its webhook's token and secret are derived. */
  webhookKey?: Uint8Array | null;
  httpStatus?: number | null;
  errorCode?: GenerationErrorCode | null;
  errorMessage?: string | null;
  /** By the price table when it is sent. */
  listMicros?: number | null;
  quotedMicros?: number | null;
  settledMicros?: number | null;
  looks?: number | null;
  word?: string | null;
  providerStartedAt?: Date | null;
  providerFinishedAt?: Date | null;
};

/**
 * One change of the ledger. With an attempt given, the generation moves only if the attempt did. An attempt may move when
 * its generation cannot any more: then only what it cost is added to the generation.
 */
export type LedgerChange = {
  generationId: string;
  generation: GenerationMove | null;
  attempt: AttemptMove | null;
  resultImageIds?: readonly string[];
};

export type ChangeResult = { attemptChanged: boolean; generationChanged: boolean };

/** A move to `to` from wherever the lifecycle allows it, or from fewer states where `from` says so. */
export function generationMove(
  to: GenerationStatus,
  details: Partial<Omit<GenerationMove, 'to'>> = {},
): GenerationMove {
  return { from: sourcesOf(to), ...details, to };
}

export function attemptMove(
  n: number,
  instanceId: string | null,
  to: AttemptState,
  details: Partial<Omit<AttemptMove, 'to' | 'n' | 'instanceId'>> = {},
): AttemptMove {
  return { from: attemptSourcesOf(to), ...details, n, instanceId, to };
}
