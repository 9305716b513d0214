import { z } from 'zod';
import type { LedgerChange, ChangeResult } from '../domain/change.js';
import { createBatcher } from './batcher.js';
import { isRowFault, type Database, type Transaction } from './database.js';
import { storable } from './storable.js';

/**
 * Every change of a generation or attempt after its acceptance. One statement locks the generations in the order of their
 * ids, changes attempt and generation where they are as the caller believes, and writes the event with the new version.
 */
export function createChange(database: Database): {
  change: (change: LedgerChange) => Promise<ChangeResult>;
  drain: () => Promise<void>;
} {
  const batcher = createBatcher<LedgerChange, ChangeResult>({
    isRowFault,
    keyOf: (row) => row.generationId,
    write: async (rows) => await applyChanges(database.prisma, rows),
  });
  return {
    async change(change) {
      const result = await batcher.add(change);
      if (change.attempt === null || result.attemptChanged) return result;
      // A statement that had to wait for another change does not see the attempt as that one left it: once more.
      return await batcher.add(change);
    },
    drain: async () => await batcher.drain(),
  };
}

const rowSchema = z.object({ i: z.number(), attempt_changed: z.boolean(), generation_changed: z.boolean() });

function storableOrNull(text: string | null | undefined): string | null {
  return text == null ? null : storable(text);
}

