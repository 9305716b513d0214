import type { Shortfall } from './budget.js';
import type { ChangeResult, LedgerChange } from './change.js';
import type {
  Attempt,
  Binding,
  Generation,
  GenerationEvent,
  ImageRecord,
  ListedField,
  ListedGeneration,
  NewGeneration,
  Profile,
  RequestKey,
} from './generation.js';
import type { GenerationFilter } from './generation-filter.js';
import type { ListCount, ListPage, ListQuery, ListWindow } from './listing.js';
import type { AttemptState } from './lifecycle.js';
import type { AccountPause } from './standing.js';
import type { ProgressNote, WorkItem } from './work-item.js';
import type { imageRoles, ImageInputName, ParameterValues } from './model.js';

/** Who asks. Everything is read and written inside the viewer's project. */
export type Viewer = {
  projectId: string;
  projectSlug: string;
  projectName: string;
  keyId: string;
  keyName: string;
  /** May pause and resume the provider accounts, which all projects share. */
  operator: boolean;
};

/** Which events; all conditions must hold. */
export type EventFilter = Pick<GenerationFilter, 'status' | 'profileId' | 'control' | 'provider'>;

/** A window on a list that is ordered by id, newest first. */
export type Window = {
  first: number;
  /** Continue after (older than) this id. */
  after: string | null;
};

export type ImageRole = (typeof imageRoles)[ImageInputName] | 'RESULT';

export type GenerationImageRef = {
  generationId: string;
  role: ImageRole;
  n: number;
  imageId: string;
};

/** Writes of the ledger. */
export type Ledger = {
  /**
   * Durable when it answers. Null: its idempotency key was taken by another request meanwhile. A shortfall: it does not fit in a
   * budget. Nothing was written then.
   */
  accept(generation: NewGeneration): Promise<Generation | Shortfall | null>;
  change(change: LedgerChange): Promise<ChangeResult>;
  /** A change that has it submitted once more, if its budgets have that left. */
  changeWithin(change: LedgerChange, generation: Generation): Promise<ChangeResult | Shortfall>;
  /** Writes what an attempt cost, instead of what was known. `open`: the provider is not done with it. */
  settle(ref: AttemptRef, costMicros: number): Promise<Attempt | 'missing' | 'open'>;
};

export type Idempotency = {
  /** What the key stands for; null when it is free, or its 24 hours are over. */
  find(
    projectId: string,
    key: Pick<RequestKey, 'subject' | 'key'>,
  ): Promise<{ generationId: string; requestHash: Buffer } | null>;
};

/** Reads of the ledger. Those with a project see nothing else. */
export type History = {
  generation(projectId: string, id: string): Promise<Generation | null>;
  /** In the order of the ids asked for; null where there is none. */
  generations(projectId: string, ids: readonly string[]): Promise<(Generation | null)[]>;
  /** All of a project's generations, newest first. */
  page(projectId: string, window: Window): Promise<Generation[]>;
  /** The same page with these parts. */
  listed(projectId: string, window: Window, fields: ReadonlySet<ListedField>): Promise<ListedGeneration[]>;
  /** A page of any list, whole or with these parts. */
  list(projectId: string, query: ListQuery, window: ListWindow): Promise<ListPage<Generation>>;
  listBriefly(
    projectId: string,
    query: ListQuery,
    window: ListWindow,
    fields: ReadonlySet<ListedField>,
  ): Promise<ListPage<ListedGeneration>>;
  /** How many there are: exact up to `countedAtMost`, estimated beyond, and where counting takes too long. */
  count(projectId: string, query: ListQuery): Promise<ListCount>;
  /** Not yet terminal, newest first, at most `limit`. */
  running(projectId: string, filter: GenerationFilter, limit: number): Promise<Generation[]>;
  attempts(projectId: string, generationIds: readonly string[]): Promise<Attempt[]>;
  events(projectId: string, generationIds: readonly string[]): Promise<GenerationEvent[]>;
  imageRefs(projectId: string, generationIds: readonly string[]): Promise<GenerationImageRef[]>;
  /** Generations that run these again, newest first, of each at most 50. */
  reruns(projectId: string, generationIds: readonly string[]): Promise<{ generationId: string; rerunId: string }[]>;
};

/** The log of events, for those who go on from a position. */
export type EventLog = {
  /** The last position given. */
  last(): Promise<number>;
  /** How the log stands to somebody who has read a project's events up to `position`. */
  since(projectId: string, position: number, most: number): Promise<Missed>;
  /** A project's matching events after one position up to another, in order, at most `limit`. */
  page(
    projectId: string,
    filter: EventFilter,
    range: { after: number; upTo: number; limit: number },
  ): Promise<GenerationEvent[]>;
};

export type Missed = {
  /** The last position given. */
  last: number;
  /** Age of the first event missed, by the database's clock; null: none was. */
  oldestMs: number | null;
  /** Events right after the position are no longer kept. */
  gone: boolean;
  /** More than `most` events were missed. */
  many: boolean;
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
  /** `missing` where there is no such binding. */
  unbind(projectId: string, profileId: string, provider: string): Promise<'updated' | 'missing'>;
  find(projectId: string, ids: readonly string[]): Promise<Profile[]>;
  /** Those that are bound at this provider. */
  boundAt(projectId: string, provider: string): Promise<Profile[]>;
  page(projectId: string, filter: { archived: boolean | null }, window: Window): Promise<Profile[]>;
};

