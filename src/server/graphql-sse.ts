import type { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { execute, getOperationAST, GraphQLError, OperationTypeNode, type ExecutionResult } from 'graphql';
import { z } from 'zod';
import { asError, DarkroomError } from '../errors.js';
import { sleep } from '../time.js';
import { createEventStream } from './event-stream.js';
import {
  asGraphQLError,
  streamTimings,
  type Operation,
  type OperationRequest,
  type StreamDoorOptions,
} from './operation.js';
import { presentError, statusFor } from './present-error.js';
import { createSubscribe } from './shared-execution.js';

export type StreamDoor = {
  /** Lets streams that were told to end do so, then cuts off the rest. Takes a few seconds at most. */
  close(): Promise<void>;
};

/**
 * GraphQL over server-sent events at `path`: graphql-sse's protocol with one connection for each operation, with the same
 * guard and masking as at the other doors. Its own handler is not used: it keeps without bound what a client does not read.
 */
export function openStreamDoor(app: FastifyInstance, options: StreamDoorOptions & { path: string }): StreamDoor {
  const { path, operations, authenticate, createContext, admit, logger } = options;
  const { pingMs, drainMs } = { ...streamTimings, ...options.timings };
  const open = new Set<Readable>();
  const subscribe = createSubscribe();

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const asked = readRequest(request);
    const viewer = await authenticate(request.headers.authorization);
    const opened = operations.open(asked, createContext(viewer, request.id));
    const refusal = 'document' in opened ? undefined : opened[0]?.originalError;
    // What the guard refuses has a status of its own; mistakes of the document are told in the stream.
    if (refusal instanceof DarkroomError) throw refusal;
    const leave = viewer === null ? () => undefined : admit(viewer.keyId);
    if (leave === null) {
      throw new DarkroomError('UNAVAILABLE', 'Too many streams are open with this API key; close some, or try later.');
    }
    try {
      const results = 'document' in opened ? await run(opened, request.method) : only({ errors: opened });
      return send(reply, results, request.id, leave);
    } catch (error) {
      leave();
      throw error;
    }
  }

  async function run(operation: Operation, method: string): Promise<AsyncIterable<ExecutionResult>> {
    const kind = getOperationAST(operation.document, operation.operationName)?.operation;
    if (kind === undefined) return only({ errors: [new GraphQLError('There is no such operation in the document.')] });
    if (kind === OperationTypeNode.MUTATION && method === 'GET')
      throw new DarkroomError('BAD_REQUEST', 'A mutation needs POST.');
    const result = kind === OperationTypeNode.SUBSCRIPTION ? await subscribe(operation) : await execute(operation);
    return Symbol.asyncIterator in result ? result : only(result);
  }

  function send(
    reply: FastifyReply,
    results: AsyncIterable<ExecutionResult>,
    requestId: string,
    leave: () => void,
  ): FastifyReply {
    const print = (result: ExecutionResult): string => JSON.stringify(operations.show(result, requestId));
    const stream = createEventStream({
      results: results[Symbol.asyncIterator](),
      print,
      printError: (error) => print({ errors: [asGraphQLError(error)] }),
      pingMs,
      onClose() {
        open.delete(stream);
        leave();
      },
    });
    open.add(stream);
    const headers = {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-cache, no-transform',
      // Otherwise nginx keeps messages until it has some kilobytes of them.
      'x-accel-buffering': 'no',
    };
    return reply.headers(headers).send(stream);
  }

  app.route({
    method: ['GET', 'POST'],
    url: path,
    handler: answer,
    // Told in GraphQL's words and with the same codes as at POST /graphql.
    errorHandler(error, request, reply) {
      if (reply.raw.destroyed || request.raw.socket.destroyed) {
        // The client went before the first word of its answer.
        reply.hijack();
        return;
      }
      const shown = presentError(asGraphQLError(asRefusal(error)), request.id, logger);
      void reply
        .status(statusFor(shown))
        .type('application/json; charset=utf-8')
        .send({ errors: [shown] });
    },
  });

  return {
    async close() {
      const until = performance.now() + drainMs;
      while (open.size > 0 && performance.now() < until) await sleep(10);
      for (const stream of open) stream.destroy();
    },
  };
}

async function* only(result: ExecutionResult): AsyncGenerator<ExecutionResult> {
  yield result;
}

const requestSchema = z.object({
  query: z.string(),
  operationName: z.string().nullish(),
  variables: z.record(z.string(), z.unknown()).nullish(),
});

/** From the body, or at GET from the address, with the variables as JSON. */
function readRequest(request: FastifyRequest): OperationRequest {
  const given = request.method === 'GET' ? fromAddress(request.query) : request.body;
  const parsed = requestSchema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new DarkroomError('BAD_REQUEST', `${issue?.path.join('.') || 'The request'}: ${issue?.message ?? 'is wrong'}`);
}

function fromAddress(query: unknown): unknown {
  if (typeof query !== 'object' || query === null) return query;
  if (!('variables' in query) || typeof query.variables !== 'string') return query;
  try {
    const variables: unknown = JSON.parse(query.variables);
    return { ...query, variables };
  } catch {
    throw new DarkroomError('BAD_REQUEST', 'variables: no JSON.');
  }
}

/** Errors of the framework about the request (no JSON, too large) as ours. */
function asRefusal(error: unknown): Error {
  const cause = asError(error);
  const status = 'statusCode' in cause && typeof cause.statusCode === 'number' ? cause.statusCode : 500;
  if (cause instanceof DarkroomError || status >= 500) return cause;
  return new DarkroomError(status === 413 ? 'TOO_LARGE' : 'BAD_REQUEST', cause.message);
}
