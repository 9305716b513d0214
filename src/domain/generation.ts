import type { AttemptState, ControlKind, GenerationStatus, ModerationStage } from './lifecycle.js';
import type { ImageInputName, ParameterValues } from './model.js';
import type { PlannedRoute } from './planned-route.js';

/** Why a generation or attempt ended badly, each with its cause. Kept in the ledger as text. */
export const generationErrorCodes = {
  /** The provider refused the request as wrong. */
  PROVIDER_REFUSED: 'The provider found the request wrong.',
  /** The provider no longer has the model. */
  MODEL_RETIRED_UPSTREAM: 'The provider no longer has the model.',
  /** The provider does not know the finetune. */
  FINETUNE_UNKNOWN:
    "The provider does not know the profile's finetune; the binding names it wrongly, or for another account.",
  /** The provider account's key is missing or not allowed. */
  PROVIDER_UNAUTHORIZED: "The provider does not accept the account's key.",
  /** The provider account has no credits left. */
  PROVIDER_OUT_OF_CREDITS: 'The provider account is out of credits.',
  /** Too many active tasks at the provider; submitted again later. */
  PROVIDER_BUSY: 'The provider is busy; the generation waits for its next turn.',
  /** No connection to the provider; submitted again later. */
  PROVIDER_UNREACHABLE: 'The provider could not be reached; the generation waits for its next turn.',
  /** The provider reported a failure of the task. */
  PROVIDER_FAILED: 'The provider reported that the task failed.',
  /** Somebody else stopped the task at the provider. */
  PROVIDER_CANCELED: 'The task was stopped at the provider, not by Darkroom.',
  /** The provider no longer knows the task. */
  PROVIDER_LOST: 'The provider no longer knows the task.',
  /** The answer to the submit never came and nothing settled what became of it. */
  SUBMIT_UNCONFIRMED: 'The answer to the submit never came; the task may have run and been billed.',
  /** Its account is paused or its model seems retired, so it went on to another route; `routes` says why. */
  ROUTE_CHANGED: 'It went on to its next route before it was sent; the routes say why.',
  /** The process died before the request was sent. */
  NEVER_SENT: 'The request was never sent.',
  /** Its answer was lost, and the provider says that it never got the request; sent again, and given up after a few times. */
  NEVER_ARRIVED: 'The provider never got the request.',
  /** It did not finish in time. */
  DEADLINE_EXCEEDED: 'It did not finish before its deadline.',
  /** What the provider delivered is no image. */
  RESULT_NOT_AN_IMAGE: 'What the provider delivered is not an image.',
  /** The image's URL points to a host that is not in the account's list. */
  RESULT_FOREIGN: "The image lies on a host that is not in the account's list.",
  /** The image was gone before it could be saved. */
  RESULT_EXPIRED: 'The image was gone at the provider before it could be saved.',
  /** An input image is no longer in the store, or damaged. */
  INPUT_IMAGE_LOST: 'An input image is missing or damaged in the image store.',
} as const;
export type GenerationErrorCode = keyof typeof generationErrorCodes;

/** A caller's key for one request: whoever repeats both gets the same generation, for 24 hours. */
export type RequestKey = {
  /** The credential that the key belongs to. */
  subject: string;
  key: string;
  /** SHA-256 of all that was asked. */
  requestHash: Buffer;
};

/** Ids of the input images. */
export type InputImages = Readonly<Partial<Record<ImageInputName, string>>>;

/** What accept writes: everything about a generation that is known before it is queued. */
export type NewGeneration = {
  id: string;
  projectId: string;
  control: ControlKind;
  profileId: string;
  provider: string;
  model: string;
  account: string;
  prompt: string;
  promptSent: string;
  finetuneId: string | null;
  /** Address of the LoRA's weights, where the model goes by one. */
  loraUrl: string | null;
  parameters: ParameterValues;
  /** Of these what the caller asked for, defaults left out; null for generations from before this was kept. */
  asked: ParameterValues | null;
  /** The generation that this one runs again. */
  rerunOf: string | null;
  /** Width times height of the picture asked for; null where only the provider knows. */
  pixels: number | null;
  images: InputImages;
  tags: readonly string[];
  /** Whose it is, as the caller names people; by it their content is erased. */
  subject: string | null;
  priority: number;
  /** Milliseconds from acceptance until the generation fails by itself. */
  deadlineMs: number;
  costEstimatedMicros: number | null;
  /** Most that one submit may cost by the price table, over all routes until the deadline; null where none is known. */
  costReserveMicros: number | null;
  requestKey: RequestKey | null;
  /** Every route that could serve it, best first, with why not; null where there is only its own, taken as asked. */
  routes: readonly PlannedRoute[] | null;
};

