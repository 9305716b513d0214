import type { RequestKey } from './generation.js';
import type { ListFilter } from './listing.js';
import type { Window } from './ports.js';

/** Which generations to erase; ids are keys. */
export type ErasureFilter = ListFilter & { ids?: readonly string[] | null };

/** What an erasure has done so far; final once it is finished. */
export type ErasureCounts = {
  /** Generations of which nothing but the countable is left. */
  generations: number;
  /** Of these what had not ended and was canceled for it. */
  canceled: number;
  prompts: number;
  /** Submits whose bodies, addresses and messages were removed. */
  attempts: number;
  /** Images removed: taken as input or made. */
  images: number;
  /** Images that stay, since something that is not erased uses them. */
  imagesShared: number;
  /** Files removed: the images and what was made from them. */
  files: number;
  /** Bytes of the images. */
  bytes: number;
};

export type Erasure = ErasureCounts & {
  id: string;
  projectId: string;
  keepTags: boolean;
  createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** SHA-256 in hex over the keys of the generations, in order, each with a line feed; null until it is finished. */
  idsDigest: string | null;
  /** The same over the hashes of the images. */
  imagesDigest: string | null;
};

/** What an erasure would come to. */
export type ErasurePlan = {
  generations: number;
  /** Of these what has not ended. */
  running: number;
  images: number;
  imagesShared: number;
  bytes: number;
};

export type NewErasure = { id: string; projectId: string; filter: ErasureFilter; keepTags: boolean };

/** What of an erasure's content is there: all zeros, once it is finished, unless somebody gave it again. */
export type ErasureLeft = { generations: number; images: number };

/** Erasures as their project sees them. */
export type Erasures = {
  /** Throws QUERY_TIMEOUT where counting takes too long. */
  plan(projectId: string, filter: ErasureFilter): Promise<ErasurePlan>;
  /** Durable when it answers. Null: its idempotency key was taken meanwhile. */
  create(erasure: NewErasure, requestKey: RequestKey | null): Promise<Erasure | null>;
  find(projectId: string, ids: readonly string[]): Promise<Erasure[]>;
  page(projectId: string, window: Window): Promise<Erasure[]>;
  /** Generations chosen that still have something to erase. */
  waiting(projectId: string, id: string): Promise<number>;
  /** SHA-256 in hex of the images removed, ascending, after this one. */
  imageHashes(projectId: string, id: string, range: { after: string | null; limit: number }): Promise<string[]>;
  /** Keys of the generations, ascending, after this one. */
  generationKeys(projectId: string, id: string, range: { after: string | null; limit: number }): Promise<string[]>;
  left(projectId: string, id: string): Promise<ErasureLeft>;
};

/** Removes the bytes of an image and all made from it; gives how many files that were. */
export type RemoveBytes = (key: { projectId: string; sha256: string }) => Promise<number>;

/**
 * The work on erasures, in steps that are each done as a whole or not at all, so that any process may go on at any time. Null
 * or false also where another process is at it: one works at a time.
 */
export type ErasureWork = {
  /** Unfinished ones, oldest first. */
  open(): Promise<{ id: string; projectId: string }[]>;
  /** Chooses some more of its generations. `full`: there are more; `more`: some may come, look again; `all`: no more. */
  choose(id: string): Promise<'full' | 'more' | 'all' | 'busy'>;
  /** Chosen generations after this one that have something to erase, in the order of their keys. */
  pending(id: string, after: string | null): Promise<{ generationId: string; cancelable: boolean }[]>;
  /** Notes that these had not ended when the erasure came to them. */
  noteLive(id: string, generationIds: readonly string[]): Promise<void>;
  /** Erases of these what has ended; what its provider may still be at is gone through again. False: busy. */
  erase(id: string, generationIds: readonly string[]): Promise<boolean>;
  /** Images to be removed. */
  images(id: string): Promise<string[]>;
  /** Removes an image unless something else uses it. `later`: it was given again a moment ago. */
  removeImage(id: string, imageId: string, remove: RemoveBytes): Promise<'done' | 'later' | 'busy'>;
  /**
   * Forgets the exports of its project that were begun so far, for any of them may hold what was erased; gives the folders of
   * their files. Whoever is making one hears of it when it next renews.
   */
  forgetExports(id: string): Promise<string[]>;
  /** Writes the receipt, once nothing is left to do; forgets whom it was about. */
  finish(id: string): Promise<boolean>;
  /** Has the database overwrite what a finished one left as dead rows. */
  vacuum(id: string): Promise<void>;
};
