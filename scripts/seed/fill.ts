import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import type { Sql, TransactionSql } from 'postgres';
import { castOf, type SeedProject } from './cast.js';
import { momentsOf } from './clock.js';
import { live } from './life.js';
import type { SeedOptions } from './options.js';
import { createChance } from './random.js';
import { addLife, emptyBatch, eventLines, seededTag, tables, tableNames, type Batch, type TableName } from './rows.js';

/** So many generations are written in one transaction, while the next are made. */
const atOnce = 10_000;
const dayMs = 86_400_000;

/** Refuses a database that holds more than made-up generations. */
export async function checkEmpty(sql: Sql, { force }: Pick<SeedOptions, 'force'>): Promise<void> {
  if (force) return;
  const [real] = await sql`select id from generation where not (coalesce(tags, '{}') @> array[${seededTag}]) limit 1`;
  if (real === undefined) return;
  throw new Error(
    'The database has generations of its own. Name another, or add --force to mix made-up ones with them.',
  );
}

/** Writes the history; `onProgress` hears how many generations are in. */
export async function fill(sql: Sql, options: SeedOptions, onProgress: (done: number) => void): Promise<void> {
  const chance = createChance(options.seed);
  const startMs = options.until.getTime() - options.days * dayMs;
  const projects = await writeProjects(sql, castOf(options.projects, startMs, chance));
  const priceChangeAt = startMs + 0.4 * options.days * dayMs;
  const badDays = new Map<string, boolean>();
  // A database of before tags and prompts were searchable has no tables for them.
  const [found] = await sql<{ indexed: boolean }[]>`select to_regclass('generation_tag') is not null as indexed`;
  const indexed = found?.indexed === true;
  let batch = emptyBatch();
  let [made, written] = [0, 0];
  let writing: Promise<void> = Promise.resolve();
  for (const at of momentsOf(options, chance)) {
    const isBadDay = (provider: string): boolean => {
      const day = `${provider} ${Math.floor(at / dayMs)}`;
      const known = badDays.get(day) ?? chance.next() < 0.02;
      badDays.set(day, known);
      return known;
    };
    addLife(batch, live({ projects, at, priceChangeAt, isBadDay }, chance), chance);
    made += 1;
    if (made % atOnce > 0 && made < options.generations) continue;
    await writing;
    onProgress(written);
    const [full, until] = [batch, made];
    writing = writeBatch(sql, full, indexed).then(() => void (written = until));
    // It is awaited at the next batch; until then its failure is nobody's surprise.
    writing.catch(() => undefined);
    batch = emptyBatch();
  }
  await writing;
  onProgress(written);
}

async function writeProjects(sql: Sql, cast: readonly SeedProject[]): Promise<SeedProject[]> {
  const projects: SeedProject[] = [];
  for (const project of cast) {
    await sql`insert into project (id, slug, name) values (${project.id}, ${project.slug}, ${project.slug}) on conflict do nothing`;
    const [row] = await sql<{ id: string }[]>`select id from project where slug = ${project.slug}`;
    const id = row?.id ?? project.id;
    const profiles: SeedProject['profiles'][number][] = [];
    for (const profile of project.profiles) {
      await sql`
        insert into profile (id, project_id, slug, name, trigger_word, description)
        values (${profile.id}, ${id}, ${profile.slug}, ${profile.name}, ${profile.triggerWord}, 'Made up by the seeder.')
        on conflict do nothing`;
      const [kept] = await sql<{ id: string }[]>`
        select id from profile where project_id = ${id} and slug = ${profile.slug}`;
      profiles.push({ ...profile, id: kept?.id ?? profile.id });
      for (const provider of new Set(profile.models.map(({ model }) => model.provider))) {
        await sql`
          insert into binding (profile_id, provider, project_id, finetune_id, lora_url)
          values (${kept?.id ?? profile.id}, ${provider}, ${id}, 'seeded-finetune', 'https://example.com/seeded.safetensors')
          on conflict do nothing`;
      }
    }
    projects.push({ ...project, id, profiles });
  }
  return projects;
}

async function writeBatch(sql: Sql, batch: Batch, indexed: boolean): Promise<void> {
  await sql.begin(async (tx) => {
    const count = batch.events.length;
    // Held until the commit: the sequencer of a server that runs meanwhile numbers nothing in between.
    const [place] = await tx<{ last: string }[]>`
      update event_position set last = last + ${count} returning last - ${count} as last`;
    const lines: Record<TableName, string[]> = {
      ...batch.lines,
      generation_event: eventLines(batch, Number(place?.last)),
    };
    for (const table of tableNames) await copy(tx, table, lines[table]);
    if (indexed) await index(tx, batch);
  });
}

/** What history is found by beside the generations themselves, and what people said of some of them. */
async function index(tx: TransactionSql, { ids }: Batch): Promise<void> {
  await tx`
    insert into generation_tag (project_id, tag, generation_id)
    select project_id, tag, id from generation, unnest(tags) as tag where id = any (${ids}::uuid[])`;
  await tx`
    insert into generation_text (project_id, generation_id, words)
    select project_id, id, darkroom_words(project_id, prompt) from generation where id = any (${ids}::uuid[])`;
  await tx`
    update generation set rating = (array[5, 5, 4, 4, 4, 3, 2, 1])[1 + abs(hashtext(id::text)) % 8],
      favourite = abs(hashtext(id::text)) % 11 = 0
    where id = any (${ids}::uuid[]) and status = 'SUCCEEDED' and abs(hashtext(id::text)) % 7 = 0`;
}

async function copy(tx: TransactionSql, table: TableName, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  const target = await tx.unsafe(`copy ${table} (${tables[table]}) from stdin`).writable();
  const done = finished(target);
  for (let i = 0; i < lines.length; i += 1_000) {
    if (!target.write(`${lines.slice(i, i + 1_000).join('\n')}\n`)) await once(target, 'drain');
  }
  target.end();
  await done;
}
