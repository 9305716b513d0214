import type { FastifyInstance } from 'fastify';
import { asError } from '../errors.js';

/** What must work for this process to be of use; each throws when it does not. */
export type Health = {
  database: () => Promise<void>;
  imageStore: () => Promise<void>;
  partitions: () => Promise<void>;
};

/** `/healthz`: the process lives. `/readyz`: it can do its work; 503 names what is wrong. */
export function registerHealth(app: FastifyInstance, health: Health): void {
  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    const names = ['database', 'imageStore', 'partitions'] as const;
    const checks = await Promise.all(names.map(async (name) => [name, await outcome(health[name])] as const));
    const ready = checks.every(([, result]) => result === 'ok');
    return await reply
      .status(ready ? 200 : 503)
      .send({ status: ready ? 'ok' : 'unavailable', checks: Object.fromEntries(checks) });
  });
}

async function outcome(check: () => Promise<void>): Promise<string> {
  try {
    await check();
    return 'ok';
  } catch (error) {
    // The name of the error only: its message may hold addresses.
    return `failed (${asError(error).name})`;
  }
}
