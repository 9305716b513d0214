import { z } from 'zod';
import type { Shortfall } from '../domain/budget.js';
import { lowestIdAt } from '../domain/ids.js';
import { judgeAll } from './budget-gate.js';
import type { Database } from './database.js';

/** Ends the transaction: the replay stays as it was. */
class TooMuch extends Error {
  constructor(readonly shortfall: Shortfall) {
    super('A budget is too small.');
  }
}

const startedSchema = z.array(z.object({ started_at: z.date() }));
const pairsSchema = z.array(
  z.object({ original_id: z.string(), price: z.bigint().nullable(), profile_id: z.string().nullable() }),
);

/**
 * PLANNED → RUNNING. Where there are budgets, the price of all that its limit lets start is reserved in them, in the month
 * of the start; each pair lets go of its part when it is started or refused.
 */
export async function startReplay(database: Database, projectId: string, id: string): Promise<Shortfall | null> {
  try {
    await database.transaction(async (tx) => {
      const answer = await tx.$queryRaw`
        update replay set status = 'RUNNING', started_at = now()
        where id = ${id}::uuid and project_id = ${projectId}::uuid and status = 'PLANNED' returning started_at`;
      const [started] = startedSchema.parse(answer);
      if (started === undefined) return;
      const affordable = await tx.$queryRaw`
        select original_id, price_micros as price, (select profile_id from generation where id = original_id) as profile_id
        from (
          select p.*, sum(coalesce(price_micros, 0)) over (order by place) as up_to_it from replay_pair p
          where replay_id = ${id}::uuid and refusal_code is null
        ) p
        where up_to_it <= (select cost_limit_micros from replay where id = ${id}::uuid) order by place`;
      const pairs = pairsSchema.parse(affordable);
      const asking = pairs.map(({ price, profile_id: profileId }) => {
        const micros = price === null ? null : Number(price);
        // Counted in the month of the start, and not in that of the originals.
        const of = {
          id: lowestIdAt(started.started_at),
          projectId,
          profileId: profileId ?? '',
          routes: null,
          model: '',
          account: '',
        };
        return { ...of, costEstimatedMicros: micros, costReserveMicros: micros };
      });
      const judged = await judgeAll(tx, asking);
      if ('short' in judged) throw new TooMuch(judged.short);
      if (!judged.budgeted) return;
      const held = pairs.map(({ original_id: original, profile_id: profile }, n) => ({
        original,
        profile,
        reserve: judged.reserves[n] ?? 0,
      }));
      await tx.$executeRaw`
        update replay_pair p set reserve_micros = h.reserve, profile_id = h.profile
        from jsonb_to_recordset(${JSON.stringify(held)}::jsonb) as h (original uuid, profile uuid, reserve bigint)
        where p.replay_id = ${id}::uuid and p.original_id = h.original`;
      await tx.$queryRaw`select budget_count_replay(${id}::uuid)::text`;
    });
    return null;
  } catch (error) {
    if (error instanceof TooMuch) return error.shortfall;
    throw error;
  }
}
