import { execute, Kind, OperationTypeNode, type DocumentNode, type GraphQLSchema } from 'graphql';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Authenticate } from '../access/keys.js';
import type { Viewer } from '../domain/ports.js';
import type { Context } from '../graphql/context.js';
import type { Prepare } from './guard.js';
import type { Operations } from './operation.js';

/** What bounds the memory. */
const documentsAtMost = 500;
const documentLength = 20_000;
const acceptsAtMost = 100;

/** A usual request; one with anything else in it is Apollo's. */
const bodySchema = z.strictObject({
  query: z.string(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});
const json = /^application\/json(?: *; *charset=utf-8)?$/i;

export type Answer = { contentType: string; body: string };

/**
 * The short way for what is asked again and again: Apollo parses and validates a document once, and what it has found good
 * is then executed without it. Whatever is unusual (GET, other bodies, mistakes, a request that is refused) takes the
 * long way through Apollo, which also tells what to answer with to an Accept header.
 */
export type KnownDocuments = {
  /** Apollo found nothing wrong with this one. */
  remember(source: string, document: DocumentNode): void;
  /** Apollo answered a request that had this Accept header with this type. */
  learnType(accept: string | undefined, contentType: string): void;
  /** Null when it is Apollo's to answer; nothing has been done then. */
  answer(request: FastifyRequest): Promise<Answer | null>;
};

export function createKnownDocuments(parts: {
  schema: GraphQLSchema;
  authenticate: Authenticate;
  prepare: Prepare;
  createContext: (viewer: Viewer | null, requestId: string) => Context;
  show: Operations['show'];
}): KnownDocuments {
  const { schema, authenticate, prepare, createContext, show } = parts;
  const documents = new Map<string, DocumentNode>();
  const types = new Map<string, string>();

  return {
    remember(source, document) {
      if (source.length > documentLength || documents.has(source) || subscribes(document)) return;
      if (documents.size >= documentsAtMost) documents.clear();
      documents.set(source, document);
    },
    learnType(accept = '', contentType) {
      if (types.size < acceptsAtMost) types.set(accept, contentType);
    },
    async answer({ id, method, headers, body: given }) {
      const contentType = types.get(headers.accept ?? '');
      if (contentType === undefined || method !== 'POST' || !json.test(headers['content-type'] ?? '')) return null;
      const body = bodySchema.safeParse(given);
      if (!body.success) return null;
      const { query, operationName, variables: variableValues } = body.data;
      const document = documents.get(query);
      if (document === undefined) return null;
      let viewer: Viewer | null;
      try {
        viewer = await authenticate(headers.authorization);
        prepare(document, operationName, variableValues, viewer);
      } catch {
        return null;
      }
      const contextValue = createContext(viewer, id);
      const result = await execute({ schema, document, operationName, variableValues, contextValue });
      // Without data nothing was executed: the variables are not what the document asks for.
      if (result.data === undefined) return null;
      return { contentType, body: `${JSON.stringify(show(result, id))}\n` };
    },
  };
}

function subscribes({ definitions }: DocumentNode): boolean {
  return definitions.some(
    (each) => each.kind === Kind.OPERATION_DEFINITION && each.operation === OperationTypeNode.SUBSCRIPTION,
  );
}
