import { Client } from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { newId } from '../../src/domain/ids.js';
import { openLedger, type LedgerBench } from '../support/ledger.js';

let bench: LedgerBench;
let analyst: Client;

beforeAll(async () => {
  bench = await openLedger();
  await bench.accept(2, { prompt: 'a secret jar', images: { controlImage: newId() } });
  await bench.accept(1, { projectId: await bench.addProject('second') });
  analyst = new Client({ connectionString: bench.url });
  await analyst.connect();
  await analyst.query('set role darkroom_analyst');
});

afterAll(async () => {
  await analyst.end();
  await bench.stop();
});

/** A view is never changed in place: whoever reads it relies on these columns. */
const views = {
  generation_v1:
    'generation_id project_id project status moderation_stage error_code control profile_id provider model account parameters pixels seed tags rating favourite priority attempt_count cost_estimated_micros cost_quoted_micros cost_settled_micros cost_micros queued_ms run_ms total_ms created_at started_at finished_at',
  attempt_v1:
    'generation_id n project_id project state provider account model http_status error_code looks cost_micros intended_at sent_at accepted_at finished_at provider_started_at provider_finished_at',
  event_v1: 'generation_id n project_id project position status previous_status attempt_n code provider at',
  image_v1: 'image_id project_id project generation_id role n content_type width height bytes created_at',
  profile_v1: 'profile_id project_id project slug name version providers created_at updated_at archived_at',
};

it.each(Object.entries(views))('shows an analyst %s, with the columns it has always had', async (view, columns) => {
  const { fields } = await analyst.query(`select * from analytics.${view}`);
  expect(fields.map(({ name }) => name)).toEqual(columns.split(' '));
});

it('shows the generations of all projects', async () => {
  const { rows } = await analyst.query('select project, status from analytics.generation_v1 order by project');
  expect(rows.map((row: { project: string }) => row.project)).toEqual(['first', 'first', 'second']);
});

it('shows an analyst nothing else, and lets nothing be changed', async () => {
  const found = await bench.sql(`select c.relname::text as name from pg_class c
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm')`);
  const tables = found.map((row) => `public.${String(row['name'])}`);
  expect(tables).toContain('public.api_key');
  for (const table of [...tables, 'analytics.prompt_v1']) {
    await expect(analyst.query(`select from ${table}`)).rejects.toThrow('permission denied');
  }
  for (const change of ["update analytics.generation_v1 set tags = '{}'", 'delete from analytics.event_v1']) {
    await expect(analyst.query(change)).rejects.toThrow(/permission denied|cannot (update|delete)/);
  }
  await expect(analyst.query('create table analytics.mine ()')).rejects.toThrow('permission denied');
});

it('shows prompts once that is granted', async () => {
  await bench.sql('grant select on analytics.prompt_v1 to darkroom_analyst');
  const { rows } = await analyst.query("select prompt from analytics.prompt_v1 where project = 'first'");
  expect(rows).toEqual([{ prompt: 'a secret jar' }, { prompt: 'a secret jar' }]);
});
