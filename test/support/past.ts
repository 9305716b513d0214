import { createHash } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';
import { isTerminal, type GenerationStatus } from '../../src/domain/lifecycle.js';
import type { RemoveBytes } from '../../src/domain/erasure.js';
import type { Row } from './darkroom.js';

type Sql = (text: string, ...values: unknown[]) => Promise<Row[]>;

export type PastGeneration = {
  projectId: string;
  at: Date;
  status?: GenerationStatus;
  subject?: string;
  favourite?: boolean;
  /** Names images; the same name is the same image. Each has 1,000 bytes. */
  control?: string;
  result?: string;
};

/** Writes a generation of the past with all that belongs to one: events, an attempt, a tag, words, images. */
export async function writeGeneration(sql: Sql, past: PastGeneration): Promise<string> {
  const { projectId, at, status = 'SUCCEEDED', subject = null, favourite = false } = past;
  const id = uuidv7({ msecs: at.getTime() });
  await sql(
    `insert into generation (id, project_id, status, control, provider, model, account, prompt, prompt_sent, parameters, tags,
       subject, favourite, deadline, created_at, finished_at)
     values ($1::uuid, $2::uuid, $3::generation_status, 'NONE', 'bfl', 'm', 'a', 'a jar', 'a jar', '{}', '{old}', $4, $5, now(),
       $6::timestamptz, case when $7::boolean then $6::timestamptz end)`,
    id,
    projectId,
    status,
    subject,
    favourite,
    at,
    isTerminal(status),
  );
  await sql(
    `insert into attempt (generation_id, n, project_id, state, provider, account, model, instance_id, sent_at, finished_at,
       request)
     values ($1::uuid, 1, $2::uuid, 'DONE', 'bfl', 'a', 'm', $2::uuid, now(), now(), '{"prompt": "a jar"}')`,
    id,
    projectId,
  );
  await sql(
    `insert into generation_event (generation_id, n, project_id, status, control, provider, at, position)
     select $1::uuid, n, $2::uuid, 'QUEUED', 'NONE', 'bfl', $3::timestamptz, null from generate_series(1, 3) n`,
    id,
    projectId,
    at,
  );
  await sql(
    "insert into generation_tag (project_id, tag, generation_id) values ($2::uuid, 'old', $1::uuid)",
    id,
    projectId,
  );
  await sql(
    "insert into generation_text (project_id, generation_id, words) values ($2::uuid, $1::uuid, darkroom_words($2::uuid, 'a jar'))",
    id,
    projectId,
  );
  for (const [role, name] of [['CONTROL', past.control] as const, ['RESULT', past.result] as const]) {
    if (name === undefined) continue;
    const imageId = await writeImage(sql, { projectId, name, at });
    await sql(
      `insert into generation_image (generation_id, role, project_id, image_id)
       values ($1::uuid, $2::image_role, $3::uuid, $4::uuid)`,
      id,
      role,
      projectId,
      imageId,
    );
  }
  return id;
}

export function hashOfName(name: string): string {
  return createHash('sha256').update(name).digest('hex');
}

/** The image of this name, made when there is none. */
export async function writeImage(sql: Sql, image: { projectId: string; name: string; at: Date }): Promise<string> {
  const [row] = await sql(
    `insert into image as known (id, project_id, sha256, content_type, width, height, bytes, thumbhash, token, created_at)
     values ($1::uuid, $2::uuid, decode($3, 'hex'), 'image/png', 8, 8, 1000, '\\x01', 'token', $4::timestamptz)
     on conflict (project_id, sha256) do update set sha256 = known.sha256 returning id::text`,
    uuidv7({ msecs: image.at.getTime() }),
    image.projectId,
    hashOfName(image.name),
    image.at,
  );
  return String(row?.['id']);
}

/** A store of bytes that only notes what is removed. */
export function removals(): { remove: RemoveBytes; removed: string[] } {
  const removed: string[] = [];
  const remove: RemoveBytes = async ({ sha256 }) => {
    removed.push(sha256);
    return 1;
  };
  return { remove, removed };
}
