import { v7 as uuidv7 } from 'uuid';
import { isTerminal, type AttemptState, type GenerationStatus } from '../../src/domain/lifecycle.js';
import type { UsageQuestion } from '../../src/domain/usage.js';
import type { Store } from '../../src/store/store.js';
import { idAt } from '../unit/fakes.js';

export type Ask = (text: string, ...values: unknown[]) => Promise<Record<string, unknown>[]>;

export type PastUsage = {
  projectId: string;
  profile: number;
  at: Date;
  status: GenerationStatus;
  queuedMs: number | null;
  runMs: number;
  settledMicros: number | null;
  estimatedMicros: number | null;
  attempts: readonly { state: AttemptState; looks: number }[];
  images: number;
  tags: readonly string[];
};

/** Writes a generation with its attempts and pictures, as of the past. */
export async function writeUsage(sql: Ask, past: PastUsage): Promise<string> {
  const id = uuidv7({ msecs: past.at.getTime() });
  const ended = isTerminal(past.status);
  const startedAt = past.queuedMs === null ? null : new Date(past.at.getTime() + past.queuedMs);
  await sql(
    `insert into generation (id, project_id, status, control, profile_id, provider, model, account, prompt, prompt_sent,
       parameters, tags, deadline, moderation_stage, error_code, created_at, started_at, finished_at,
       cost_estimated_micros, cost_settled_micros)
     values ($1::uuid, $2::uuid, $3::generation_status, 'NONE', $4::uuid, 'bfl', $5, 'main', 'a', 'a', '{}', $6::text[], now(),
       $7::moderation_stage, $8, $9::timestamptz, $10::timestamptz, $11::timestamptz, $12::bigint, $13::bigint)`,
    id,
    past.projectId,
    past.status,
    past.profile === 0 ? null : idAt(past.profile),
    `bfl/${past.profile % 2}`,
    past.tags,
    past.status === 'MODERATED' ? (past.profile % 2 === 0 ? 'INPUT' : 'OUTPUT') : null,
    past.status === 'FAILED' ? `CODE_${past.profile % 2}` : null,
    past.at,
    startedAt,
    ended ? new Date((startedAt ?? past.at).getTime() + past.runMs) : null,
    past.estimatedMicros,
    past.settledMicros,
  );
  for (const [n, attempt] of past.attempts.entries()) await writeAttempt(sql, id, past.projectId, n + 1, attempt);
  for (let n = 0; n < past.images; n += 1) await writePicture(sql, id, past.projectId, n);
  return id;
}

export async function writeAttempt(
  sql: Ask,
  id: string,
  projectId: string,
  n: number,
  { state, looks }: { state: AttemptState; looks: number },
): Promise<void> {
  await sql(
    `insert into attempt (generation_id, n, project_id, state, provider, account, model, instance_id, sent_at, finished_at, looks)
     values ($1::uuid, $2, $3::uuid, $4::attempt_state, 'bfl', 'main', 'm', $3::uuid, now(),
       case when $4 in ('DONE', 'LOST', 'REFUSED') then now() end, $5) on conflict do nothing`,
    id,
    n,
    projectId,
    state,
    looks,
  );
}

export async function writePicture(sql: Ask, id: string, projectId: string, n: number): Promise<void> {
  const imageId = uuidv7();
  await sql(
    `insert into image (id, project_id, sha256, content_type, width, height, bytes, thumbhash, token)
     values ($1::uuid, $2::uuid, decode(replace($1::text, '-', ''), 'hex'), 'image/png', 8, 8, $3, '\\x01', 'token')`,
    imageId,
    projectId,
    1_000 + n,
  );
  await sql(
    `insert into generation_image (generation_id, role, n, project_id, image_id)
     values ($1::uuid, 'RESULT', $2, $3::uuid, $4::uuid)`,
    id,
    n,
    projectId,
    imageId,
  );
}

/** Counts until nothing is left to count. */
export async function settleUsage(store: Pick<Store, 'usage'>): Promise<void> {
  for (;;) {
    const progress = await store.usage.catchUp();
    if (progress !== null && !progress.more) return;
  }
}

export function question(details: Partial<UsageQuestion> & Pick<UsageQuestion, 'from' | 'to'>): UsageQuestion {
  return { filter: {}, dimensions: [], unit: null, timeZone: 'UTC', withSketches: true, limit: 10_000, ...details };
}

/** Every cell and day as it is kept, in order. */
export async function cellsOf(sql: Ask): Promise<string> {
  const [row] = await sql(`
    select (select json_agg(c order by c::text) from usage_cell c)::text
           || (select json_agg(d order by d::text) from usage_day d)::text as all`);
  return JSON.stringify(row?.['all']);
}

/** What `usage.read` by profile, status, error and local day must say, added up from the ledger in another way. */
export async function rawUsage(
  sql: Ask,
  projectId: string,
  zone: string,
  unit: string,
): Promise<Record<string, unknown>[]> {
  return await sql(
    `select extract(epoch from date_trunc($3, created_at at time zone $2) at time zone $2)::float8 * 1000 as start,
       profile_id::text as profile, status::text as status,
       case when status in ('FAILED', 'EXPIRED') then error_code end as error,
       count(*)::int as generations,
       sum((select count(*) from generation_image i where i.generation_id = g.id and role = 'RESULT'))::int as images,
       coalesce(sum((select sum(bytes) from generation_image i join image on image.id = i.image_id
            where i.generation_id = g.id and role = 'RESULT')), 0)::int as bytes,
       coalesce(sum((select sum(looks) from attempt a where a.generation_id = g.id and finished_at is not null)), 0)::int as looks,
       coalesce(sum(cost_settled_micros), 0)::int as settled, count(cost_settled_micros)::int as known,
       coalesce(sum(cost_estimated_micros), 0)::int as estimated,
       (count(*) filter (where cost_settled_micros is null and exists (
         select from attempt a where a.generation_id = g.id and state not in ('INTENDED', 'REFUSED'))))::int as unknown,
       (count(*) filter (where moderation_stage = 'INPUT'))::int as before,
       array_agg(floor(extract(epoch from started_at - created_at) * 1000)::int order by started_at - created_at)
         filter (where started_at is not null) as queued,
       array_agg(floor(extract(epoch from finished_at - started_at) * 1000)::int order by finished_at - started_at)
         filter (where status = 'SUCCEEDED' and started_at is not null) as ran
     from generation g where project_id = $1::uuid group by 1, 2, 3, 4 order by 1, 2 nulls first, 3, 4`,
    projectId,
    zone,
    unit,
  );
}
