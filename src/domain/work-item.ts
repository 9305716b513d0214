import type { Generation, ImageRecord } from './generation.js';
import type { AttemptState } from './lifecycle.js';
import type { ImageInputName } from './model.js';

/** One attempt with what is needed to go on with it: little, for thousands are watched at once. */
export type WorkItem = {
  generation: Pick<Generation, 'id' | 'projectId' | 'status' | 'pixels' | 'deadline'>;
  /** What it is made of, as long as that is still to be sent. */
  order: Order | null;
  attempt: {
    n: number;
    /** By which it was sent; the generation may have gone on by another. */
    account: string;
    model: string;
    state: AttemptState;
    instanceId: string;
    taskId: string | null;
    pollingUrl: string | null;
    resultUrl: string | null;
    cancelUrl: string | null;
    /** When its provider was asked to stop it. */
    stopAskedAt: Date | null;
    looks: number;
    /** By the price table when it was sent. */
    costListMicros: number | null;
    /** What the provider quoted when it accepted. */
    costQuotedMicros: number | null;
    intendedAt: Date;
    acceptedAt: Date | null;
    /** From which its webhook's token and secret are derived; null where none was asked for. */
    webhookKey: Uint8Array | null;
    finishedAt: Date | null;
    /** By the provider's clock. */
    providerFinishedAt: Date | null;
  };
  /** When this was read, by the database's clock. */
  readAt: Date;
};

/** All that a submit is made of. */
export type Order = {
  generation: Generation;
  images: Readonly<Partial<Record<ImageInputName, ImageRecord>>>;
};

/** An attempt that is still to be sent. */
export type OrderedItem = WorkItem & { order: Order };

/** What a look showed of a running task. */
export type ProgressNote = {
  generationId: string;
  n: number;
  instanceId: string;
  looks: number;
  /** The provider's status word. */
  word: string;
  /** From 0 to 1; null where it is not told. */
  progress: number | null;
};
