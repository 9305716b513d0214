import {
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type ExecutionArgs,
  type ExecutionResult,
  type FormattedExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import type { Viewer } from '../domain/ports.js';
import { asError } from '../errors.js';
import type { Context } from '../graphql/context.js';
import type { Logger } from '../logger.js';
import { operationLimits, type Prepare } from './guard.js';
import { presentError } from './present-error.js';

/** What a client asks for, at a door that streams. */
export type OperationRequest = {
  query: string;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
};

/** What the doors need to know of a resolver's context. */
export type DoorContext = Pick<Context, 'viewer' | 'requestId'>;

/** An operation that passed the guard, with the context of its own. */
export type Operation = ExecutionArgs & { contextValue: DoorContext };

type Result = { [Key in keyof ExecutionResult]: ExecutionResult[Key] | undefined };

/** What the doors that stream have in common. */
export type Operations = {
  /** Parses, validates and weighs; the mistakes otherwise. */
  open(request: OperationRequest, context: DoorContext): Operation | readonly GraphQLError[];
  /** A result with its errors as a client may see them. */
  show(result: Result, requestId: string): FormattedExecutionResult;
};

export function createOperations(options: { schema: GraphQLSchema; prepare: Prepare; logger: Logger }): Operations {
  const { schema, prepare, logger } = options;
  return {
    open({ query, operationName = null, variables = null }, context) {
      try {
        const document = parse(query, { maxTokens: operationLimits.tokens });
        const mistakes = validate(schema, document, specifiedRules);
        if (mistakes.length > 0) return mistakes;
        prepare(document, operationName, variables, context.viewer);
        return { schema, document, contextValue: context, operationName, variableValues: variables };
      } catch (error) {
        return [asGraphQLError(error)];
      }
    },
    show(result, requestId) {
      const { errors, data = null, extensions } = result;
      if (errors === undefined) return extensions === undefined ? { data } : { data, extensions };
      const shown = { errors: errors.map((error) => presentError(error, requestId, logger)), data };
      return extensions === undefined ? shown : { ...shown, extensions };
    },
  };
}

export function asGraphQLError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  const cause = asError(error);
  return new GraphQLError(cause.message, { originalError: cause });
}

/** What the doors that stream need. */
export type StreamDoorOptions = {
  operations: Operations;
  authenticate: (authorization: string | undefined) => Promise<Viewer | null>;
  createContext: (viewer: Viewer | null, requestId?: string) => DoorContext;
  /** Counts what one key holds open; null when that is too much. */
  admit: (keyId: string) => (() => void) | null;
  logger: Logger;
  timings?: Partial<StreamTimings>;
};

/** Times of the doors that stream, in milliseconds. */
export type StreamTimings = {
  /** A ping goes out so often: proxies keep the connection, and one whose far end is gone or reads nothing is noticed. */
  pingMs: number;
  /** A WebSocket without an operation is closed after so long. */
  idleMs: number;
  /** At a stop, streams that were told to end may take so long to say so to their clients. */
  drainMs: number;
};

export const streamTimings: StreamTimings = { pingMs: 12_000, idleMs: 60_000, drainMs: 2_000 };

/** Connections and streams that one API key may have open at once, on one process. */
const openPerKey = 1_000;

/** Counts what is open by key. */
export function createAdmission(atMost: number = openPerKey): (keyId: string) => (() => void) | null {
  const counts = new Map<string, number>();
  return (keyId) => {
    const count = counts.get(keyId) ?? 0;
    if (count >= atMost) return null;
    counts.set(keyId, count + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      const left = (counts.get(keyId) ?? 1) - 1;
      if (left === 0) counts.delete(keyId);
      else counts.set(keyId, left);
    };
  };
}
