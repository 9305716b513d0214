import type { FastifyInstance } from 'fastify';
import type { Logger } from '../logger.js';
import type { ReceiveWebhook } from '../service/webhooks.js';
import { sendProblem } from './problem.js';

/** A webhook names a task and little more. */
const bodyLimit = 1024 * 1024;

type Route = { Params: { provider: string; token: string } };

/** `POST /webhooks/{provider}/{token}`: providers call here when a task is over. Answered as soon as the hint is kept. */
export function registerWebhooks(app: FastifyInstance, parts: { receive: ReceiveWebhook; logger: Logger }): void {
  const { receive, logger } = parts;
  void app.register(async (scope) => {
    // A signature is over the bytes as they came.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit }, (_request, body, done) => done(null, body));
    scope.post<Route>('/webhooks/:provider/:token', { bodyLimit }, async (request, reply) => {
      const { provider, token } = request.params;
      const body = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
      const outcome = await receive({ provider, token, headers: request.headers, body });
      switch (outcome.kind) {
        case 'unknown':
          return sendProblem(reply, { code: 'NOT_FOUND', message: 'Nobody waits for a webhook at this address.' });
        case 'forged':
          logger.warn({ ...outcome.ref, reason: outcome.reason }, 'A webhook was refused');
          return sendProblem(reply, { code: 'FORBIDDEN', message: `The webhook was refused: ${outcome.reason}.` });
        case 'taken':
          if (outcome.late) logger.warn(outcome.ref, 'A webhook came for an attempt that had been given up');
          return await reply.status(200).send({ status: 'ok' });
      }
    });
  });
}
