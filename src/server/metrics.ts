import type { FastifyInstance } from 'fastify';
import type { Authenticate } from '../access/keys.js';
import { DarkroomError } from '../errors.js';
import type { Metrics } from '../metrics.js';

/** `GET /metrics` in Prometheus' text format, for an operator's key: the numbers are of all projects. */
export function registerMetrics(app: FastifyInstance, parts: { authenticate: Authenticate; metrics: Metrics }): void {
  app.get('/metrics', async (request, reply) => {
    const viewer = await parts.authenticate(request.headers.authorization);
    if (viewer === null) {
      throw new DarkroomError('UNAUTHENTICATED', "Send an operator's API key: `Authorization: Bearer <key>`.");
    }
    if (!viewer.operator) throw new DarkroomError('FORBIDDEN', "Only an operator's key may read the metrics.");
    return await reply.type(parts.metrics.contentType).send(await parts.metrics.render());
  });
}
