import { setImmediate } from 'node:timers/promises';
import type { Sql } from 'postgres';
import { castOf, type SeedProject } from './cast.js';
import { momentsOf } from './clock.js';
import { live } from './life.js';
import type { SeedOptions } from './options.js';
import { openMonths } from './pipeline.js';
import { addBytes, noBytes } from './bytes.js';
import { takePositions } from './positions.js';
import { createChance } from './random.js';
import { addLife, emptyBatch, seededTag, styles } from './rows.js';
import { learnWords } from './words.js';

/** So many generations are written in one go, while the next are made. */
const atOnce = 4_000;
/** So many are made in one go: few, so that their lines die young and the socket is served between. */
const packedAtOnce = 100;
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

/**
 * Writes the history over a pool of at least four connections; `onProgress` hears how many generations are in, `onMonth`
 * until when the history is whole. `alone`: nobody else writes to the database meanwhile.
 */
export async function fill(
  sql: Sql,
  options: SeedOptions & { alone: boolean },
  { onProgress, onMonth }: { onProgress: (done: number) => void; onMonth?: (until: Date) => void },
): Promise<void> {
  if (sql.options.max < 4) throw new Error('The seeder needs four connections, or it would wait for itself.');
  const chance = createChance(options.seed);
  const startMs = options.until.getTime() - options.days * dayMs;
  const projects = await writeProjects(sql, castOf(options.projects, startMs, chance));
  const subjects = projects.flatMap(({ profiles }) => profiles.flatMap((profile) => profile.subjects));
  const wordsOf = await learnWords(sql, subjects, styles);
  const priceChangeAt = startMs + 0.4 * options.days * dayMs;
  const badDays = new Map<string, boolean>();
  const isBadDay = (provider: string, at: number): boolean => {
    const day = `${provider} ${Math.floor(at / dayMs)}`;
    const known = badDays.get(day) ?? chance.next() < 0.02;
    badDays.set(day, known);
    return known;
  };
  const months = await openMonths(sql, options);
  const positions = takePositions(sql);
  let batch = emptyBatch();
  let bytes = noBytes();
  let made = 0;
  async function pack(): Promise<void> {
    await positions.reserve(batch.events.length);
    addBytes(bytes, batch, () => positions.next());
    batch = emptyBatch();
    await setImmediate();
  }
  async function write(): Promise<void> {
    await pack();
    await months.write(bytes);
    bytes = noBytes();
    onProgress(made);
  }
  try {
    for (const at of momentsOf(options, chance)) {
      if (months.endsBefore(at)) {
        await write();
        await months.next(at, onMonth);
      }
      addLife(
        batch,
        live({ projects, at, priceChangeAt, isBadDay: (provider) => isBadDay(provider, at) }, chance),
        wordsOf,
        chance,
      );
      made += 1;
      if (made % atOnce === 0) await write();
      else if (made % packedAtOnce === 0) await pack();
    }
    await write();
    await months.end(onMonth);
    await positions.end();
  } catch (error) {
    await months.abandon();
    throw error;
  }
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
