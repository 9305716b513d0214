import type { Authenticate } from '../access/keys.js';
import type { Logger } from '../logger.js';
import type { Metrics } from '../metrics.js';
import { closeFastify, createFastify, listen } from './fastify.js';
import { registerHealth, type Health } from './health.js';
import { registerMetrics } from './metrics.js';
import type { HttpServer } from './server.js';

/** What a process without an API answers: its health and its metrics. */
export function createStatusServer(options: {
  health: Health;
  metrics: Metrics;
  authenticate: Authenticate;
  host: string;
  port: number;
  logger: Logger;
}): HttpServer {
  const { health, metrics, authenticate, host, port, logger } = options;
  const app = createFastify(logger);
  registerHealth(app, health);
  registerMetrics(app, { authenticate, metrics });
  return {
    start: async () => ({ url: await listen(app, host, port) }),
    stop: async () => await closeFastify(app),
  };
}
