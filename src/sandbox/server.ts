import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { LogEntry } from './witness.js';
import type { Dialect, World } from './world.js';
import { isDelivery } from './delivery.js';

/** Largest body taken: a control image of 20 MB in base64, and room for the rest. */
const bodyLimit = 30 * 1024 * 1024;

/** A Fastify that keeps bodies as bytes, writes every request into the log and answers errors as FastAPI does. */
export function createServer(
  world: Omit<World, 'entryOf'>,
  dialects: readonly Dialect[],
): { app: FastifyInstance; entryOf: World['entryOf'] } {
  const { settings, witness, journal } = world;
  const entries = new WeakMap<FastifyRequest, LogEntry>();
  const app = fastify({ bodyLimit, forceCloseConnections: true });

  function entryOf(request: FastifyRequest): LogEntry {
    const known = entries.get(request);
    if (known !== undefined) return known;
    const path = request.url.split('?')[0] ?? request.url;
    const key = dialects.map((dialect) => dialect.keyOf(request)).find((found) => found !== null) ?? null;
    const entry = witness.arrive({
      at: settings.now(),
      method: request.method,
      path: request.url,
      key,
      delivery: isDelivery(path),
    });
    entries.set(request, entry);
    return entry;
  }

  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));

  app.addHook('onRequest', (request, reply, done) => {
    // Looking at the log is no traffic worth logging.
    if (request.url.startsWith('/sandbox/')) return done();
    const entry = entryOf(request);
    reply.raw.once('finish', () => {
      entry.status = reply.statusCode;
      entry.answered = true;
      if (entry.submit !== null) journal.append({ kind: 'answer', n: entry.n, status: reply.statusCode });
    });
    return done();
  });

  app.setNotFoundHandler((_request, reply) => reply.code(404).send({ detail: 'Not Found' }));
  app.setErrorHandler((thrown: { statusCode?: number; message?: string }, _request, reply) => {
    const status = thrown.statusCode ?? 500;
    return reply
      .code(status)
      .send({ detail: status < 500 ? (thrown.message ?? 'Bad request') : 'Internal Server Error' });
  });
  return { app, entryOf };
}
