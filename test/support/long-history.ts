import type { LedgerBench } from './ledger.js';
import { ensurePartitions } from '../../src/store/partitions.js';

/** So many generations, over the last five months, of which nine of ten are the first project's. */
export async function writeLongHistory(
  bench: Pick<LedgerBench, 'sql' | 'store' | 'projectId'>,
  options: { count: number; otherProjectId: string; profileId: string },
): Promise<void> {
  const { count, otherProjectId, profileId } = options;
  const now = Date.now();
  const from = now - 150 * 86_400_000;
  await ensurePartitions(bench.store.database, new Date(from), new Date(now));
  const stepMs = Math.floor((now - from) / count);
  await bench.sql(
    `with made as (
       insert into generation (id, project_id, status, moderation_stage, error_code, control, profile_id, provider, model,
         account, prompt, prompt_sent, parameters, tags, deadline, result_seed, cost_estimated_micros, rating, favourite, subject,
         created_at, started_at, finished_at)
       select (lpad(to_hex($1::bigint + n * $2::bigint), 12, '0') || '7' || lpad(to_hex(n % 4096), 3, '0') || '8' ||
               lpad(to_hex(n), 15, '0'))::uuid,
         (case when n % 10 = 9 then $3 else $4 end)::uuid,
         (case when n > $5::int - 20 then 'QUEUED' when n % 50 = 1 then 'FAILED' when n % 97 = 2 then 'MODERATED'
               else 'SUCCEEDED' end)::generation_status,
         (case when n <= $5::int - 20 and n % 50 <> 1 and n % 97 = 2 then 'OUTPUT' end)::moderation_stage,
         case when n <= $5::int - 20 and n % 50 = 1 then case when n % 500 = 1 then 'PROVIDER_LOST' else 'PROVIDER_FAILED' end end,
         (case when n < 40 then 'FILL' when n % 3 = 0 then 'CANNY' else 'NONE' end)::control_kind,
         case when n % 20 = 3 then $6::uuid else gen_random_uuid() end,
         case when n < 60 then 'comfyui' when n % 4 = 0 then 'fal' else 'bfl' end,
         case when n < 60 then 'comfyui/old' when n % 4 = 0 then 'fal/flux' else 'bfl/flux' end,
         'past', t.prompt, t.prompt, '{"steps": 20}',
         case when n % 10 = 4 then array['old', 'batch ' || (n % 7)] else '{}' end, now(),
         n * 7, (n * 7919) % 100000, case when n % 11 = 0 then n % 5 + 1 end, n % 331 = 0,
         case when n % 7 = 0 then 'person ' || (n % 31) end, to_timestamp(($1::bigint + n * $2::bigint) / 1000.0), to_timestamp(($1::bigint + n * $2::bigint) / 1000.0 + 1),
         case when n <= $5::int - 20 then to_timestamp(($1::bigint + n * $2::bigint) / 1000.0 + 2 + (n * 6101) % 30011 / 1000.0) end
       from generate_series(1, $5::int) n
         cross join lateral (select 'a ' || (array['jar', 'bottle', 'lantern', 'teapot'])[n % 4 + 1] || ' of '
           || (array['glass', 'copper', 'clay'])[n % 3 + 1] || case when n % 1000 = 7 then ' and Café crème' else '' end
           || ' number ' || n as prompt) t
       returning id, project_id, prompt, tags
     ), tagged as (
       insert into generation_tag (project_id, tag, generation_id) select project_id, tag, id from made, unnest(tags) tag
     )
     insert into generation_text (project_id, generation_id, words)
     select project_id, id, darkroom_words(project_id, prompt) from made`,
    from,
    stepMs,
    otherProjectId,
    bench.projectId,
    count,
    profileId,
  );
  await bench.sql('vacuum analyze generation, generation_tag, generation_text');
}