export type Generation = Omit<NewGeneration, 'images' | 'deadlineMs' | 'profileId' | 'requestKey'> & {
  profileId: string | null;
  version: number;
  status: GenerationStatus;
  moderationStage: ModerationStage | null;
  errorCode: string | null;
  errorMessage: string | null;
  attemptCount: number;
  nextAttemptAt: Date | null;
  deadline: Date;
  resultSeed: number | null;
  costQuotedMicros: number | null;
  costSettledMicros: number | null;
  createdAt: Date;
  updatedAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** 1 to 5, as a person rated it. */
  rating: number | null;
  favourite: boolean;
  /** What a person noted about it. */
  note: string | null;
  /** When its content was erased. */
  erasedAt: Date | null;
};

/** The parts of a generation that lists show, each read only where it is asked for. */
export const listedFields = [
  'version',
  'status',
  'errorCode',
  'errorMessage',
  'control',
  'profileId',
  'provider',
  'model',
  'prompt',
  'promptSent',
  'parameters',
  'resultSeed',
  'tags',
  'rating',
  'favourite',
  'note',
  'costEstimatedMicros',
  'costQuotedMicros',
  'costSettledMicros',
  'createdAt',
  'updatedAt',
  'startedAt',
  'finishedAt',
] as const satisfies readonly (keyof Generation)[];
export type ListedField = (typeof listedFields)[number];

/** Those of them that were asked for. */
export type ListedGeneration = Pick<Generation, 'id'> & Partial<Pick<Generation, ListedField>>;

export type Attempt = {
  generationId: string;
  n: number;
  state: AttemptState;
  provider: string;
  account: string;
  model: string;
  taskId: string | null;
  request: unknown;
  httpStatus: number | null;
  errorCode: string | null;
  errorMessage: string | null;
  looks: number;
  word: string | null;
  progress: number | null;
  /** The best that is known: settled, else quoted. */
  costMicros: number | null;
  /** By the price table when it was sent. */
  costListMicros: number | null;
  costQuotedMicros: number | null;
  costSettledMicros: number | null;
  intendedAt: Date;
  sentAt: Date | null;
  acceptedAt: Date | null;
  finishedAt: Date | null;
  providerStartedAt: Date | null;
  providerFinishedAt: Date | null;
  stopAskedAt: Date | null;
};

/** One change of a generation's status. `n` is the version that it made. */
export type GenerationEvent = {
  generationId: string;
  n: number;
  projectId: string;
  /** The place in the total order of all events. */
  position: number;
  status: GenerationStatus;
  previousStatus: GenerationStatus | null;
  attemptN: number | null;
  code: string | null;
  profileId: string | null;
  control: ControlKind;
  provider: string;
  at: Date;
};

export type ImageRecord = {
  id: string;
  projectId: string;
  sha256: string;
  contentType: string;
  width: number;
  height: number;
  bytes: number;
  thumbhash: Buffer;
  token: string;
  createdAt: Date;
};

export type Binding = {
  provider: string;
  /** The provider's own id of the finetune; this or `loraUrl`, or both, for models of either kind. */
  finetuneId: string | null;
  /** Where the LoRA's weights are; its scale is `finetuneStrength`. */
  loraUrl: string | null;
  triggerWord: string | null;
  defaults: ParameterValues;
};

export type Profile = {
  id: string;
  projectId: string;
  slug: string;
  name: string;
  description: string;
  triggerWord: string | null;
  defaults: ParameterValues;
  version: number;
  createdAt: Date;
  updatedAt: Date;
  archivedAt: Date | null;
  bindings: Binding[];
};
