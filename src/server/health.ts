import type { FastifyInstance } from 'fastify';
import { asError } from '../errors.js';

/**
 * What must work for this process to be of use; each throws when it does not. `low`: it works, and takes nothing new; that
 * is no reason to send nobody here, for all else is answered, and a new generation is refused with what to do.
 */
export type Health = {
  database: () => Promise<void>;
  imageStore: () => Promise<'ok' | 'low'>;
  partitions: () => Promise<void>;
};

const sharedMs = 2_000;

/** `/healthz`: the process lives. `/readyz`: it can do its work; 503 names what is wrong, 200 what is running low. */
export function registerHealth(app: FastifyInstance, health: Health): void {
  let last: { at: number; checks: Promise<(readonly [string, string])[]> } | null = null;

  async function check(): Promise<(readonly [string, string])[]> {
    const names = ['database', 'imageStore', 'partitions'] as const;
    return await Promise.all(names.map(async (name) => [name, await outcome(health[name])] as const));
  }

  app.get('/healthz', async () => ({ status: 'ok' }));
  app.get('/readyz', async (_request, reply) => {
    // Open to all and not free: whoever asks within a moment gets the same answer.
    if (last === null || performance.now() - last.at > sharedMs) last = { at: performance.now(), checks: check() };
    const checks = await last.checks;
    const ready = checks.every(([, result]) => result === 'ok' || result === 'low');
    const low = checks.some(([, result]) => result === 'low');
    const status = ready ? (low ? 'low' : 'ok') : 'unavailable';
    return await reply.status(ready ? 200 : 503).send({ status, checks: Object.fromEntries(checks) });
  });
}

async function outcome(check: Health[keyof Health]): Promise<string> {
  try {
    return (await check()) ?? 'ok';
  } catch (error) {
    // The name of the error only: its message may hold addresses.
    return `failed (${asError(error).name})`;
  }
}
