import type { Sql } from 'postgres';

const monthsBack = 6;
const historySeconds = 180 * 24 * 3_600;

/** The first day that the history may reach back to. */
export function historyStart(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - monthsBack, 1));
}

/**
 * Fills the projects' histories, the first with half of the rows: generations over half a year, all at their end, with one attempt each, every event, and an
 * image for each that succeeded. Made by the database itself, a few statements in all.
 */
export async function seedHistory(
  sql: Sql,
  options: { projectIds: readonly string[]; profileIds: readonly string[]; rows: number },
): Promise<void> {
  const { projectIds, profileIds, rows } = options;
  const step = historySeconds / rows;
  await sql`set synchronous_commit = off`;
  await sql`
    insert into generation (
      id, project_id, version, status, moderation_stage, error_code, control, profile_id, provider, model, account, prompt,
      prompt_sent, finetune_id, parameters, tags, attempt_count, deadline, result_seed, cost_estimated_micros,
      cost_settled_micros, created_at, updated_at, started_at, finished_at
    )
    select id, project, case when status = 'SUCCEEDED' then 5 else 4 end, status,
      case when status = 'MODERATED' then 'OUTPUT'::moderation_stage end,
      case when status = 'FAILED' then 'PROVIDER_FAILED' end,
      'NONE', profile, 'bfl', 'bfl/flux-pro-finetuned', 'sandbox', prompt, 'STUDIOBOTTLE, ' || prompt, 'bench-finetune',
      jsonb_build_object('finetuneStrength', 1.1, 'width', 1024, 'height', 768, 'steps', 40, 'guidance', 2.5, 'seed', i,
                         'promptUpsampling', false, 'safetyTolerance', 2, 'outputFormat', 'jpeg'),
      array['bench'], 1, at + interval '30 minutes', i, 60000, 60000, at, at + interval '9 seconds',
      at + interval '1 second', at + interval '9 seconds'
    from (
      select i, id, uuid_extract_timestamp(id) as at,
        (case i % 20 when 7 then 'FAILED' when 13 then 'MODERATED' when 17 then 'CANCELED' else 'SUCCEEDED' end
        )::generation_status as status,
        (${sql.array([...profileIds])}::uuid[])[1 + i % ${profileIds.length}] as profile,
        (${sql.array([...projectIds])}::uuid[])[
          case when hashint4(i) % 2 = 0 then 1 else 2 + abs(hashint4(i) / 2) % ${projectIds.length - 1} end] as project,
        'Bottle number ' || i || ' of amber perfume on wet black stone, one warm light from the left, shallow depth of field'
          as prompt
      from (select i, uuidv7(make_interval(secs => -(i * ${step}::float8))) as id
            from generate_series(1, ${rows}::integer) as i) as ids
    ) as rows`;
  // Prompts are left unsearchable: taking them apart takes longer than all the rest, and no workload searches.
  await sql`
    insert into generation_tag (project_id, tag, generation_id)
    select project_id, unnest(tags), id from generation`;
  await sql`
    insert into attempt (generation_id, n, project_id, state, provider, account, model, instance_id, task_id, looks,
                         cost_micros, intended_at, sent_at, accepted_at, finished_at)
    select id, 1, project_id, 'DONE', provider, account, model, project_id, id::text, 12, cost_settled_micros, created_at,
           created_at, started_at, finished_at
    from generation`;
  await sql`
    insert into generation_event (generation_id, n, project_id, position, status, previous_status, attempt_n, profile_id,
                                  control, provider, at)
    select id, n, project_id, row_number() over (order by id, n), status, lag(status) over (partition by id order by n),
           case when n > 1 then 1 end, profile_id, control, provider, created_at + n * interval '1 second'
    from (
      select g.id, g.project_id, g.profile_id, g.control, g.provider, g.created_at, n, (case
          when n = g.version then g.status when n = 1 then 'QUEUED' when n = 2 then 'SUBMITTING' when n = 3 then 'RUNNING'
          else 'SAVING' end)::generation_status as status
      from generation g cross join lateral generate_series(1, g.version) as n
    ) as events`;
  await sql`update event_position set last = (select max(position) from generation_event)`;
  // An image has the id of its generation here: nothing depends on it, and it saves a join.
  await sql`
    insert into image (id, project_id, sha256, content_type, width, height, bytes, thumbhash, token)
    select id, project_id, sha256(id::text::bytea), 'image/jpeg', 1024, 768, 180000,
           substring(sha256(id::text::bytea) for 25), substring(encode(sha256(id::text::bytea), 'hex') for 32)
    from generation where status = 'SUCCEEDED'`;
  await sql`
    insert into generation_image (generation_id, role, n, project_id, image_id)
    select id, 'RESULT', 0, project_id, id from generation where status = 'SUCCEEDED'`;
}

/** The table that the peers insert into: the smallest that a person would make for this, with two indexes. */
export async function createPeerTable(sql: Sql): Promise<void> {
  await sql`
    create table peer_generation (
      id uuid primary key default uuidv7(),
      project_id uuid not null,
      status text not null default 'QUEUED',
      prompt text not null,
      parameters jsonb not null,
      created_at timestamptz not null default now()
    )`;
  await sql`create index on peer_generation (project_id, id)`;
}

export async function settle(sql: Sql): Promise<void> {
  await sql`set synchronous_commit = on`;
  // Counting a year takes Darkroom minutes, in which nothing can be measured, and no workload asks for usage.
  await sql`truncate usage_change`;
  await sql`vacuum (analyze)`;
  await sql`checkpoint`;
}