/** The statement itself, for those who do more in a transaction of theirs. */
export async function applyChanges(
  client: Pick<Transaction, '$queryRaw'>,
  rows: readonly LedgerChange[],
): Promise<ChangeResult[]> {
  const input = JSON.stringify(
    rows.map((row, i) => ({
      i,
      id: row.generationId,
      from_status: row.generation?.from ?? null,
      to_status: row.generation?.to ?? null,
      only_version: row.generation?.version ?? null,
      route: row.generation?.route ?? null,
      moderation_stage: row.generation?.moderationStage ?? null,
      code: row.generation?.errorCode ?? null,
      message: storableOrNull(row.generation?.errorMessage),
      retry_after_ms: row.generation?.retryAfterMs ?? null,
      result_seed: row.generation?.resultSeed ?? null,
      attempt_n: row.attempt?.n ?? null,
      instance_id: row.attempt?.instanceId ?? null,
      while_status: row.attempt?.whileStatus ?? null,
      owner_id: row.attempt?.ownerId ?? null,
      from_state: row.attempt?.from ?? null,
      to_state: row.attempt?.to ?? null,
      task_id: row.attempt?.taskId ?? null,
      polling_url: row.attempt?.pollingUrl ?? null,
      result_url: row.attempt?.resultUrl ?? null,
      cancel_url: row.attempt?.cancelUrl ?? null,
      request: row.attempt?.request ?? null,
      webhook_key: row.attempt?.webhookKey == null ? null : Buffer.from(row.attempt.webhookKey).toString('hex'),
      http_status: row.attempt?.httpStatus ?? null,
      attempt_code: row.attempt?.errorCode ?? null,
      attempt_message: storableOrNull(row.attempt?.errorMessage),
      list_micros: row.attempt?.listMicros ?? null,
      quoted_micros: row.attempt?.quotedMicros ?? null,
      settled_micros: row.attempt?.settledMicros ?? null,
      looks: row.attempt?.looks ?? null,
      word: storableOrNull(row.attempt?.word),
      provider_started_at: row.attempt?.providerStartedAt ?? null,
      provider_finished_at: row.attempt?.providerFinishedAt ?? null,
      image_ids: row.resultImageIds ?? [],
    })),
  );
  const answer = await client.$queryRaw`
    with input as materialized (
      select * from jsonb_to_recordset(${input}::jsonb) as x (
        i integer, id uuid, from_status generation_status[], to_status generation_status, only_version integer, route jsonb,
        moderation_stage moderation_stage, code text, message text, retry_after_ms bigint, result_seed bigint,
        attempt_n integer, instance_id uuid, owner_id uuid, while_status generation_status[],
        from_state attempt_state[], to_state attempt_state, task_id text,
        polling_url text, result_url text, cancel_url text, request jsonb, webhook_key text, http_status integer, attempt_code text, attempt_message text,
        list_micros bigint, quoted_micros bigint, settled_micros bigint, looks integer, word text, provider_started_at timestamptz,
        provider_finished_at timestamptz, image_ids uuid[]
      )
    ),
    locked as materialized (
      select g.id, g.status, g.version, g.updated_at, g.project_id, g.profile_id, g.control, g.provider, g.attempt_count
      from generation g where g.id in (select id from input) order by g.id for update
    ),
    attempted as (
      update attempt a set
        state = i.to_state,
        instance_id = coalesce(i.owner_id, a.instance_id),
        task_id = coalesce(i.task_id, a.task_id),
        polling_url = coalesce(i.polling_url, a.polling_url),
        result_url = coalesce(i.result_url, a.result_url),
        cancel_url = coalesce(i.cancel_url, a.cancel_url),
        request = coalesce(i.request, a.request),
        webhook_key = coalesce(decode(i.webhook_key, 'hex'), a.webhook_key),
        http_status = coalesce(i.http_status, a.http_status),
        error_code = coalesce(i.attempt_code, a.error_code),
        error_message = coalesce(i.attempt_message, a.error_message),
        cost_micros = coalesce(i.settled_micros, i.quoted_micros, a.cost_micros),
        cost_list_micros = coalesce(a.cost_list_micros, i.list_micros),
        cost_quoted_micros = coalesce(i.quoted_micros, a.cost_quoted_micros),
        cost_settled_micros = coalesce(i.settled_micros, a.cost_settled_micros),
        looks = coalesce(i.looks, a.looks),
        word = coalesce(i.word, a.word),
        provider_started_at = coalesce(i.provider_started_at, a.provider_started_at),
        provider_finished_at = coalesce(i.provider_finished_at, a.provider_finished_at),
        sent_at = case when i.to_state = 'SENT' then coalesce(a.sent_at, now()) else a.sent_at end,
        accepted_at = case when i.to_state in ('ACCEPTED', 'DONE') then coalesce(a.accepted_at, now()) else a.accepted_at end,
        finished_at = case when i.to_state in ('DONE', 'LOST', 'REFUSED') then coalesce(a.finished_at, now()) else a.finished_at end
      from input i join locked l on l.id = i.id
      where a.generation_id = i.id and a.n = i.attempt_n and a.state = any (i.from_state)
        and (i.instance_id is null or a.instance_id = i.instance_id)
        and (i.while_status is null or l.status = any (i.while_status))
      returning i.i, a.cost_list_micros
    ),
    decided as materialized (
      select i.*, l.status as old_status, l.version as old_version, l.updated_at as old_updated_at, l.project_id,
             l.profile_id, l.control, coalesce(i.route ->> 'provider', l.provider) as provider,
             -- Taken by the provider just now. Where it quotes no price, the table's when it was sent.
             case when i.to_state = 'ACCEPTED' or i.to_state = 'DONE' and i.from_state = '{SENT}'
                  then coalesce(i.quoted_micros, t.cost_list_micros) end as quote,
             -- An attempt that is not the last one adds what it cost, and nothing else.
             i.to_status is not null and l.status = any (i.from_status)
               and (i.only_version is null or i.only_version = l.version)
               and (i.attempt_n is null or i.attempt_n = l.attempt_count) as moves
      from input i join locked l on l.id = i.id left join attempted t on t.i = i.i
      where i.attempt_n is null or t.i is not null
    ),
    moved as (
      update generation g set
        status = case when d.moves then d.to_status else g.status end,
        version = g.version + d.moves::integer,
        moderation_stage = case when d.moves then d.moderation_stage else g.moderation_stage end,
        error_code = case when d.moves then d.code else g.error_code end,
        error_message = case when d.moves then d.message else g.error_message end,
        next_attempt_at = case when d.moves then now() + d.retry_after_ms * interval '1 millisecond'
                               else g.next_attempt_at end,
        result_seed = coalesce(d.result_seed, g.result_seed),
        provider = case when d.moves then d.provider else g.provider end,
        model = case when d.moves and d.route is not null then d.route ->> 'model' else g.model end,
        account = case when d.moves and d.route is not null then d.route ->> 'account' else g.account end,
        finetune_id = case when d.moves and d.route is not null then d.route ->> 'finetuneId' else g.finetune_id end,
        lora_url = case when d.moves and d.route is not null then d.route ->> 'loraUrl' else g.lora_url end,
        prompt_sent = case when d.moves and d.route is not null then d.route ->> 'promptSent' else g.prompt_sent end,
        parameters = case when d.moves and d.route is not null then d.route -> 'parameters' else g.parameters end,
        routes = case when d.moves and d.route is not null then d.route -> 'routes' else g.routes end,
        pixels = case when d.moves and d.route is not null then (d.route ->> 'pixels')::integer else g.pixels end,
        cost_estimated_micros = case when d.moves and d.route is not null then (d.route ->> 'costEstimatedMicros')::bigint
                                     else g.cost_estimated_micros end,
        cost_quoted_micros = case when d.quote is null then g.cost_quoted_micros
                                  else coalesce(g.cost_quoted_micros, 0) + d.quote end,
        cost_settled_micros = case when d.settled_micros is null then g.cost_settled_micros
                                   else coalesce(g.cost_settled_micros, 0) + d.settled_micros end,
        -- Strictly later than the change before, so that the order of times is the order of versions.
        updated_at = greatest(clock_timestamp(), g.updated_at + interval '1 microsecond'),
        started_at = case when d.moves and d.to_status in ('RUNNING', 'SAVING') then coalesce(g.started_at, now())
                          else g.started_at end,
        finished_at = case when d.moves
                            and d.to_status in ('SUCCEEDED', 'MODERATED', 'FAILED', 'EXPIRED', 'CANCELED')
                           then now() else g.finished_at end
      from decided d
      -- Also when only an attempt has come to an end: what it holds in budgets is counted with its generation.
      where g.id = d.id and (d.moves or d.to_state not in ('INTENDED', 'SENT'))
      returning g.id, g.version, g.updated_at, d.i, d.moves
    ),
    pictured as (
      insert into generation_image (generation_id, role, n, project_id, image_id)
      select d.id, 'RESULT', p.n - 1, d.project_id, p.image_id
      from decided d join moved m on m.i = d.i and m.moves, unnest(d.image_ids) with ordinality as p (image_id, n)
    ),
    told as (
      insert into generation_event
        (generation_id, n, project_id, status, previous_status, attempt_n, code, profile_id, control, provider, at)
      select d.id, m.version, d.project_id, d.to_status, d.old_status, d.attempt_n, d.code, d.profile_id, d.control,
             d.provider, m.updated_at
      from decided d join moved m on m.i = d.i and m.moves
    )
    select i.i, (i.i in (select i from attempted)) as attempt_changed,
           exists (select from moved m where m.i = i.i and m.moves) as generation_changed
    from input i order by i.i`;
  return z
    .array(rowSchema)
    .parse(answer)
    .map((row) => ({ attemptChanged: row.attempt_changed, generationChanged: row.generation_changed }));
}