export type NewImage = Omit<ImageRecord, 'createdAt'>;

export type Images = {
  /** Keeps the row, or gives the one that the project already has for the same bytes. */
  keep(image: NewImage): Promise<ImageRecord>;
  find(projectId: string, ids: readonly string[]): Promise<ImageRecord[]>;
  /** Something was about to refer to these, and does not: they are removed unless something else refers to them. */
  release(ids: readonly string[]): Promise<void>;
  /** By the secret part of its URL, for whoever holds that. */
  byToken(id: string, token: string): Promise<ImageRecord | null>;
};

export type Pauses = {
  list(): Promise<AccountPause[]>;
  /** Takes no submits from now on. With `probeInMs` null until it is resumed by hand, whatever else pauses it meanwhile. */
  pause(pause: { account: string; code: string; message: string; probeInMs: number | null }): Promise<void>;
  /** The pauses among these accounts that are due for a probe, each given to one caller only. */
  claimProbes(accounts: readonly string[], firstProbeMs: number): Promise<AccountPause[]>;
  /** Keeps what a probe found. */
  note(account: string, message: string): Promise<void>;
  /** Ends a pause; `probed`: unless an operator made it. False when there was none to end. */
  resume(account: string, options: { probed: boolean }): Promise<boolean>;
  /** How many attempts hold a slot, by account. */
  slots(): Promise<ReadonlyMap<string, number>>;
};

/** How long one finished task ran, from its acceptance: somewhere between the two bounds. */
export type RunTimeSample = { model: string; size: string; lowerMs: number; upperMs: number };

export type RunTimes = {
  keep(samples: readonly RunTimeSample[]): Promise<void>;
  /** Those after this id, oldest first; of each model and size the newest 2,000 at most. */
  after(id: bigint): Promise<(RunTimeSample & { id: bigint })[]>;
};

/** Reads of the queue as a waiting caller sees it. */
export type Queue = {
  /**
   * Of these generations of one project those that are QUEUED for the account: how many are admitted before each, itself
   * included (1: it is the next), and how many slots are taken. About right: the queue moves while it is counted.
   */
  places(
    projectId: string,
    account: string,
    ids: readonly string[],
  ): Promise<ReadonlyMap<string, { position: number; running: number }>>;
  /** Where a generation of this priority would stand that the project asked for now. */
  placeOfNext(projectId: string, account: string, priority: number): Promise<{ position: number; running: number }>;
};

/** Names one attempt. */
export type AttemptRef = { generationId: string; n: number };

/** A webhook that came: the provider may be done with this task. */
export type Hint = AttemptRef & { taskId: string; state: AttemptState };

export type Hints = {
  /** What a webhook for this attempt is held against; null when none was asked for. */
  find(
    ref: AttemptRef,
  ): Promise<{ provider: string; account: string; state: AttemptState; taskId: string | null; key: Uint8Array } | null>;
  /** Keeps it for whoever looks after the attempt; one that is kept already changes nothing. */
  keep(ref: AttemptRef, taskId: string): Promise<void>;
  /** Those that this instance can act on now. */
  due(instanceId: string): Promise<Hint[]>;
  forget(refs: readonly AttemptRef[]): Promise<void>;
};

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
  load(ref: AttemptRef): Promise<WorkItem | null>;
  /** How many earlier attempts of the generation were refused with this code. */
  refusals(ref: AttemptRef, code: string): Promise<number>;
  /** Generations that wait for one of these accounts or models and have other routes, in the order of their ids. */
  stranded(request: {
    accounts: readonly string[];
    models: readonly { account: string; model: string }[];
    after: string | null;
    limit: number;
  }): Promise<Generation[]>;
  /** Keeps what looks showed of running tasks; each attempt comes once. */
  noteProgress(notes: readonly ProgressNote[]): Promise<void>;
  /**
   * Generations past their deadline; `sent` when the provider may be running one of their attempts. One whose image is
   * being saved only when no living instance looks after it.
   */
  overdue(limit: number): Promise<{ generationId: string; account: string; sent: boolean }[]>;
  /** This instance's running tasks at these accounts that nobody waits for, and whose provider was not asked to stop them. */
  unwanted(instanceId: string, accounts: readonly string[], limit: number): Promise<AttemptRef[]>;
  noteStopAsked(ref: AttemptRef): Promise<void>;
  /** This instance's submits at these accounts that are UNCONFIRMED. */
  unconfirmed(
    instanceId: string,
    accounts: readonly string[],
    limit: number,
  ): Promise<(AttemptRef & { account: string })[]>;
  /** Attempts whose submit was never answered, sent longer ago than `unconfirmedMs`. */
  unanswered(unconfirmedMs: number, limit: number): Promise<AttemptRef[]>;
};
