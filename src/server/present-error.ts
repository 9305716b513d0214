import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import { isConnectionFault } from '../connection-fault.js';
import { asError, DarkroomError, errorCodes } from '../errors.js';
import type { Logger } from '../logger.js';

/** What a client hears while the database is away. */
export const unavailableMessage = 'The database cannot be reached at the moment; try again in a moment.';

/** The error itself, from under graphql-js's wrapping. */
function causeOf(error: unknown): unknown {
  return error instanceof GraphQLError && error.originalError !== undefined ? causeOf(error.originalError) : error;
}

/**
 * What a client sees of an error. Darkroom's own and GraphQL's are shown with their code; anything else is a fault of
 * ours: logged in full, and hidden behind the request id.
 */
export function presentError(error: unknown, requestId: string, logger: Logger): GraphQLFormattedError {
  const cause = causeOf(error);
  const place = error instanceof GraphQLError ? withoutUndefined({ path: error.path, locations: error.locations }) : {};
  if (cause instanceof DarkroomError && cause.code !== 'INTERNAL') {
    return { message: cause.message, ...place, extensions: { code: cause.code } };
  }
  if (cause instanceof GraphQLError) {
    const code = cause.extensions['code'];
    return {
      message: cause.message,
      ...place,
      extensions: { code: typeof code === 'string' ? code : 'BAD_REQUEST' },
    };
  }
  if (isConnectionFault(cause)) {
    logger.warn({ err: asError(cause), requestId }, 'A request found no database');
    return { message: unavailableMessage, ...place, extensions: { code: 'UNAVAILABLE' } };
  }
  logger.error({ err: asError(cause), requestId }, 'A request failed');
  return {
    message: `Something went wrong here; the log has it under request id ${requestId}.`,
    ...place,
    extensions: { code: 'INTERNAL', requestId },
  };
}

function withoutUndefined(place: {
  path: GraphQLFormattedError['path'];
  locations: GraphQLFormattedError['locations'];
}): Pick<GraphQLFormattedError, 'path' | 'locations'> {
  return {
    ...(place.path === undefined ? {} : { path: place.path }),
    ...(place.locations === undefined ? {} : { locations: place.locations }),
  };
}

/** The HTTP status of an error as it is shown. */
export function statusFor({ extensions }: GraphQLFormattedError): number {
  const code = extensions?.['code'];
  const known = Object.entries(errorCodes).find(([name]) => name === code);
  return known?.[1] ?? 500;
}

/** A DarkroomError as a GraphQL error with its HTTP status, for the places where Apollo asks for one. */
export function asApolloError(error: unknown): unknown {
  if (!(error instanceof DarkroomError)) return error;
  return new GraphQLError(error.message, {
    originalError: error,
    extensions: { code: error.code, http: { status: errorCodes[error.code] } },
  });
}

/** What a client sees when it could not even be said who asks. */
export function contextError(error: unknown, requestId: string, logger: Logger): unknown {
  if (error instanceof DarkroomError) return asApolloError(error);
  const shown = presentError(error, requestId, logger);
  return new GraphQLError(shown.message, { extensions: { ...shown.extensions, http: { status: statusFor(shown) } } });
}
