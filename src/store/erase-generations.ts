import type { GenerationStatus } from '../domain/lifecycle.js';
import type { Transaction } from './database.js';
import { eraseSweeps } from './erase-sweeps.js';
import { forgetRequests } from './idempotency.js';

/**
 * Takes the content out of these generations of an erasure, in the transaction given: of those that have ended, and whole
 * once the provider is done with all their attempts. Doing it again changes nothing.
 */
export async function eraseGenerations(
  tx: Transaction,
  erasureId: string,
  generationIds: readonly string[],
  terminal: readonly GenerationStatus[],
): Promise<void> {
  const given = [...generationIds];
  // First of all: whoever is just making one of these prompts searchable is waited for, and its words are removed below.
  await tx.$executeRaw`delete from generation_unsearched where generation_id = any (${given}::uuid[])`;
  // Locked in the order of their ids, as the ledger's changes lock them.
  const rows = await tx.$queryRaw<{ id: string; status: GenerationStatus; erased: boolean }[]>`
    select g.id::text, g.status::text, g.erased_at is not null as erased
    from generation g join erasure e on e.id = ${erasureId}::uuid and e.project_id = g.project_id
    where g.id = any (${given}::uuid[]) order by g.id for update of g`;
  const ended = rows.filter(({ status }) => terminal.includes(status));
  const ids = ended.map(({ id }) => id);
  const fresh = ended.flatMap(({ id, erased }) => (erased ? [] : [id]));
  await release(tx, erasureId, ids);
  await tx.$executeRaw`
    update generation g set prompt = '', prompt_sent = '', note = null, subject = null, error_message = null,
      favourite = false, erased_at = now(),
      tags = case when e.keep_tags then g.tags else '{}' end,
      erased_images = (
        select count(*) from generation_image i where i.generation_id = g.id and i.role = 'RESULT'
      ),
      routes = case when jsonb_typeof(g.routes) <> 'array' then g.routes else (
        select jsonb_agg(case when jsonb_typeof(r -> 'reason') = 'object' then jsonb_set(r, '{reason,message}', '""') else r end)
        from jsonb_array_elements(g.routes) r
      ) end
    from erasure e where e.id = ${erasureId}::uuid and g.id = any (${fresh}::uuid[])`;
  await tx.$executeRaw`
    delete from generation_tag t using erasure e
    where e.id = ${erasureId}::uuid and not e.keep_tags and t.project_id = e.project_id
      and t.generation_id = any (${ids}::uuid[])`;
  await tx.$executeRaw`
    delete from generation_text t using erasure e
    where e.id = ${erasureId}::uuid and t.project_id = e.project_id and t.generation_id = any (${ids}::uuid[])`;
  await tx.$executeRaw`delete from generation_image where generation_id = any (${ids}::uuid[])`;
  await forgetRequests(tx, ids);
  await eraseSweeps(tx, ids);
  await settle(tx, erasureId, { given, found: rows.map(({ id }) => id), ended: ids, prompts: fresh.length });
}

/** Notes the images that the generations refer to: they go unless something else does. */
async function release(tx: Transaction, erasureId: string, ids: readonly string[]): Promise<void> {
  await tx.$executeRaw`
    insert into image_removal (erasure_id, image_id, project_id, sha256, bytes)
    select distinct ${erasureId}::uuid, i.id, i.project_id, i.sha256, i.bytes
    from generation_image r join image i on i.id = r.image_id
    where r.generation_id = any (${[...ids]}::uuid[])
    on conflict do nothing`;
}

/** Removes what was sent and answered, and notes which generations are done and what that came to. */
async function settle(
  tx: Transaction,
  erasureId: string,
  ids: { given: readonly string[]; found: readonly string[]; ended: readonly string[]; prompts: number },
): Promise<void> {
  const { given, found, ended, prompts } = ids;
  const gone = given.filter((id) => !found.includes(id));
  await tx.$executeRaw`
    with items as materialized (
      select generation_id, live from erasure_item
      where erasure_id = ${erasureId}::uuid and generation_id = any (${[...ended]}::uuid[]) and not done
    ),
    -- While the provider may be at one of them, its addresses are needed to see it end.
    open as materialized (
      select distinct generation_id from attempt
      where generation_id = any (${[...ended]}::uuid[]) and state in ('INTENDED', 'SENT', 'ACCEPTED')
    ),
    over as materialized (
      select * from items where generation_id not in (select generation_id from open)
    ),
    sent as (
      update attempt a set request = null, error_message = null, word = null, polling_url = null, result_url = null,
        cancel_url = null, webhook_key = null
      where a.generation_id = any (${[...ended]}::uuid[]) and a.generation_id in (select generation_id from over)
        and coalesce(request::text, error_message, word, polling_url, result_url, cancel_url, webhook_key::text) is not null
      returning 1
    ),
    done as (
      update erasure_item set done = true
      where erasure_id = ${erasureId}::uuid
        and (generation_id in (select generation_id from over) or generation_id = any (${gone}::uuid[]))
    ),
    begun as (
      update attempt a set request = null, error_message = null
      where a.generation_id = any (${[...ended]}::uuid[]) and a.generation_id in (select generation_id from open)
        and (request is not null or error_message is not null)
    )
    update erasure set prompts = prompts + ${prompts}::integer,
      generations = generations + (select count(*) from over)::integer,
      canceled = canceled + (
        select count(*) from over o join generation g on g.id = o.generation_id where o.live and g.status = 'CANCELED'
      )::integer,
      attempts = attempts + (select count(*) from sent)::integer
    where id = ${erasureId}::uuid`;
}
