import { getOperationAST, Kind, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { Viewer } from '../domain/ports.js';
import { DarkroomError } from '../errors.js';
import { measure } from './measure.js';

/** Limits of one GraphQL operation, the same at every door. */
export const operationLimits = {
  /** Tokens of the document, counted while parsing. */
  tokens: 4_000,
  depth: 15,
  aliases: 50,
  /** Fields that may come back, see measure.ts. */
  cost: 50_000,
} as const;

export type Prepare = (
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>> | null | undefined,
  viewer: Viewer | null,
) => void;

/**
 * The one guard of all doors (HTTP, WebSocket, server-sent events): throws when a validated operation is too heavy, or needs a credential
 * that is not there. Only introspection is free to all.
 */
export function createGuard(schema: GraphQLSchema): Prepare {
  return (document, operationName, variables, viewer) => {
    const operation = getOperationAST(document, operationName);
    if (operation == null) return;
    const open = operation.selectionSet.selections.every(
      (node) => node.kind === Kind.FIELD && node.name.value.startsWith('__'),
    );
    if (viewer === null && !open) {
      throw new DarkroomError('UNAUTHENTICATED', 'Send an API key: `Authorization: Bearer <key>`.');
    }
    const weight = measure(schema, document, operation, variables ?? {});
    for (const what of ['depth', 'aliases', 'cost'] as const) {
      if (weight[what] > operationLimits[what]) {
        const message = `The operation's ${what} is ${weight[what]}; at most ${operationLimits[what]} is allowed.`;
        throw new DarkroomError('QUERY_TOO_COMPLEX', message);
      }
    }
  };
}
