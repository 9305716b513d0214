import type { GenerationErrorCode } from '../domain/generation.js';
import type { GenerationStatus, ModerationStage } from '../domain/lifecycle.js';
import type { InspectedImage } from '../service/images.js';

/** How a finished generation ends without its picture. */
export type BadEnd = {
  to: GenerationStatus;
  code: GenerationErrorCode | null;
  message: string | null;
  stage?: ModerationStage;
};

export type Picture = { image: InspectedImage; bytes: Buffer };

/** What fetching a picture came to; with `again` nothing is known yet. */
export type Fetched<Over> = { kind: 'picture'; picture: Picture } | { kind: 'over'; over: Over } | { kind: 'again' };

/** One picture to save. */
export type SaveTask<Over> = {
  /** Milliseconds until the provider removes the picture; 0 or less when it should be gone already. */
  expiresInMs: number;
  /** After so many milliseconds it is given up, unless it is held or the provider should still have it. */
  giveUpInMs: number;
  /** Aborted when it shall not be waited for any longer. */
  fetch(signal: AbortSignal): Promise<Fetched<Over>>;
  /** Puts the picture where it stays; throws while that is not possible. */
  store(picture: Picture): Promise<void>;
};

export type SaveEnd<Over> =
  | { kind: 'stored' }
  | { kind: 'over'; over: Over }
  | { kind: 'gaveUp' }
  | { kind: 'stopped' };

export type SaverClock = {
  /** Milliseconds; only differences count. */
  now(): number;
  /** Runs `wake` once after `ms` milliseconds; what comes back cancels it. */
  after(ms: number, wake: () => void): () => void;
};

export type SaverLimits = {
  /** Most downloads at once. */
  downloads: number;
  /** Most writes to the image store at once. */
  stores: number;
  /** Most bytes held while the image store does not take them. What is being downloaded comes on top. */
  heldBytes: number;
  /** A picture that expires within so many milliseconds may push out of memory those that do not. */
  nearMs: number;
};

export const saverLimits: SaverLimits = { downloads: 16, stores: 16, heldBytes: 256 * 1024 * 1024, nearMs: 90_000 };
