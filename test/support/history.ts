import { v7 as uuidv7 } from 'uuid';
import { isTerminal, type ControlKind, type GenerationStatus } from '../../src/domain/lifecycle.js';
import { newId } from '../../src/domain/ids.js';
import type { Darkroom } from './darkroom.js';

/** A generation of the past, without anything having worked on it. */
export type Past = {
  projectId: string;
  profileId: string;
  status?: GenerationStatus;
  control?: ControlKind;
  provider?: string;
  at?: Date;
  /** With a control image, a picture, two attempts and its events. */
  full?: boolean;
};

/** Writes generations straight into the tables; gives their keys in the order given. */
export async function writePast(darkroom: Darkroom, rows: readonly Past[]): Promise<string[]> {
  const ids: string[] = [];
  for (const row of rows) {
    const status = row.status ?? 'SUCCEEDED';
    const id = uuidv7({ msecs: (row.at ?? new Date()).getTime() });
    await darkroom.sql(
      `insert into generation (id, project_id, status, control, profile_id, provider, model, account, prompt, prompt_sent,
         parameters, tags, deadline, moderation_stage, error_code, finished_at, attempt_count)
       values ($1, $2, $3, $4, $5, $6, 'bfl/flux-pro-finetuned', 'past', 'a jar', 'a jar', '{"steps": 20}', '{old}',
         now() + interval '1 day', $7, $8, $9, 2)`,
      id,
      row.projectId,
      status,
      row.control ?? 'NONE',
      row.profileId,
      row.provider ?? 'bfl',
      status === 'MODERATED' ? 'OUTPUT' : null,
      status === 'FAILED' ? 'PROVIDER_FAILED' : null,
      isTerminal(status) ? new Date() : null,
    );
    await darkroom.sql(
      "insert into generation_tag (project_id, tag, generation_id) values ($1, 'old', $2)",
      row.projectId,
      id,
    );
    if (row.full === true) await writeChildren(darkroom, id, row);
    ids.push(id);
  }
  return ids;
}

async function writeChildren(darkroom: Darkroom, id: string, row: Past): Promise<void> {
  for (const role of ['CONTROL', 'RESULT']) {
    const imageId = newId();
    await darkroom.sql(
      `insert into image (id, project_id, sha256, content_type, width, height, bytes, thumbhash, token)
       values ($1, $2, $3, 'image/png', 300, 300, 1000, '\\x01', 'token')`,
      imageId,
      row.projectId,
      Buffer.from(imageId),
    );
    await darkroom.sql(
      'insert into generation_image (generation_id, role, project_id, image_id) values ($1, $2, $3, $4)',
      id,
      role,
      row.projectId,
      imageId,
    );
  }
  await darkroom.sql(
    `insert into attempt (generation_id, n, project_id, state, provider, account, model, instance_id, sent_at, finished_at)
     select $1, n, $2, 'DONE', 'bfl', 'past', 'bfl/flux-pro-finetuned', gen_random_uuid(), now(), now()
     from generate_series(1, 2) n`,
    id,
    row.projectId,
  );
  await darkroom.sql(
    `insert into generation_event (generation_id, n, project_id, status, control, provider)
     select $1, n, $2, 'QUEUED', 'NONE', 'bfl' from generate_series(1, 5) n`,
    id,
    row.projectId,
  );
}
