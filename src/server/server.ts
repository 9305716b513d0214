import cors from '@fastify/cors';
import { fastifyApolloHandler } from '@as-integrations/fastify';
import type { GraphQLSchema } from 'graphql';
import type { Authenticate } from '../access/keys.js';
import type { Viewer } from '../domain/ports.js';
import { newId } from '../domain/ids.js';
import { DarkroomError } from '../errors.js';
import type { Context } from '../graphql/context.js';
import { createLoaders, type Loaders } from '../graphql/loaders.js';
import type { Services } from '../graphql/services.js';
import type { ReceiveWebhook } from '../service/webhooks.js';
import type { Logger } from '../logger.js';
import type { Metrics } from '../metrics.js';
import { closeFastify, createFastify, listen } from './fastify.js';
import { registerExports, type ExportRoutes } from './exports.js';
import { createGraphiql } from './graphiql.js';
import { createApollo } from './graphql-http.js';
import { openStreamDoor, type StreamDoor } from './graphql-sse.js';
import { openSocketDoor, type SocketDoor } from './graphql-ws.js';
import { createGuard } from './guard.js';
import { createKnownDocuments } from './known-documents.js';
import { registerHealth, type Health } from './health.js';
import { registerMetrics } from './metrics.js';
import { createAdmission, createOperations, type StreamDoorOptions } from './operation.js';
import { registerImages, type ImageRoutes } from './images.js';
import { contextError } from './present-error.js';
import { registerSheets } from './sheets.js';
import { registerWebhooks } from './webhooks.js';

export const graphqlPath = '/graphql';
/** A mutation may carry an image of 15 MiB as base64 (20 MiB) and a mask; POST /images is the better way. */
const graphqlBodyLimit = 42 * 1024 * 1024;
/** Without a key a body is at most so large: enough for introspection. */
const openBodyLimit = 100 * 1024;

/** Projects whose loaders are shared by their streams. */
const loadersAtMost = 1_000;

export type ServerOptions = {
  schema: GraphQLSchema;
  services: Omit<Services, 'publicUrl'>;
  authenticate: Authenticate;
  images: Omit<ImageRoutes, 'authenticate' | 'publicUrl' | 'images'>;
  exports: Omit<ExportRoutes, 'authenticate' | 'schema' | 'kept' | 'logger'>;
  health: Health;
  metrics: Metrics;
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
  const app = createFastify(logger);
  let publicUrl = options.publicUrl ?? '';
  const prepare = createGuard(schema);
  const operations = createOperations({ schema, prepare, logger });
  const known = createKnownDocuments({
    schema,
    authenticate,
    prepare,
    createContext,
    show: (result, id) => operations.show(result, id),
  });
  const apollo = createApollo({
    schema,
    prepare,
    logger,
    onGood: (source, document) => known.remember(source, document),
  });
  const graphiql = createGraphiql({ graphqlPath, apiKey: options.demoKey });
  const streaming: StreamDoorOptions = {
    operations,
    authenticate,
    createContext: createStreamContext,
    admit: createAdmission(),
    logger,
  };
  const doors: (SocketDoor | StreamDoor)[] = [];
  const streamLoaders = new Map<string, Loaders>();

  function createContext(viewer: Viewer | null, requestId: string): Context {
    const services = { ...options.services, publicUrl };
    return { viewer, requestId, services, loaders: createLoaders(services, viewer) };
  }

  /** Messages of many streams at one moment read together; loaders keep nothing, so they may live as long as they like. */
  function createStreamContext(viewer: Viewer | null, requestId: string = newId()): Context {
    const context = createContext(viewer, requestId);
    if (viewer === null) return context;
    const loaders = streamLoaders.get(viewer.projectId) ?? context.loaders;
    if (streamLoaders.size >= loadersAtMost) streamLoaders.clear();
    streamLoaders.set(viewer.projectId, loaders);
    return { ...context, loaders };
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
        const answer = await known.answer(request);
        if (answer !== null) return await reply.header('content-type', answer.contentType).send(answer.body);
        const body = await handler.call(app, request, reply);
        const type = reply.getHeader('content-type');
        if (typeof type === 'string' && reply.statusCode === 200) known.learnType(request.headers.accept, type);
        return body;
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
    app.get('/', async (_request, reply) => await reply.redirect(graphqlPath));
    registerHealth(app, options.health);
    registerMetrics(app, { authenticate, metrics: options.metrics });
    registerWebhooks(app, { receive: options.receiveWebhook, logger });
    registerImages(app, {
      ...options.images,
      authenticate,
      images: options.services.images,
      publicUrl: () => publicUrl,
    });
    registerSheets(app, options.services.sheets);
    registerExports(app, { ...options.exports, authenticate, schema, kept: options.services.exportService, logger });
    await app.register(graphiql.assets);
    await registerGraphql();
    doors.push(openStreamDoor(app, { ...streaming, path: `${graphqlPath}/stream` }));
  }

  return {
    async start() {
      apollo.startInBackgroundHandlingStartupErrorsByLoggingAndFailingAllRequests();
      await register();
      const url = await listen(app, host, port);
      if (options.publicUrl === null) publicUrl = url;
      doors.push(openSocketDoor({ ...streaming, server: app.server, path: graphqlPath }));
      return { url };
    },
    async stop() {
      options.services.subscriptions.stop();
      options.services.progress.stop();
      await Promise.all(doors.map(async (door) => await door.close()));
      await closeFastify(app);
      await options.exports.streams.stop();
      await apollo.stop();
    },
  };
}
