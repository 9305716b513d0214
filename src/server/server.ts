import { randomUUID } from 'node:crypto';
import cors from '@fastify/cors';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import Fastify, { LogController, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { GraphQLSchema } from 'graphql';
import type { Authenticate } from '../access/keys.js';
import type { Viewer } from '../domain/ports.js';
import { newId } from '../domain/ids.js';
import { asError, DarkroomError } from '../errors.js';
import type { Context } from '../graphql/context.js';
import { createLoaders } from '../graphql/loaders.js';
import type { Services } from '../graphql/services.js';
import type { ReceiveWebhook } from '../service/webhooks.js';
import type { Logger } from '../logger.js';
import { createGraphiql } from './graphiql.js';
import { createApollo } from './graphql-http.js';
import { openSocketDoor, type SocketDoor } from './graphql-ws.js';
import { createGuard } from './guard.js';
import { registerHealth, type Health } from './health.js';
import { registerImages, type ImageRoutes } from './images.js';
import { contextError } from './present-error.js';
import { sendProblem } from './problem.js';
import { registerWebhooks } from './webhooks.js';

export const graphqlPath = '/graphql';
/** A mutation may carry an image of 15 MiB as base64 (20 MiB) and a mask; POST /images is the better way. */
const graphqlBodyLimit = 42 * 1024 * 1024;
/** At a stop, answers under way may take so long. */
const finishWithinMs = 5_000;
/** Without a key a body is at most so large: enough for introspection. */
const openBodyLimit = 100 * 1024;

export type ServerOptions = {
  schema: GraphQLSchema;
  services: Omit<Services, 'publicUrl'>;
  authenticate: Authenticate;
  images: Omit<ImageRoutes, 'authenticate' | 'publicUrl' | 'images'>;
  health: Health;
  receiveWebhook: ReceiveWebhook;
  /** Filled into GraphiQL on this machine; null: never. */
  demoKey: string | null;
  publicUrl: string | null;
  corsOrigins: readonly string[];
  host: string;
  port: number;
  logger: Logger;
};

export type HttpServer = {
  /** Listens; rejects with a clear message when the port is taken. */
  start(): Promise<{ url: string }>;
  /** Takes nothing more, finishes what is under way, closes the sockets. */
  stop(): Promise<void>;
};

export function createServer(options: ServerOptions): HttpServer {
  const { schema, authenticate, logger, host, port } = options;
  const app = Fastify({
    bodyLimit: 1024 * 1024,
    genReqId: () => randomUUID(),
    logController: new LogController({ disableRequestLogging: true }),
    // A request that never ends would hold up a stop.
    requestTimeout: 120_000,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true },
  });
  let publicUrl = options.publicUrl ?? '';
  const prepare = createGuard(schema);
  const apollo = createApollo({ schema, prepare, logger });
  const graphiql = createGraphiql({ graphqlPath, apiKey: options.demoKey });
  let door: SocketDoor | null = null;

  function createContext(viewer: Viewer | null, requestId: string): Context {
    const services = { ...options.services, publicUrl };
    return { viewer, requestId, services, loaders: createLoaders(services, viewer) };
  }

  async function registerGraphql(): Promise<void> {
    const handler = fastifyApolloHandler(apollo, {
      async context(request) {
        const viewer = await authenticate(request.headers.authorization).catch((error: unknown) => {
          throw contextError(error, request.id, logger);
        });
        return createContext(viewer, request.id);
      },
    });
    app.route({
      method: ['GET', 'POST'],
      url: graphqlPath,
      bodyLimit: graphqlBodyLimit,
      async onRequest(request) {
        const length = request.headers['content-length'];
        const large = request.method === 'POST' && (length === undefined || Number(length) > openBodyLimit);
        // Before the body is read: nobody without a key makes us take 42 MiB.
        if (large && (await authenticate(request.headers.authorization)) === null) {
          throw new DarkroomError('UNAUTHENTICATED', 'Send an API key: `Authorization: Bearer <key>`.');
        }
      },
      async handler(request, reply) {
        const wantsPage = request.method === 'GET' && request.headers.accept?.includes('text/html') === true;
        if (wantsPage) return await reply.headers(graphiql.headers).send(graphiql.page(request.headers));
        void reply.header('cache-control', 'no-store');
        return await handler.call(app, request, reply);
      },
    });
  }

  async function register(): Promise<void> {
    await app.register(cors, {
      origin: [...options.corsOrigins],
      methods: ['GET', 'POST', 'OPTIONS'],
      allowedHeaders: ['authorization', 'content-type', 'apollo-require-preflight', 'if-none-match', 'range'],
      exposedHeaders: ['x-request-id', 'etag', 'content-range'],
      maxAge: 600,
    });
    app.addHook('onRequest', async (request, reply) => {
      void reply.header('x-request-id', request.id);
    });
    if (logger.isLevelEnabled('debug')) app.addHook('onResponse', async (request, reply) => logAnswer(request, reply));
    app.setNotFoundHandler((_request, reply) =>
      sendProblem(reply, { code: 'NOT_FOUND', message: 'There is nothing at this address; GraphQL is at /graphql.' }),
    );
    app.setErrorHandler((error: unknown, request, reply) => answerError(error, request.id, reply));
    app.get('/', async (_request, reply) => await reply.redirect(graphqlPath));
    registerHealth(app, options.health);
    registerWebhooks(app, { receive: options.receiveWebhook, logger });
    registerImages(app, {
      ...options.images,
      authenticate,
      images: options.services.images,
      publicUrl: () => publicUrl,
    });
    await app.register(graphiql.assets);
    await registerGraphql();
  }

  function logAnswer({ id: requestId, method, url }: FastifyRequest, { statusCode, elapsedTime }: FastifyReply): void {
    const path = url.split('?', 1)[0];
    logger.debug({ requestId, method, path, status: statusCode, ms: elapsedTime }, 'answered');
  }

  function answerError(error: unknown, requestId: string, reply: Parameters<typeof sendProblem>[0]): void {
    if (error instanceof DarkroomError && error.code !== 'INTERNAL') {
      sendProblem(reply, { code: error.code, message: error.message });
      return;
    }
    const status = statusOf(error);
    if (status !== null && status < 500) {
      const code = status === 413 ? 'TOO_LARGE' : 'BAD_REQUEST';
      sendProblem(reply, { code, status, message: asError(error).message });
      return;
    }
    logger.error({ err: asError(error), requestId }, 'A request failed');
    const message = `Something went wrong here; the log has it under request id ${requestId}.`;
    sendProblem(reply, { code: 'INTERNAL', message, details: { requestId } });
  }

  return {
    async start() {
      apollo.startInBackgroundHandlingStartupErrorsByLoggingAndFailingAllRequests();
      await register();
      await listen(app, host, port);
      const address = app.server.address();
      const bound = typeof address === 'object' && address !== null ? address.port : port;
      const shownHost = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
      const url = `http://${shownHost}:${bound}`;
      if (options.publicUrl === null) publicUrl = url;
      door = openSocketDoor({
        server: app.server,
        path: graphqlPath,
        schema,
        prepare,
        authenticate,
        createContext: (viewer) => createContext(viewer, newId()),
        logger,
      });
      return { url };
    },
    async stop() {
      options.services.subscriptions.stop();
      await door?.close();
      // Whoever still reads or sends after this is cut off.
      const cut = setTimeout(() => app.server.closeAllConnections(), finishWithinMs);
      await app.close();
      clearTimeout(cut);
      await apollo.stop();
    },
  };
}

function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return null;
  return typeof error.statusCode === 'number' ? error.statusCode : null;
}

async function listen(app: FastifyInstance, host: string, port: number): Promise<void> {
  try {
    await app.listen({ host, port });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EADDRINUSE') {
      throw new DarkroomError('UNAVAILABLE', `Port ${port} is in use; choose another with PORT.`, { cause: error });
    }
    if (code === 'EACCES') {
      throw new DarkroomError(
        'UNAVAILABLE',
        `Port ${port} may not be used by this user; choose one above 1023 with PORT.`,
        { cause: error },
      );
    }
    if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
      throw new DarkroomError('UNAVAILABLE', `HOST=${host} is no address of this machine.`, { cause: error });
    }
    throw error;
  }
}
