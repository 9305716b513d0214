import postgres, { type Row, type RowList, type Sql } from 'postgres';

/** Plans are made once: making one over many monthly partitions takes longer than the reading itself. */
const connection = { plan_cache_mode: 'force_generic_plan' };

/** The statements that the hand-written peers share: what a person would write for just these two pages. */
export type SubmitInput = { prompt: string } & Record<string, unknown>;

export type Submitted = { id: string; status: string; createdAt: string };

export function openSql(): { sql: Sql; projectId: string } {
  const { DATABASE_URL: url, PROJECT_ID: projectId, CONNECTIONS: connections } = process.env;
  if (url === undefined || projectId === undefined) throw new Error('DATABASE_URL and PROJECT_ID are needed.');
  return { sql: postgres(url, { max: Number(connections ?? 10), connection }), projectId };
}

export async function insertOne(sql: Sql, projectId: string, input: SubmitInput): Promise<Submitted> {
  const { prompt, ...parameters } = input;
  const [row] = await sql<{ id: string; status: string; createdAt: Date }[]>`
    insert into peer_generation (project_id, prompt, parameters)
    values (${projectId}, ${prompt}, ${sql.json(parameters as postgres.JSONValue)})
    returning id, status, created_at as "createdAt"`;
  if (row === undefined) throw new Error('Nothing was inserted.');
  return { ...row, createdAt: row.createdAt.toISOString() };
}

export async function pageOf(sql: Sql, projectId: string, first: number): Promise<RowList<Row[]>> {
  return await sql`
    select id, status, prompt, created_at as "createdAt" from generation
    where project_id = ${projectId} order by id desc limit ${first}`;
}

export async function richPageOf(sql: Sql, projectId: string, first: number): Promise<RowList<Row[]>> {
  return await sql`
    select g.id, g.status, g.prompt, g.prompt_sent as "promptSent", g.control, g.created_at as "createdAt",
           g.finished_at as "finishedAt", g.parameters, jsonb_build_object('slug', p.slug, 'name', p.name) as profile,
           coalesce(i.images, '[]') as images
    from generation g
    left join profile p on p.id = g.profile_id
    left join lateral (
      select jsonb_agg(jsonb_build_object(
        'url', 'http://127.0.0.1/images/' || i.id || '/' || i.token, 'width', i.width, 'height', i.height,
        'thumbhash', encode(i.thumbhash, 'base64')) order by r.n) as images
      from generation_image r join image i on i.id = r.image_id
      where r.generation_id = g.id and r.role = 'RESULT'
    ) i on true
    where g.project_id = ${projectId} order by g.id desc limit ${first}`;
}

export function endOnSignal(close: () => Promise<unknown>): void {
  process.once('SIGTERM', () => {
    close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  });
}
