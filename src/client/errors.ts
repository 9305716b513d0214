/** Darkroom refused: the key, or what was asked for. Trying again does not help. */
export class FollowError extends Error {
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
    this.name = 'FollowError';
  }
}

/** A GraphQL error as it travels. */
export type Fault = { message: string; extensions?: Readonly<Record<string, unknown>> };

/** Codes of errors that pass by themselves. */
const passing = new Set(['INTERNAL', 'UNAVAILABLE']);

/** A FollowError, or an ordinary one when trying again may help. */
export function refusal({ message, extensions }: Fault): Error {
  const given = extensions?.['code'];
  const code = typeof given === 'string' ? given : 'BAD_REQUEST';
  return passing.has(code) ? new Error(message) : new FollowError(code, message);
}
