import { z } from 'zod';
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

export type Orphan = { generationId: string; n: number };

/**
 * Makes this instance the owner of everything that dead or vanished instances looked after: attempts that hold a slot, and
 * the last attempts of generations whose image is still to be saved. The change of owner is the fence: a paused old owner's
 * changes name it and no longer match.
 */
export async function takeOver(database: Database, instanceId: string, deadAfterMs: number): Promise<Orphan[]> {
  const rows = await database.prisma.$queryRaw`
    with dead as materialized (
      delete from instance where renewed_at < now() - ${deadAfterMs} * interval '1 millisecond'
        and id <> ${instanceId}::uuid
      returning id
    ),
    orphans as materialized (
      select a.generation_id, a.n from attempt a
      where a.state in ('INTENDED', 'SENT', 'ACCEPTED')
        and (a.instance_id in (select id from dead) or not exists (select from instance i where i.id = a.instance_id))
      union
      select a.generation_id, a.n from generation g
      join attempt a on a.generation_id = g.id and a.n = g.attempt_count
      where g.status = 'SAVING'
        and (a.instance_id in (select id from dead) or not exists (select from instance i where i.id = a.instance_id))
    )
    update attempt a set instance_id = ${instanceId}::uuid from orphans o
    where a.generation_id = o.generation_id and a.n = o.n
      and not exists (
        select from instance i where i.id = a.instance_id and i.renewed_at >= now() - ${deadAfterMs} * interval '1 millisecond'
      )
    returning a.generation_id, a.n`;
  return z
    .array(z.object({ generation_id: z.string(), n: z.number() }))
    .parse(rows)
    .map((row) => ({ generationId: row.generation_id, n: row.n }));
}

/** Gives up the lease at a clean stop, so that others need not wait for it to run out. */
export async function releaseInstance(database: Database, instanceId: string): Promise<void> {
  await database.prisma.$executeRaw`delete from instance where id = ${instanceId}::uuid`;
}
