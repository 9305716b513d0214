import { lowestIdAt } from '../domain/ids.js';
import { liveStatuses } from '../domain/lifecycle.js';
import type { Database, Transaction } from './database.js';
import { noErasure } from './image-removal.js';
import { lowestId } from './list-values.js';

/** Generations deleted in one transaction, some 50 ms; whoever changes one of them waits for so long at most. */
const deletedAtOnce = 1_000;
const statementTimeoutMs = 30_000;
/** Rather than wait for somebody who holds a row, it is tried again later. */
const lockTimeoutMs = 2_000;

/** One process at a time deletes, and never waits long for others. Null: another one is at it. */
export async function inTurn<T>(database: Database, work: (tx: Transaction) => Promise<T>): Promise<T | null> {
  return await database.transaction(async (tx) => {
    const [lock] = await tx.$queryRaw<{ mine: boolean }[]>`
      select pg_try_advisory_xact_lock(hashtext('darkroom.keeping'), 0) as mine,
             set_config('statement_timeout', ${String(statementTimeoutMs)}, true),
             set_config('lock_timeout', ${String(lockTimeoutMs)}, true)`;
    return lock?.mine === true ? await work(tx) : null;
  });
}

/**
 * Until when a project's generations may go, to the quarter of an hour in which usage is counted: what has not ended, or is
 * still with its provider, and all that is younger stay however old they are.
 */
async function boundOf(tx: Transaction, projectId: string, before: Date): Promise<Date> {
  const [row] = await tx.$queryRaw<{ bound: Date }[]>`
    select usage_slot(least(
      ${lowestIdAt(before)}::uuid,
      (select g.id from generation g
       where g.project_id = ${projectId}::uuid and g.status = any (${liveStatuses}::generation_status[])
         and g.status in ('QUEUED', 'SUBMITTING', 'UNCONFIRMED', 'RUNNING', 'SAVING')
       order by g.id limit 1),
      (select a.generation_id from attempt a
       where a.project_id = ${projectId}::uuid and a.state in ('INTENDED', 'SENT', 'ACCEPTED')
       order by a.generation_id limit 1)
    )) as bound`;
  if (row === undefined) throw new Error('A bound was not worked out.');
  return row.bound;
}

/**
 * What was counted of a project before a time stays as it is from now on, whatever is taken out of the ledger. False while
 * something before it is still to be counted.
 */
export async function keepCounts(tx: Transaction, projectId: string | null, before: Date): Promise<boolean> {
  // What is kept as it was counted already need not be counted again: what is deleted here is noted there.
  const [open] = await tx.$queryRaw<{ open: boolean }[]>`
    select exists (
      select from usage_change where slot < ${before} and slot >= (
        select coalesce(min(coalesce(k.counted_from, '-infinity')), '-infinity')
        from project p left join keeping k on k.project_id = p.id
        where ${projectId}::uuid is null or p.id = ${projectId}::uuid
      )
    ) as open`;
  if (open?.open !== false) return false;
  await tx.$executeRaw`
    insert into keeping (project_id, counted_from)
    select id, ${before} from project where ${projectId}::uuid is null or id = ${projectId}::uuid
    on conflict (project_id) do update set counted_from = greatest(keeping.counted_from, excluded.counted_from)`;
  return true;
}

/** Deletes some of a project's generations from before a time, oldest first, with all that belongs to them. */
export async function deleteGenerations(database: Database, projectId: string, before: Date): Promise<number | null> {
  return await inTurn(database, async (tx) => {
    const until = await boundOf(tx, projectId, before);
    const bound = lowestIdAt(until);
    const rows = await tx.$queryRaw<{ id: string }[]>`
      select id::text from generation where project_id = ${projectId}::uuid and id < ${bound}::uuid
      order by id limit ${deletedAtOnce}::integer for update`;
    const ids = rows.map(({ id }) => id);
    if (ids.length === 0) {
      await deleteGroups(tx, projectId, bound);
      return 0;
    }
    if (!(await keepCounts(tx, projectId, until))) return null;
    await tx.$executeRaw`
      insert into image_removal (erasure_id, image_id, project_id, sha256, bytes)
      select distinct ${noErasure}::uuid, i.id, i.project_id, i.sha256, i.bytes
      from generation_image r join image i on i.id = r.image_id
      where r.generation_id = any (${ids}::uuid[])
      on conflict do nothing`;
    // Events first: nobody shall be told of something that is gone.
    await tx.$executeRaw`delete from generation_event where generation_id = any (${ids}::uuid[])`;
    await tx.$executeRaw`delete from generation_unsearched where generation_id = any (${ids}::uuid[])`;
    await tx.$executeRaw`
      delete from generation_text where project_id = ${projectId}::uuid and generation_id = any (${ids}::uuid[])`;
    await tx.$executeRaw`
      delete from generation_tag where project_id = ${projectId}::uuid and generation_id = any (${ids}::uuid[])`;
    await tx.$executeRaw`delete from generation_image where generation_id = any (${ids}::uuid[])`;
    await tx.$executeRaw`delete from attempt where generation_id = any (${ids}::uuid[])`;
    await tx.$executeRaw`delete from generation where id = any (${ids}::uuid[])`;
    return ids.length;
  });
}

/** Sweeps and replays from before an id go with their generations: they hold prompts, and say whose they were. */
export async function deleteGroups(tx: Transaction, projectId: string | null, bound: string): Promise<void> {
  await tx.$executeRaw`
    delete from sweep_cell c using sweep s
    where c.sweep_id = s.id and s.id < ${bound}::uuid and (${projectId}::uuid is null or s.project_id = ${projectId}::uuid)`;
  await tx.$executeRaw`
    delete from sweep where id < ${bound}::uuid and (${projectId}::uuid is null or project_id = ${projectId}::uuid)`;
  const over = await tx.$queryRaw<{ id: string }[]>`
    delete from replay where id < ${bound}::uuid and (${projectId}::uuid is null or project_id = ${projectId}::uuid)
      and (started_at is null or finished_at is not null)
    returning id::text`;
  const ids = over.map(({ id }) => id);
  await tx.$executeRaw`delete from replay_pair where replay_id = any (${ids}::uuid[])`;
}

/** Deletes the events of some of a project's generations from before a time; gives how many generations those were. */
export async function deleteEvents(database: Database, projectId: string, before: Date): Promise<number | null> {
  return await inTurn(database, async (tx) => {
    const bound = lowestIdAt(await boundOf(tx, projectId, before));
    const rows = await tx.$queryRaw<{ id: string }[]>`
      select id::text from generation
      where project_id = ${projectId}::uuid and id < ${bound}::uuid
        and id > coalesce((select events_kept_from from keeping where project_id = ${projectId}::uuid), ${lowestId}::uuid)
      order by id limit ${deletedAtOnce}::integer`;
    const ids = rows.map(({ id }) => id);
    const last = ids.at(-1);
    if (last === undefined) return 0;
    await tx.$executeRaw`delete from generation_event where generation_id = any (${ids}::uuid[])`;
    await tx.$executeRaw`
      insert into keeping (project_id, events_kept_from) values (${projectId}::uuid, ${last}::uuid)
      on conflict (project_id) do update set events_kept_from = excluded.events_kept_from`;
    return ids.length;
  });
}
