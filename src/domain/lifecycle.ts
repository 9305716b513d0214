/**
 * The two state machines of Darkroom, each as one table: state → states it may change to. The database's checks, the
 * GraphQL enums and the drawing in docs/lifecycle.md are tested against these tables; nothing else decides transitions.
 */

export const generationTransitions = {
  /** Accepted, waiting for a slot at a provider. */
  QUEUED: ['SUBMITTING', 'FAILED', 'CANCELED'],
  /** A slot is taken and the request is being sent. */
  SUBMITTING: ['RUNNING', 'SAVING', 'UNCONFIRMED', 'QUEUED', 'MODERATED', 'FAILED', 'CANCELED'],
  /** Sent, and the answer never came: it may be running, and billed, upstream. */
  UNCONFIRMED: ['RUNNING', 'SAVING', 'QUEUED', 'MODERATED', 'FAILED', 'EXPIRED', 'CANCELED'],
  /** The provider has it. */
  RUNNING: ['SAVING', 'MODERATED', 'FAILED', 'EXPIRED', 'CANCELED'],
  /** Finished upstream; the image is being downloaded and stored. */
  SAVING: ['SUCCEEDED', 'MODERATED', 'FAILED', 'EXPIRED', 'CANCELED'],
  /** The image is stored. Final. */
  SUCCEEDED: [],
  /** The provider withheld it, before (INPUT) or after (OUTPUT) the work. Final. */
  MODERATED: [],
  /** It cannot succeed any more; the error says why. Final. */
  FAILED: [],
  /** Finished upstream, but the bytes were gone before they could be saved. Final. */
  EXPIRED: [],
  /** Stopped by the caller. Final. */
  CANCELED: [],
} as const satisfies Record<string, readonly string[]>;

export type GenerationStatus = keyof typeof generationTransitions;

export const attemptTransitions = {
  /** The intent to submit is committed; nothing has been sent. */
  INTENDED: ['SENT', 'REFUSED'],
  /** The request may have left this process. */
  SENT: ['ACCEPTED', 'DONE', 'LOST', 'REFUSED'],
  /** The provider has named its task. */
  ACCEPTED: ['DONE', 'LOST'],
  /** The provider is done with it, whatever the outcome. Final. */
  DONE: [],
  /** Nobody will ever know, or the provider no longer knows the task. Final. */
  LOST: [],
  /** Certainly not accepted by the provider. Final. */
  REFUSED: [],
} as const satisfies Record<string, readonly string[]>;

export type AttemptState = keyof typeof attemptTransitions;

function statesOf<State extends string>(table: Record<State, readonly State[]>): State[] {
  // Object.keys is typed as string[]; the table's own keys are exactly its states.
  return Object.keys(table) as State[];
}

export const generationStatuses = statesOf<GenerationStatus>(generationTransitions);
export const attemptStates = statesOf<AttemptState>(attemptTransitions);

export const terminalStatuses = generationStatuses.filter((status) => generationTransitions[status].length === 0);
export const liveStatuses = generationStatuses.filter((status) => generationTransitions[status].length > 0);

/** An attempt in one of these holds a slot: the provider may still be running it. */
export const slotStates: readonly AttemptState[] = attemptStates.filter(
  (state) => attemptTransitions[state].length > 0,
);

export function isTerminal(status: GenerationStatus): boolean {
  return generationTransitions[status].length === 0;
}

/** The statuses from which a generation may change to `to`. */
export function sourcesOf(to: GenerationStatus): GenerationStatus[] {
  return generationStatuses.filter((from) => (generationTransitions[from] as readonly GenerationStatus[]).includes(to));
}

/** The states from which an attempt may change to `to`. */
export function attemptSourcesOf(to: AttemptState): AttemptState[] {
  return attemptStates.filter((from) => (attemptTransitions[from] as readonly AttemptState[]).includes(to));
}

/** SAVING has its result already: it may go on for at least so long after the deadline. */
export const savingGraceMs = 15 * 60_000;

/** Where moderation struck: before the work (the prompt or an input image) or after it (the picture). */
export const moderationStages = ['INPUT', 'OUTPUT'] as const;
export type ModerationStage = (typeof moderationStages)[number];

/** What holds the picture's structure. */
export const controlKinds = ['NONE', 'CANNY', 'DEPTH', 'FILL'] as const;
export type ControlKind = (typeof controlKinds)[number];
