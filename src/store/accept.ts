import { z } from 'zod';
import type { Generation, NewGeneration } from '../domain/generation.js';
import { imageInputNames, imageRoles } from '../domain/model.js';
import { Prisma } from './generated/client.js';

const answerSchema = z.array(
  z.object({ accepted_at: z.date(), taken: z.array(z.string()), budgeted: z.array(z.string()) }),
);

const claimed = Prisma.sql`
    claimed as (
      insert into idempotency as known (project_id, subject, key, generation_id, request_hash, expires_at)
      select project_id, subject, key, id, decode(request_hash, 'hex'), now() + interval '24 hours'
      from input where key is not null and id not in (select id from budgeted) order by project_id, subject, key
      on conflict (project_id, subject, key) do update set generation_id = excluded.generation_id,
        request_hash = excluded.request_hash, expires_at = excluded.expires_at
        where known.expires_at <= now() or known.generation_id = excluded.generation_id
      returning generation_id
    )`;
const unclaimed = Prisma.sql`claimed as (select null::uuid as generation_id where false)`;
const pictured = Prisma.sql`
    pictured as (
      insert into generation_image (generation_id, role, project_id, image_id)
      select id, given.role::image_role, project_id, given.image_id::uuid
      from fresh, jsonb_each_text(images) as given (role, image_id)
    ),`;
const tagged = Prisma.sql`
    tagged as (
      insert into generation_tag (project_id, tag, generation_id)
      select project_id, tag, id from fresh, unnest(tags) as tag on conflict do nothing
    ),`;

/**
 * Writes new generations with their input images and first event, all in one statement: durable or absent, never half. Unless
 * they were held against their budgets (`judged`), those of projects that have one are not written.
 */
export async function insertGenerations(
  ask: (statement: Prisma.Sql) => Promise<object[]>,
  rows: readonly NewGeneration[],
  { judged }: { judged: boolean },
): Promise<(Generation | 'budgeted' | null)[]> {
  const input = JSON.stringify(
    rows.map((row) => ({
      id: row.id,
      project_id: row.projectId,
      control: row.control,
      profile_id: row.profileId,
      provider: row.provider,
      model: row.model,
      account: row.account,
      prompt: row.prompt,
      prompt_sent: row.promptSent,
      finetune_id: row.finetuneId,
      lora_url: row.loraUrl,
      parameters: row.parameters,
      routes: row.routes,
      asked: row.asked,
      rerun_of: row.rerunOf,
      pixels: row.pixels,
      images: Object.fromEntries(
        imageInputNames.flatMap((name) =>
          row.images[name] === undefined ? [] : [[imageRoles[name], row.images[name]]],
        ),
      ),
      tags: row.tags,
      whose: row.subject,
      priority: row.priority,
      deadline_ms: row.deadlineMs,
      cost_estimated_micros: row.costEstimatedMicros,
      cost_reserve_micros: row.costReserveMicros,
      subject: row.requestKey?.subject ?? null,
      key: row.requestKey?.key ?? null,
      request_hash: row.requestKey?.requestHash.toString('hex') ?? null,
    })),
  );
  // What no row needs is left out: each insert takes the database 20 to 30 µs before it has a row.
  const claims = rows.some(({ requestKey }) => requestKey !== null);
  const answer = await ask(Prisma.sql`
    with input as materialized (
      select * from jsonb_to_recordset(${input}::jsonb) as x (
        id uuid, project_id uuid, control control_kind, profile_id uuid, provider text, model text, account text,
        prompt text, prompt_sent text, finetune_id text, lora_url text, parameters jsonb, routes jsonb, asked jsonb,
        rerun_of uuid, pixels integer, images jsonb,
        tags text[], whose text, priority integer, deadline_ms bigint, cost_estimated_micros bigint, cost_reserve_micros bigint,
        subject uuid, key text, request_hash text
      )
    ),
    budgeted as materialized (
      select id from input where not ${judged}::boolean and project_id in (select project_id from budget)
    ),
    ${claims ? claimed : unclaimed},
    welcome as materialized (
      select * from input
      where (key is null or id in (select generation_id from claimed)) and id not in (select id from budgeted)
    ),
    added as (
      insert into generation (
        id, project_id, control, profile_id, provider, model, account, prompt, prompt_sent, finetune_id, lora_url,
        parameters, routes, asked, rerun_of, pixels, tags, subject, priority, deadline, cost_estimated_micros,
        cost_reserve_micros
      )
      select id, project_id, control, profile_id, provider, model, account, prompt, prompt_sent, finetune_id, lora_url,
             parameters, routes, asked, rerun_of, pixels, tags, whose, priority,
             now() + deadline_ms * interval '1 millisecond', cost_estimated_micros, cost_reserve_micros
      from welcome order by id
      -- A repeated write, after an answer that was lost on the way, changes nothing.
      on conflict (id) do nothing
      returning id
    ),
    fresh as materialized (select * from welcome where id in (select id from added)),
    ${rows.some(({ images }) => Object.keys(images).length > 0) ? pictured : Prisma.empty}
    ${rows.some(({ tags }) => tags.length > 0) ? tagged : Prisma.empty}
    searchable as (
      insert into generation_unsearched (generation_id) select id from fresh
    ),
    told as (
      insert into generation_event (generation_id, n, project_id, status, profile_id, control, provider)
      select id, 1, project_id, 'QUEUED', profile_id, control, provider from fresh
    )
    select now() as accepted_at, array(select id::text from input where id not in (select id from welcome)) as taken,
           array(select id::text from budgeted) as budgeted`);
  const [{ accepted_at: at, taken, budgeted } = { accepted_at: new Date(), taken: [], budgeted: [] }] =
    answerSchema.parse(answer);
  return rows.map((row) => {
    if (budgeted.includes(row.id)) return 'budgeted';
    return taken.includes(row.id) ? null : asAccepted(row, at);
  });
}

/** The row as it now stands, without reading it back. */
function asAccepted(row: NewGeneration, at: Date): Generation {
  const { images: _images, requestKey: _key, deadlineMs, ...rest } = row;
  return {
    ...rest,
    version: 1,
    status: 'QUEUED',
    moderationStage: null,
    errorCode: null,
    errorMessage: null,
    attemptCount: 0,
    nextAttemptAt: null,
    deadline: new Date(at.getTime() + deadlineMs),
    resultSeed: null,
    costQuotedMicros: null,
    costSettledMicros: null,
    createdAt: at,
    updatedAt: at,
    startedAt: null,
    finishedAt: null,
    rating: null,
    favourite: false,
    note: null,
    erasedAt: null,
  };
}
