import { rm } from 'node:fs/promises';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Pool } from 'pg';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createDiskStore } from '../../src/images/disk.js';
import { createTestDatabase, type TestDatabase } from '../support/database.js';
import { makeFolder, type Row } from '../support/darkroom.js';
import { erase, erased, readErasure, type ErasureState } from '../support/erasures.js';
import { startProcess, type DarkroomProcess } from '../support/process.js';
import { filesBelow, tablesWith } from '../support/traces.js';
import { createSandbox, type Sandbox } from '../../src/sandbox/sandbox.js';

const count = 600;
const word = 'vexblorn';
let database: TestDatabase;
let dataFolder: string;
let sandbox: Sandbox;
let sandboxUrl: string;
let pool: Pool;
let running: DarkroomProcess | null = null;

beforeEach(async () => {
  database = await createTestDatabase();
  dataFolder = await makeFolder();
  sandbox = createSandbox({ timeScale: 100 });
  sandboxUrl = (await sandbox.start()).url;
  pool = new Pool({ connectionString: database.url, max: 2 });
});

afterEach(async () => {
  await running?.end('SIGKILL');
  await pool.end();
  await sandbox.stop();
  await database.drop();
  await rm(dataFolder, { recursive: true, force: true });
});

const sql = async (text: string, ...values: unknown[]): Promise<Row[]> => (await pool.query<Row>(text, values)).rows;

function start(): DarkroomProcess {
  running = startProcess(dataFolder, { SANDBOX_URL: sandboxUrl, DATABASE_URL: database.url, LOG_LEVEL: 'warn' });
  return running;
}

/** A history of one person, each generation with a picture; and one of another, with the first of these pictures. */
async function writeHistory(projectId: string): Promise<void> {
  const disk = createDiskStore({ folder: join(dataFolder, 'images') });
  const hashes: string[] = [];
  for (let n = 0; n < count; n += 1) {
    const bytes = Buffer.from(`${word} ${n}`);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    await disk.put({ projectId, sha256 }, bytes);
    hashes.push(sha256);
  }
  await sql(
    `with made as (
       insert into generation (id, project_id, status, control, provider, model, account, prompt, prompt_sent, parameters,
         tags, subject, deadline, finished_at, created_at)
       select (lpad(to_hex((extract(epoch from now() - interval '1 hour') * 1000)::bigint + n), 12, '0') || '7000'
                || '8000' || lpad(n::text, 12, '0'))::uuid,
              $1::uuid, 'SUCCEEDED', 'NONE', 'bfl', 'm', 'a', $2 || n, $2 || n, '{}', '{}',
              case when n = ${count} then 'other' else $2 end, now(), now(), now()
       from generate_series(0, ${count}) n
       returning id, right(id::text, 12)::int as place
     ),
     image as (
       insert into image (id, project_id, sha256, content_type, width, height, bytes, thumbhash, token, created_at)
       select gen_random_uuid(), $1::uuid, decode(hash, 'hex'), 'image/png', 1, 1, 10, '', 't', now() - interval '1 hour'
       from unnest($3::text[]) as hash returning id, sha256
     )
     insert into generation_image (generation_id, role, project_id, image_id)
     select m.id, 'RESULT', $1::uuid, i.id
     from made m join unnest($3::text[]) with ordinality as h (hash, n) on h.n = m.place % ${count} + 1
       join image i on i.sha256 = decode(h.hash, 'hex')`,
    projectId,
    word,
    hashes,
  );
}

it('finishes what it was killed in, however often, and counts nothing twice', async () => {
  let process = start();
  let api = await process.api();
  const [project] = await sql("select id::text from project where slug = 'demo'");
  await writeHistory(String(project?.['id']));
  expect(await sql('select count(*)::int as n from generation_image')).toEqual([{ n: count + 1 }]);
  const { id } = await erase(api, { subject: word });

  const killedAt: ErasureState['receipt'][] = [];
  for (const done of ['prompts', 'images'] as const) {
    const state = await vi.waitFor(
      async () => {
        const now = await readErasure(api, id);
        if (now.receipt[done] === 0) throw new Error(`No ${done} yet.`);
        return now;
      },
      { timeout: 60_000, interval: 10 },
    );
    killedAt.push(state.receipt);
    expect(await process.end('SIGKILL')).toBe('SIGKILL');
    process = start();
    api = await process.api();
  }
  const done = await erased(api, id, 90_000);
  // It was in the middle of it.
  expect(killedAt[1]?.images).toBeLessThan(count - 1);
  expect(done.receipt).toMatchObject({
    generations: count,
    prompts: count,
    images: count - 1,
    imagesShared: 1,
    bytes: 10 * (count - 1),
  });
  const files = await filesBelow(join(dataFolder, 'images'));
  expect(files.map(({ bytes }) => bytes.toString())).toEqual([`${word} 0`]);
  const left = await sql('select prompt from generation where prompt <> $1', '');
  expect(left).toEqual([{ prompt: `${word}${count}` }]);
  expect(await tablesWith(sql, `${word}1`)).toEqual([]);
  expect(await process.end('SIGTERM')).toBe(0);
  running = null;
}, 240_000);
