import { z } from 'zod';
import type { Hints } from '../domain/ports.js';
import { attemptStates } from '../domain/lifecycle.js';
import type { Database } from './database.js';

const hintSchema = z.object({
  generation_id: z.string(),
  n: z.number(),
  task_id: z.string(),
  state: z.enum(attemptStates),
});

/** Taken in one go; the rest is there the next time. */
const takenAtOnce = 1_000;

/** Webhooks between the process that received them and the one that looks after the attempt. */
export function createHints(options: { client: Database; background: Database }): Hints {
  const { client, background } = options;
  return {
    async find({ generationId, n }) {
      const row = await client.prisma.attempt.findUnique({
        where: { generationId_n: { generationId, n } },
        select: { provider: true, account: true, state: true, taskId: true, webhookKey: true },
      });
      if (row === null || row.webhookKey === null) return null;
      const { provider, account, state, taskId, webhookKey: key } = row;
      return { provider, account, state, taskId, key };
    },
    async keep({ generationId, n }, taskId) {
      await client.prisma.$executeRaw`
        insert into webhook_hint (generation_id, n, task_id) values (${generationId}::uuid, ${n}, ${taskId})
        on conflict (generation_id, n) do nothing`;
    },
    async due(instanceId) {
      const rows = await background.prisma.$queryRaw`
        select h.generation_id, h.n, h.task_id, a.state::text
        from webhook_hint h join attempt a on a.generation_id = h.generation_id and a.n = h.n
          join generation g on g.id = h.generation_id
        where a.instance_id = ${instanceId}::uuid
          -- Whoever still waits for the answer to its submit shall have it first.
          and not (a.state = 'INTENDED' or (a.state = 'SENT' and g.status = 'SUBMITTING'))
        limit ${takenAtOnce}::integer`;
      return z
        .array(hintSchema)
        .parse(rows)
        .map(({ generation_id, n, task_id, state }) => ({ generationId: generation_id, n, taskId: task_id, state }));
    },
    async forget(refs) {
      await background.prisma.$executeRaw`
        delete from webhook_hint where (generation_id, n) in (
          select x.generation_id, x.n
          from jsonb_to_recordset(${JSON.stringify(refs.map(({ generationId, n }) => ({ generation_id: generationId, n })))}::jsonb)
            as x (generation_id uuid, n integer))`;
    },
  };
}

/** Forgets webhooks that nobody took: their attempts are over, or their instance's account is no longer served. */
export async function purgeHints(database: Database): Promise<number> {
  return await database.prisma.$executeRaw`delete from webhook_hint where received_at < now() - interval '1 hour'`;
}
