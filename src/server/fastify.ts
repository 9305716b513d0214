import { randomUUID } from 'node:crypto';
import Fastify, { LogController, type FastifyInstance, type FastifyReply } from 'fastify';
import { isConnectionFault } from '../connection-fault.js';
import { asError, DarkroomError } from '../errors.js';
import type { Logger } from '../logger.js';
import { unavailableMessage } from './present-error.js';
import { sendProblem } from './problem.js';

/** At a stop, answers under way may take so long. */
const finishWithinMs = 5_000;

/** A Fastify whose answers carry a request id, and whose errors are problem+json. */
export function createFastify(logger: Logger): FastifyInstance {
  const app = Fastify({
    bodyLimit: 1024 * 1024,
    genReqId: () => randomUUID(),
    logController: new LogController({ disableRequestLogging: true }),
    // A request that never ends would hold up a stop.
    requestTimeout: 120_000,
    forceCloseConnections: 'idle',
    routerOptions: { ignoreTrailingSlash: true },
  });
  app.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id);
  });
  if (logger.isLevelEnabled('debug')) {
    app.addHook('onResponse', async ({ id: requestId, method, url }, { statusCode, elapsedTime }) => {
      const path = url.split('?', 1)[0];
      logger.debug({ requestId, method, path, status: statusCode, ms: elapsedTime }, 'answered');
    });
  }
  app.setNotFoundHandler((_request, reply) =>
    sendProblem(reply, { code: 'NOT_FOUND', message: 'There is nothing at this address; GraphQL is at /graphql.' }),
  );
  app.setErrorHandler((error: unknown, request, reply) => answerError(error, request.id, reply, logger));
  return app;
}

/** Takes nothing more; whoever still reads or sends after a while is cut off. */
export async function closeFastify(app: FastifyInstance): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), finishWithinMs);
  await app.close();
  clearTimeout(cut);
}

function answerError(error: unknown, requestId: string, reply: FastifyReply, logger: Logger): void {
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
  if (isConnectionFault(error)) {
    logger.warn({ err: asError(error), requestId }, 'A request found no database');
    sendProblem(reply, { code: 'UNAVAILABLE', message: unavailableMessage });
    return;
  }
  logger.error({ err: asError(error), requestId }, 'A request failed');
  const message = `Something went wrong here; the log has it under request id ${requestId}.`;
  sendProblem(reply, { code: 'INTERNAL', message, details: { requestId } });
}

function statusOf(error: unknown): number | null {
  if (typeof error !== 'object' || error === null || !('statusCode' in error)) return null;
  return typeof error.statusCode === 'number' ? error.statusCode : null;
}

/** Listens, and gives the address; an address that cannot be had is said in a sentence. */
export async function listen(app: FastifyInstance, host: string, port: number): Promise<string> {
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
  const address = app.server.address();
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  const shownHost = host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host;
  return `http://${shownHost}:${bound}`;
}
