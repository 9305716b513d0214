import { z } from 'zod';
import type { Generation, NewGeneration } from '../domain/generation.js';
import { createBatcher } from './batcher.js';
import { isRowFault, type Database } from './database.js';

/**
 * Writes new generations with their input images and first event, all in one statement: durable or absent, never half.
 */
export function createAccept(database: Database): {
  accept: (generation: NewGeneration) => Promise<Generation>;
  drain: () => Promise<void>;
} {
  const batcher = createBatcher<NewGeneration, Generation>({
    isRowFault,
    keyOf: (row) => row.id,
    write: async (rows) => await insert(database, rows),
  });
  return {
    accept: async (generation) => await batcher.add(generation),
    drain: async () => await batcher.drain(),
  };
}

const acceptedAtSchema = z.array(z.object({ accepted_at: z.date() }));

async function insert(database: Database, rows: NewGeneration[]): Promise<Generation[]> {
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
      parameters: row.parameters,
      control_image_id: row.images.controlImageId,
      image_prompt_id: row.images.imagePromptId,
      tags: row.tags,
      priority: row.priority,
      deadline_ms: row.deadlineMs,
      cost_estimated_micros: row.costEstimatedMicros,
    })),
  );
  const answer = await database.prisma.$queryRaw`
    with input as materialized (
      select * from jsonb_to_recordset(${input}::jsonb) as x (
        id uuid, project_id uuid, control control_kind, profile_id uuid, provider text, model text, account text,
        prompt text, prompt_sent text, finetune_id text, parameters jsonb, control_image_id uuid, image_prompt_id uuid,
        tags text[], priority integer, deadline_ms bigint, cost_estimated_micros bigint
      )
    ),
    added as (
      insert into generation (
        id, project_id, control, profile_id, provider, model, account, prompt, prompt_sent, finetune_id, parameters,
        tags, priority, deadline, cost_estimated_micros
      )
      select id, project_id, control, profile_id, provider, model, account, prompt, prompt_sent, finetune_id, parameters,
             tags, priority, now() + deadline_ms * interval '1 millisecond', cost_estimated_micros
      from input order by id
      -- A repeated write, after an answer that was lost on the way, changes nothing.
      on conflict (id) do nothing
      returning id
    ),
    fresh as materialized (select * from input where id in (select id from added)),
    pictured as (
      insert into generation_image (generation_id, role, project_id, image_id)
      select id, 'CONTROL'::image_role, project_id, control_image_id from fresh where control_image_id is not null
      union all
      select id, 'IMAGE_PROMPT'::image_role, project_id, image_prompt_id from fresh where image_prompt_id is not null
    ),
    told as (
      insert into generation_event (generation_id, n, project_id, status, profile_id, control, provider)
      select id, 1, project_id, 'QUEUED', profile_id, control, provider from fresh
    )
    select now() as accepted_at`;
  const at = acceptedAtSchema.parse(answer)[0]?.accepted_at ?? new Date();
  return rows.map((row) => asAccepted(row, at));
}

/** The row as it now stands, without reading it back. */
function asAccepted(row: NewGeneration, at: Date): Generation {
  const { images: _images, deadlineMs, ...rest } = row;
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
  };
}
