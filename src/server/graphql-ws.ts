import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import {
  GraphQLError,
  parse,
  specifiedRules,
  validate,
  type ExecutionArgs,
  type FormattedExecutionResult,
  type GraphQLSchema,
} from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import type { Viewer } from '../domain/ports.js';
import type { Context } from '../graphql/context.js';
import { asError, DarkroomError } from '../errors.js';
import type { Logger } from '../logger.js';
import { operationLimits, type Prepare } from './guard.js';
import { presentError } from './present-error.js';

/** Bytes of one message: documents and variables; images go to POST /images. */
const maxMessageBytes = 1024 * 1024;
/** Operations at once on one connection. */
const maxOperations = 100;
/** A ping goes out so often, so that dead connections are noticed and proxies keep live ones open. */
const keepAliveMs = 12_000;

export type SocketDoor = { close(): Promise<void> };

/** GraphQL over WebSocket (graphql-transport-ws) at `path`, with the same guard and masking as over HTTP. */
export function openSocketDoor(options: {
  server: Server;
  path: string;
  schema: GraphQLSchema;
  prepare: Prepare;
  authenticate: (authorization: string | undefined) => Promise<Viewer | null>;
  createContext: (viewer: Viewer | null) => Context;
  logger: Logger;
}): SocketDoor {
  const { server, path, schema, prepare, authenticate, createContext, logger } = options;
  const sockets = new WebSocketServer({ noServer: true, maxPayload: maxMessageBytes });
  const viewers = new WeakMap<object, Viewer>();

  const door = useServer(
    {
      schema,
      // Otherwise a close frame would quote whatever was thrown.
      isProd: true,
      async onConnect(connection) {
        const params = connection.connectionParams ?? {};
        const given = params['authorization'] ?? params['Authorization'];
        const viewer = await authenticate(typeof given === 'string' ? given : undefined).catch((error: unknown) => {
          if (!(error instanceof DarkroomError)) logger.error({ err: asError(error) }, 'A key could not be checked');
          return null;
        });
        if (viewer === null) return false;
        viewers.set(connection.extra.socket, viewer);
        return true;
      },
      onSubscribe(connection, _id, payload) {
        const viewer = viewers.get(connection.extra.socket) ?? null;
        const context = createContext(viewer);
        try {
          if (Object.keys(connection.subscriptions).length > maxOperations) {
            throw new DarkroomError(
              'BAD_REQUEST',
              `One connection may have at most ${maxOperations} operations at once.`,
            );
          }
          const document = parse(payload.query, { maxTokens: operationLimits.tokens });
          const mistakes = validate(schema, document, specifiedRules);
          if (mistakes.length > 0) return mistakes;
          prepare(document, payload.operationName, payload.variables, viewer);
          const args: ExecutionArgs = {
            schema,
            document,
            contextValue: context,
            operationName: payload.operationName ?? null,
            variableValues: payload.variables ?? null,
          };
          return args;
        } catch (error) {
          return [error instanceof GraphQLError ? error : wrap(error)];
        }
      },
      onNext(_connection, _id, _payload, args, result) {
        if (result.errors === undefined) return undefined;
        const { requestId } = contextOf(args, createContext);
        const errors = result.errors.map((error) => presentError(error, requestId, logger));
        const { data = null, extensions } = result;
        const shown: FormattedExecutionResult = { errors, data };
        return extensions === undefined ? shown : { ...shown, extensions };
      },
      onError: (_connection, _id, _payload, errors) =>
        errors.map((error) => presentError(error, createContext(null).requestId, logger)),
    },
    sockets,
    keepAliveMs,
  );

  // graphql-ws would write what a client's frame did wrong to the console, with its stack.
  sockets.on('connection', (socket) => {
    socket.removeAllListeners('error');
    socket.on('error', (error) => logger.debug({ err: asError(error) }, 'A WebSocket failed'));
  });

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // A socket without a listener for its errors would end the process when the client goes away.
    socket.on('error', (error) => logger.debug({ err: asError(error) }, 'A socket failed'));
    // Compared as text: an address from outside need not be one that can be parsed.
    const asked = (request.url ?? '').split('?', 1)[0]?.replace(/\/$/, '');
    if (asked !== path) {
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    sockets.handleUpgrade(request, socket, head, (client) => sockets.emit('connection', client, request));
  }
  server.on('upgrade', upgrade);

  return {
    async close() {
      server.off('upgrade', upgrade);
      await door.dispose();
    },
  };
}

function wrap(error: unknown): GraphQLError {
  const cause = asError(error);
  return new GraphQLError(cause.message, { originalError: cause });
}

function contextOf(args: ExecutionArgs, createContext: (viewer: null) => Context): { requestId: string } {
  const context: unknown = args.contextValue;
  if (
    typeof context === 'object' &&
    context !== null &&
    'requestId' in context &&
    typeof context.requestId === 'string'
  ) {
    return { requestId: context.requestId };
  }
  return createContext(null);
}
