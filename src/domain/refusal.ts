/** Why a caller's input was refused, each with what the caller should do. Values, not exceptions. */
export const refusalCodes = {
  /** A value is missing. */
  REQUIRED: 'A value is missing; give it.',
  /** A number or length lies outside its range; `minimum`, `maximum` and `given` say by how much. */
  OUT_OF_RANGE: 'A value lies outside its range; choose one inside it.',
  /** A value is malformed, or two values contradict each other. */
  INVALID: 'A value is malformed or contradicts another; mend it.',
  /** The chosen model does not take this parameter. */
  UNSUPPORTED: 'The model does not take this; leave it out or choose another model.',
  /** Nothing under this id that the caller may see. */
  NOT_FOUND: 'There is nothing under this id in your project.',
  /** The present state does not allow it (a slug already taken, an archived profile). */
  CONFLICT: 'The present state does not allow this; read it again.',
  /** No configured provider account offers what is asked. */
  NO_ROUTE: 'No provider account here can do this; choose another provider or model, or bind the profile.',
  /** The provider has withdrawn the model. */
  MODEL_RETIRED: 'The provider has withdrawn the model; use the successor that the message names.',
  /** By the price list it costs more than the caller's own limit; nothing was started. */
  COST_LIMIT: 'It would cost more than the limit that was given; raise the limit or ask for less.',
  /** A budget of the project or the profile does not have it left this month; nothing was started. */
  BUDGET_EXCEEDED: 'A budget has not so much left this month; `maximum` says how much it has.',
  /** There is no price to hold against the caller's limit, or against a budget. */
  PRICE_UNKNOWN: 'The price is not known, so no limit can be kept; choose another model, or allow it.',
  /** The bytes are not a PNG, JPEG or WebP image. */
  NOT_AN_IMAGE: 'The bytes are no image of an accepted kind; send PNG, JPEG or WebP.',
  /** The image has too many bytes or pixels, or is too small. */
  IMAGE_SIZE: 'The image is too large or too small; resize it.',
  /** A provider that had to be asked for this did not answer, or refused. */
  PROVIDER_UNAVAILABLE: 'The provider could not be asked, or refused; try again later.',
  /** The project's images have as many bytes as they may. */
  QUOTA_EXCEEDED: 'Your project has as many bytes of images as it may; erase what is not needed, or ask for more.',
  /** The image store or the disk is full. */
  STORAGE_UNAVAILABLE: 'Images cannot be stored at the moment; try again later.',
} as const;

export type RefusalCode = keyof typeof refusalCodes;

/** One rule that an input broke. */
export type Refusal = {
  code: RefusalCode;
  message: string;
  /** The way to the value, e.g. `['input', 'steps']`. */
  path: string[];
  minimum: number | null;
  maximum: number | null;
  /** What came, shortened. */
  given: string | null;
  /** Whether the very same request may succeed later. */
  retryable: boolean;
};

/** Either the value, or everything that is wrong with the input. */
export type Checked<T> = { ok: true; value: T } | { ok: false; refusals: Refusal[] };

const shownLength = 60;

/** What came, as a short text that is safe to send back. */
export function shown(given: unknown): string {
  const text = typeof given === 'string' ? given : (JSON.stringify(given) ?? String(given));
  // Well-formed, since cutting may halve a surrogate pair and many clients refuse a lone half.
  if (text.length <= shownLength) return text.toWellFormed();
  return `${text.slice(0, shownLength).toWellFormed()}… (${text.length} characters)`;
}

export function refusal(
  code: RefusalCode,
  path: readonly string[],
  message: string,
  details: { minimum?: number; maximum?: number; given?: unknown; retryable?: boolean } = {},
): Refusal {
  return {
    code,
    message,
    path: [...path],
    minimum: details.minimum ?? null,
    maximum: details.maximum ?? null,
    given: details.given === undefined ? null : shown(details.given),
    retryable: details.retryable ?? false,
  };
}

export function accepted<T>(value: T): Checked<T> {
  return { ok: true, value };
}

export function refused<T>(...refusals: Refusal[]): Checked<T> {
  return { ok: false, refusals };
}
