/**
 * Every code with which Darkroom refuses or fails at its edge (GraphQL `extensions.code`, REST problem+json `code`).
 * What a caller can mend inside a mutation's input is no error here but a `UserError` in the payload (domain/refusal.ts).
 */
export const errorCodes = {
  /** No credential, or one that is unknown or revoked. Send `Authorization: Bearer <API key>`. */
  UNAUTHENTICATED: 401,
  /** The credential is good but may not do this. */
  FORBIDDEN: 403,
  /** A malformed argument, cursor or header. Mend the request; repeating it does not help. */
  BAD_REQUEST: 400,
  /** There is nothing under this id or address that the caller may see. */
  NOT_FOUND: 404,
  /** The body is larger than allowed. The message names the limit. */
  TOO_LARGE: 413,
  /** The bytes are no image of an accepted kind. */
  UNSUPPORTED_IMAGE: 415,
  /** The GraphQL document is deeper, longer or costlier than allowed. The message names the limit. */
  QUERY_TOO_COMPLEX: 400,
  /** A list or search that no index answers took too long and was stopped. The message says what to narrow. */
  QUERY_TIMEOUT: 400,
  /** The project's images have as many bytes as they may. The message names how many, and how many there are. */
  QUOTA_EXCEEDED: 507,
  /** Darkroom's disk or image store cannot take more at the moment. Try again later. */
  STORAGE_UNAVAILABLE: 507,
  /** Darkroom is stopping, or its database cannot be reached. Try again, elsewhere or in a moment. */
  UNAVAILABLE: 503,
  /** A fault of ours. The message is hidden; the log has it under the request id. */
  INTERNAL: 500,
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** The one error class: a documented code, and a message that may be shown to the caller. The cause stays in the log. */
export class DarkroomError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'DarkroomError';
    this.code = code;
  }
}

/** Turns whatever was thrown into an Error, keeping Errors as they are. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
