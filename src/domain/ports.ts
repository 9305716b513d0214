import type { ChangeResult, LedgerChange } from './change.js';
import type {
  Attempt,
  Binding,
  Generation,
  GenerationEvent,
  ImageRecord,
  NewGeneration,
  Profile,
} from './generation.js';
import type { AttemptState, ControlKind, GenerationStatus } from './lifecycle.js';
import type { ParameterValues } from './model.js';

/** Who asks. Everything is read and written inside the viewer's project. */
export type Viewer = { projectId: string; projectSlug: string; projectName: string; keyId: string; keyName: string };

export type GenerationFilter = {
  status?: readonly GenerationStatus[] | null;
  profileId?: string | null;
  control?: readonly ControlKind[] | null;
  provider?: readonly string[] | null;
  /** From this time on, inclusive. */
  createdFrom?: Date | null;
  /** Until this time, exclusive. */
  createdTo?: Date | null;
};

/** A window on a list that is ordered by id, newest first. */
export type Window = {
  first: number;
  /** Continue after (older than) this id. */
  after: string | null;
};

export type GenerationImageRef = {
  generationId: string;
  role: 'CONTROL' | 'IMAGE_PROMPT' | 'RESULT';
  n: number;
  imageId: string;
};

/** Writes of the ledger. */
export type Ledger = {
  /** Durable when it answers. */
  accept(generation: NewGeneration): Promise<Generation>;
  change(change: LedgerChange): Promise<ChangeResult>;
};

/** Reads of the ledger. Those with a project see nothing else. */
export type History = {
  generation(projectId: string, id: string): Promise<Generation | null>;
  /** In the order of the ids asked for; null where there is none. */
  generations(projectId: string, ids: readonly string[]): Promise<(Generation | null)[]>;
  page(projectId: string, filter: GenerationFilter, window: Window): Promise<Generation[]>;
  /** Not yet terminal, newest first, at most `limit`. */
  running(projectId: string, filter: GenerationFilter, limit: number): Promise<Generation[]>;
  attempts(projectId: string, generationIds: readonly string[]): Promise<Attempt[]>;
  events(projectId: string, generationIds: readonly string[]): Promise<GenerationEvent[]>;
  imageRefs(projectId: string, generationIds: readonly string[]): Promise<GenerationImageRef[]>;
};

export type NewProfile = {
  id: string;
  projectId: string;
  slug: string;
  name: string;
  description: string;
  triggerWord: string | null;
  defaults: ParameterValues;
};

export type ProfilePatch = Partial<Pick<NewProfile, 'slug' | 'name' | 'description' | 'triggerWord' | 'defaults'>>;

export type Profiles = {
  /** `taken` when the slug is in use in the project. */
  create(profile: NewProfile): Promise<'created' | 'taken'>;
  update(projectId: string, id: string, patch: ProfilePatch): Promise<'updated' | 'taken' | 'missing'>;
  /** Archives, or with false brings back. */
  archive(projectId: string, id: string, archived: boolean): Promise<'updated' | 'missing'>;
  bind(projectId: string, profileId: string, binding: Binding): Promise<'updated' | 'missing'>;
  find(projectId: string, ids: readonly string[]): Promise<Profile[]>;
  page(projectId: string, filter: { archived: boolean | null }, window: Window): Promise<Profile[]>;
};

export type NewImage = Omit<ImageRecord, 'createdAt'>;

export type Images = {
  /** Keeps the row, or gives the one that the project already has for the same bytes. */
  keep(image: NewImage): Promise<ImageRecord>;
  find(projectId: string, ids: readonly string[]): Promise<ImageRecord[]>;
  /** By the secret part of its URL, for whoever holds that. */
  byToken(id: string, token: string): Promise<ImageRecord | null>;
};

/** One attempt with all that is needed to go on with it. */
export type WorkItem = {
  generation: Generation;
  attempt: {
    n: number;
    state: AttemptState;
    instanceId: string;
    taskId: string | null;
    pollingUrl: string | null;
    looks: number;
    /** What the provider quoted when it accepted. */
    costMicros: number | null;
    intendedAt: Date;
    acceptedAt: Date | null;
    finishedAt: Date | null;
    /** By the provider's clock. */
    providerFinishedAt: Date | null;
  };
  controlImage: ImageRecord | null;
  imagePrompt: ImageRecord | null;
  /** When this was read, by the database's clock. */
  readAt: Date;
};

/** Names one attempt. */
export type AttemptRef = { generationId: string; n: number };

/** What the poller needs of the ledger beyond its changes. Each names the instance that acts. */
export type Worklist = {
  register(instance: { id: string; host: string; pid: number }): Promise<void>;
  /** False when the lease was taken away. */
  renew(instanceId: string): Promise<boolean>;
  release(instanceId: string): Promise<void>;
  /**
   * Makes this instance the owner of what dead instances looked after at these accounts. An instance is dead when its
   * lease was not renewed for `deadAfterMs`; null: every other one is.
   */
  takeOver(request: {
    instanceId: string;
    accounts: readonly string[];
    deadAfterMs: number | null;
  }): Promise<AttemptRef[]>;
  /** What this instance looks after by the ledger: attempts to go on with, and images to save. */
  owned(instanceId: string): Promise<AttemptRef[]>;
  admit(request: { account: string; instanceId: string; limit: number; atMost: number }): Promise<AttemptRef[]>;
  pauseAccount(pause: { account: string; code: string; message: string; pauseMs: number }): Promise<void>;
  load(ref: AttemptRef): Promise<WorkItem | null>;
  /** Keeps what a look showed of a running task. */
  noteProgress(
    ref: AttemptRef & { instanceId: string; looks: number; word: string; progress: number | null },
  ): Promise<void>;
  /** Generations past their deadline. One whose image is being saved only when no living instance looks after it. */
  overdue(limit: number): Promise<string[]>;
  /** Attempts whose submit was never answered, sent longer ago than `unconfirmedMs`. */
  unanswered(unconfirmedMs: number, limit: number): Promise<AttemptRef[]>;
};
