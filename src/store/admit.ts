import { z } from 'zod';
import type { Database } from './database.js';

/** An account's share of the queue as admission needs it. */
export type AdmissionRequest = {
  account: string;
  instanceId: string;
  /** How many attempts the provider may have at once. */
  limit: number;
  /** At most so many in one go. */
  atMost: number;
};

export type Admitted = { generationId: string; n: number };

const admittedSchema = z.array(z.object({ generation_id: z.string(), n: z.number() }));

/**
 * Gives free slots of an account to waiting generations, and writes the attempts that hold them: QUEUED → SUBMITTING with
 * an INTENDED attempt. Slots are counted in the ledger under an advisory lock, so any number of pollers together stay
 * within the limit. Who is next: the project with the fewest running and waiting before it, then priority, then age.
 */
export async function admit(database: Database, request: AdmissionRequest): Promise<Admitted[]> {
  const { account, instanceId, limit, atMost } = request;
  return await database.transaction(async (tx) => {
    await tx.$executeRaw`select pg_advisory_xact_lock(hashtext('darkroom.admit'), hashtext(${account}))`;
    // A statement of its own: its snapshot is taken after the lock, and so sees what the last holder committed.
    const answer = await tx.$queryRaw`
      with recursive slots as materialized (
        select project_id, count(*)::integer as n from attempt
        where account = ${account} and state in ('INTENDED', 'SENT', 'ACCEPTED') group by project_id
      ),
      free as materialized (
        select least(${limit}::integer - coalesce(sum(n), 0), ${atMost}::integer)::integer as n from slots
      ),
      paused as (select 1 from account_pause where account = ${account}),
      projects as (
        -- From one project of the queue to the next by the index, so that a long queue is not read through.
        (
          select project_id from generation where status = 'QUEUED' and account = ${account}
            and (select n from free) > 0 and not exists (select from paused)
          order by project_id limit 1
        )
        union all
        select (
          select g.project_id from generation g
          where g.status = 'QUEUED' and g.account = ${account} and g.project_id > p.project_id
          order by g.project_id limit 1
        )
        from projects p where p.project_id is not null
      ),
      waiting as (
        select p.project_id, w.id, w.priority,
               row_number() over (partition by p.project_id order by w.priority desc, w.id) as rank
        from projects p cross join lateral (
          select id, priority from generation g
          where g.status = 'QUEUED' and g.account = ${account} and g.project_id = p.project_id and g.deadline > now()
            and (g.next_attempt_at is null or g.next_attempt_at <= now())
          -- No project can get more than all that is free.
          order by g.priority desc, g.id limit greatest((select n from free), 0)
        ) w
      ),
      picked as materialized (
        select w.id from waiting w left join slots s using (project_id)
        order by coalesce(s.n, 0) + w.rank, w.priority desc, w.id
        limit greatest((select n from free), 0)
      ),
      locked as materialized (
        -- An array, not a join: a join may be planned as a reading of every month.
        select g.id, g.status from generation g where g.id = any (array(select id from picked))
        order by g.id for update
      ),
      moved as (
        update generation g set status = 'SUBMITTING', version = g.version + 1, attempt_count = g.attempt_count + 1,
               next_attempt_at = null, error_code = null, error_message = null,
               updated_at = greatest(clock_timestamp(), g.updated_at + interval '1 microsecond')
        from locked l where g.id = any (array(select id from locked)) and g.id = l.id and l.status = 'QUEUED'
        returning g.id, g.project_id, g.version, g.attempt_count, g.provider, g.account, g.model, g.profile_id,
                  g.control, g.updated_at
      ),
      intended as (
        insert into attempt (generation_id, n, project_id, provider, account, model, instance_id)
        select id, attempt_count, project_id, provider, account, model, ${instanceId}::uuid from moved
      ),
      told as (
        insert into generation_event
          (generation_id, n, project_id, status, previous_status, attempt_n, profile_id, control, provider, at)
        select id, version, project_id, 'SUBMITTING', 'QUEUED', attempt_count, profile_id, control, provider, updated_at
        from moved
      )
      select id as generation_id, attempt_count as n from moved order by id`;
    return admittedSchema.parse(answer).map((row) => ({ generationId: row.generation_id, n: row.n }));
  });
}
