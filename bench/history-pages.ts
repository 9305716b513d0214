import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Sql } from 'postgres';
import { hashApiKey, newApiKey } from '../src/access/keys.js';
import { lowestIdAt, newId, publicId } from '../src/domain/ids.js';
import { openDatabase } from '../src/store/database.js';
import { addKey } from '../src/store/keys.js';
import { startServer, type Server } from './processes.ts';

type Ask = () => Promise<number>;
type Question = { name: string; darkroom: Ask; plain: Ask | null; postgraphile: Ask | null };

const perDashboard = 20;

/** Pages as clients ask for them, one at a time: of Darkroom and PostGraphile over HTTP, of the database itself with postgres.js. */
export async function measurePages(
  sql: Sql,
  url: string,
  { runs, bare }: { runs: number; bare: boolean },
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'darkroom-pages-'));
  const servers: Server[] = [];
  try {
    const [project] = await sql<{ id: string; profile: string; middle: Date }[]>`
      select p.id, (select id from profile where project_id = p.id order by id limit 1) as profile,
             (select min(created_at) + (max(created_at) - min(created_at)) / 2 from generation where project_id = p.id) as middle
      from project p where slug = 'demo'`;
    if (project === undefined) throw new Error('The history is empty.');
    const darkroom = await startServer({
      name: 'Darkroom',
      script: resolve(import.meta.dirname, '../dist/main.js'),
      env: {
        DATABASE_URL: url,
        DARKROOM_DATA: folder,
        ROLE: 'api',
        SANDBOX_URL: 'http://127.0.0.1:9',
        PORT: '0',
        LOG_LEVEL: 'warn',
      },
      ready: /GraphQL\s+(http\S+)\/graphql/,
    });
    servers.push(darkroom);
    const peer = bare
      ? null
      : await startServer({
          name: 'PostGraphile',
          script: join(import.meta.dirname, 'peers/postgraphile.ts'),
          env: { DATABASE_URL: url, PROJECT_ID: project.id, CONNECTIONS: '4' },
          ready: /^listening (http\S+)$/,
        });
    if (peer !== null) servers.push(peer);
    const key = await makeKey(url, project.id);
    console.log(`\nPages of 20, one at a time, ${runs * perDashboard} times each; median and 95th percentile in ms:\n`);
    console.log(
      '| page | rows | Darkroom | p95 | PostGraphile | p95 | plain SQL | p95 |\n|---|---|---|---|---|---|---|---|',
    );
    for (const { name, ...asks } of questions(sql, project, { darkroom, peer, key })) {
      const figures: string[] = [];
      let rows = 0;
      for (const ask of [asks.darkroom, asks.postgraphile, asks.plain]) {
        if (ask === null) figures.push('', '');
        else {
          const timed = await time(ask, runs * perDashboard);
          rows = Math.max(rows, timed.rows);
          figures.push(timed.median.toFixed(1), timed.p95.toFixed(1));
        }
      }
      console.log(`| ${name} | ${rows} | ${figures.join(' | ')} |`);
    }
  } finally {
    for (const server of servers) await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

async function makeKey(url: string, projectId: string): Promise<string> {
  const database = openDatabase(url, { connections: 1 });
  const key = newApiKey();
  await addKey(database, { id: newId(), projectId, name: 'bench', hash: hashApiKey(key), operator: false });
  await database.close();
  return key;
}

const fields = 'nodes { id status prompt createdAt }';

function questions(
  sql: Sql,
  { id, profile, middle }: { id: string; profile: string; middle: Date },
  { darkroom, peer, key }: { darkroom: Server; peer: Server | null; key: string },
): Question[] {
  const profileId = publicId('FinetuneProfile', profile);
  const place = lowestIdAt(middle);
  const cursor = Buffer.from(`v1:${place}`).toString('base64url');
  const ours = (args: string): Ask =>
    over(darkroom, `{ generations(first: 20${args}) { ${fields} } }`, { authorization: `Bearer ${key}` });
  const theirs = (condition: string): Ask | null =>
    peer === null
      ? null
      : over(
          peer,
          `{ allGenerations(first: 20, orderBy: PRIMARY_KEY_DESC, condition: { projectId: "${id}"${condition} }) {
            nodes { rowId status prompt createdAt } } }`,
        );
  const columns = sql`select id, status, prompt, created_at from generation where project_id = ${id}`;
  const newest = sql`order by id desc limit 20`;
  return [
    {
      name: 'the newest',
      darkroom: ours(''),
      postgraphile: theirs(''),
      plain: async () => (await sql`${columns} ${newest}`).length,
    },
    {
      name: 'of one profile',
      darkroom: ours(`, filter: { profileId: "${profileId}" }`),
      postgraphile: theirs(`, profileId: "${profile}"`),
      plain: async () => (await sql`${columns} and profile_id = ${profile} ${newest}`).length,
    },
    {
      name: 'of one profile, failed',
      darkroom: ours(`, filter: { profileId: "${profileId}", status: [FAILED] }`),
      postgraphile: theirs(`, profileId: "${profile}", status: FAILED`),
      plain: async () => (await sql`${columns} and profile_id = ${profile} and status = 'FAILED' ${newest}`).length,
    },
    {
      name: 'from the middle on',
      darkroom: ours(`, after: "${cursor}"`),
      // Its conditions are equalities only, and its cursors hold a place that only itself can make.
      postgraphile: null,
      plain: async () => (await sql`${columns} and id < ${place} ${newest}`).length,
    },
    { name: 'search: heron', darkroom: ours(', search: "heron"'), postgraphile: null, plain: null },
    { name: 'search: crane 1234', darkroom: ours(', search: "crane 1234"'), postgraphile: null, plain: null },
  ];
}

function over(server: Server, query: string, headers: Record<string, string> = {}): Ask {
  const init = {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  };
  return async () => {
    const text = await (await fetch(`${server.url}/graphql`, init)).text();
    if (text.includes('"errors"')) throw new Error(text.slice(0, 500));
    return text.split('"createdAt"').length - 1;
  };
}

async function time(ask: Ask, runs: number): Promise<{ rows: number; median: number; p95: number }> {
  let rows = 0;
  for (let warm = 0; warm < 100; warm += 1) rows = await ask();
  const times: number[] = [];
  for (let run = 0; run < runs; run += 1) {
    const startedAt = performance.now();
    rows = await ask();
    times.push(performance.now() - startedAt);
  }
  const sorted = times.sort((a, b) => a - b);
  const at = (share: number): number => sorted[Math.floor(runs * share)] ?? 0;
  return { rows, median: at(0.5), p95: at(0.95) };
}
