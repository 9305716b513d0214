import { z } from 'zod';
import type { AttemptRef } from '../domain/ports.js';
import type { Database } from './database.js';

export async function registerInstance(
  database: Database,
  instance: { id: string; host: string; pid: number },
): Promise<void> {
  await database.prisma.instance.create({ data: instance });
}

/** False when the row is gone: others have taken over what this instance looked after. */
export async function renewLease(database: Database, instanceId: string): Promise<boolean> {
  const changed = await database.prisma
    .$executeRaw`update instance set renewed_at = now() where id = ${instanceId}::uuid`;
  return changed === 1;
}

const refsSchema = z
  .array(z.object({ generation_id: z.string(), n: z.number() }))
  .transform((rows): AttemptRef[] => rows.map((row) => ({ generationId: row.generation_id, n: row.n })));

/**
 * Makes this instance the owner of everything that dead or vanished instances looked after: attempts that hold a slot, and
 * the last attempts of generations whose image is still to be saved. The change of owner is the fence: a paused old owner's
 * changes name it and no longer match.
 */
export async function takeOver(
  database: Database,
  request: { instanceId: string; accounts: readonly string[]; deadAfterMs: number | null },
): Promise<AttemptRef[]> {
  const { instanceId, accounts, deadAfterMs } = request;
  const rows = await database.prisma.$queryRaw`
    with living as materialized (
      select id from instance where id = ${instanceId}::uuid
        or renewed_at >= now() - ${deadAfterMs}::bigint * interval '1 millisecond'
    ),
    buried as (
      -- A paused one finds its row gone and knows that it lost its lease.
      delete from instance i where i.id not in (select id from living)
        and (${deadAfterMs}::bigint is null or i.renewed_at < now() - ${deadAfterMs}::bigint * interval '1 millisecond')
    ),
    orphans as materialized (
      select a.generation_id, a.n from attempt a
      where a.state in ('INTENDED', 'SENT', 'ACCEPTED') and a.account = any (${accounts}::text[])
        and a.instance_id not in (select id from living)
      union
      select a.generation_id, a.n from generation g
      join attempt a on a.generation_id = g.id and a.n = g.attempt_count
      where g.status = 'SAVING' and g.account = any (${accounts}::text[])
        and a.instance_id not in (select id from living)
    ),
    locked as materialized (
      -- An array, not a join: a join may be planned as a reading of every month.
      select a.generation_id, a.n from attempt a
      where a.generation_id = any (array(select generation_id from orphans))
        and a.instance_id not in (select id from living)
      order by a.generation_id, a.n for update
    )
    update attempt a set instance_id = ${instanceId}::uuid
    from locked l join orphans o using (generation_id, n)
    where a.generation_id = any (array(select generation_id from locked))
      and a.generation_id = l.generation_id and a.n = l.n and a.instance_id not in (select id from living)
    returning a.generation_id, a.n`;
  return refsSchema.parse(rows);
}

/**
 * What this instance looks after: all that holds a slot, but for submits already known to be unanswered and those admitted
 * just now, and the images it has to save.
 */
export async function ownedBy(database: Database, instanceId: string): Promise<AttemptRef[]> {
  const rows = await database.prisma.$queryRaw`
    select a.generation_id, a.n from attempt a join generation g on g.id = a.generation_id
    where a.instance_id = ${instanceId}::uuid and a.state in ('INTENDED', 'SENT', 'ACCEPTED')
      and a.intended_at < now() - interval '5 seconds' and not (a.state = 'SENT' and g.status <> 'SUBMITTING')
    union
    select a.generation_id, a.n from generation g
    join attempt a on a.generation_id = g.id and a.n = g.attempt_count
    where g.status = 'SAVING' and a.instance_id = ${instanceId}::uuid`;
  return refsSchema.parse(rows);
}

/** Gives up the lease at a clean stop, so that others need not wait for it to run out. */
export async function releaseInstance(database: Database, instanceId: string): Promise<void> {
  await database.prisma.$executeRaw`delete from instance where id = ${instanceId}::uuid`;
}
