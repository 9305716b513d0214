import { timeText } from './clock.js';
import type { Life } from './life.js';
import { promptOf, type WordsOf } from './words.js';
import { uuidAt, type Chance } from './random.js';

/** The tables that are filled, with the columns that are given; the rest have their defaults. */
export const tables = {
  generation: `id, project_id, version, status, moderation_stage, error_code, control, profile_id, provider, model, account,
    prompt, prompt_sent, finetune_id, parameters, pixels, tags, attempt_count, deadline, result_seed, cost_estimated_micros,
    cost_quoted_micros, cost_settled_micros, rating, favourite, created_at, updated_at, started_at, finished_at`,
  attempt: `generation_id, n, project_id, state, provider, account, model, instance_id, task_id, http_status, error_code, looks,
    word, cost_micros, intended_at, sent_at, accepted_at, finished_at`,
  generation_event: `generation_id, n, project_id, position, status, previous_status, attempt_n, code, profile_id, control,
    provider, at`,
  image: 'id, project_id, sha256, content_type, width, height, bytes, thumbhash, token, created_at',
  generation_image: 'generation_id, role, n, project_id, image_id',
  generation_tag: 'project_id, tag, generation_id',
  generation_text: 'project_id, generation_id, words',
} as const;
export type TableName = keyof typeof tables;
export const tableNames = Object.keys(tables) as TableName[];

/** Lines for COPY, by table. Positions of events are given later: `events` has each with its moment. */
export type Batch = {
  lines: Record<Exclude<TableName, 'generation_event'>, string[]>;
  events: [number, string, string][];
};

export function emptyBatch(): Batch {
  const lines = {
    generation: [],
    attempt: [],
    image: [],
    generation_image: [],
    generation_tag: [],
    generation_text: [],
  };
  return { lines, events: [] };
}

/** What marks a generation as made up. */
export const seededTag = 'seeded';

const none = '\\N';
export const styles = ['soft light', 'high contrast', 'wide shot', 'macro', 'film grain', 'isometric', 'from above'];
const tagSets = [
  [],
  [],
  [],
  ['draft'],
  ['hero'],
  ['draft', 'spring'],
  ['campaign-a'],
  ['campaign-b'],
  ['campaign-b', 'hero'],
].map((tags) => [seededTag].concat(tags));
const ratings = [5, 5, 4, 4, 4, 3, 2, 1];
const timeOrNone = (ms: number | null): string => (ms === null ? none : timeText(ms));

/** `wordsOf` gives a prompt as the database takes it apart. */
export function addLife(batch: Batch, life: Life, wordsOf: WordsOf, chance: Chance): void {
  const { project, profile, used, status } = life;
  const { model } = used;
  const id = uuidAt(life.at, chance);
  const width = 768 + 256 * chance.below(3);
  const [subject, style, number] = [chance.pick(profile.subjects), chance.pick(styles), life.seed % 10_000];
  const prompt = promptOf(subject, style, number);
  const tags = chance.pick(tagSets);
  const rated = status === 'SUCCEEDED' && chance.next() < 1 / 7;
  const parameters = `{"seed": ${life.seed}, "width": ${width}, "height": 1024, "finetuneStrength": 1.${chance.below(4)}}`;
  const account = model.provider;
  const last = life.attempts.length;
  batch.lines.generation.push(
    [
      id,
      project.id,
      life.changes.length,
      status,
      life.stage ?? none,
      life.errorCode ?? none,
      model.control,
      profile.id,
      model.provider,
      model.id,
      account,
      prompt,
      `${profile.triggerWord}, ${prompt}`,
      'seeded-finetune',
      parameters,
      width * 1_024,
      `{${tags.join(',')}}`,
      last,
      timeText(life.at + 1_800_000),
      status === 'SUCCEEDED' ? life.seed : none,
      life.estimatedMicros ?? none,
      life.settledMicros ?? none,
      life.settledMicros ?? none,
      rated ? chance.pick(ratings) : none,
      rated && chance.next() < 1 / 11,
      timeText(life.at),
      timeText(life.finishedAt),
      timeOrNone(life.startedAt),
      timeText(life.finishedAt),
    ].join('\t'),
  );
  for (const tag of tags) batch.lines.generation_tag.push(`${project.id}\t${tag}\t${id}`);
  batch.lines.generation_text.push(`${project.id}\t${id}\t${wordsOf(project.id, subject, style, number)}`);
  for (const [i, attempt] of life.attempts.entries()) {
    const over = i === last - 1 && attempt.acceptedAt !== null;
    const lost = life.errorCode === 'PROVIDER_LOST' || life.errorCode === 'SUBMIT_UNCONFIRMED';
    const refused = !over || life.errorCode === 'PROVIDER_REFUSED' || life.stage === 'INPUT';
    batch.lines.attempt.push(
      [
        id,
        i + 1,
        project.id,
        refused ? 'REFUSED' : lost ? 'LOST' : 'DONE',
        model.provider,
        account,
        model.id,
        project.id,
        refused ? none : `task-${id}`,
        over ? 200 : 429,
        over ? (life.errorCode ?? none) : 'PROVIDER_BUSY',
        attempt.looks,
        over && status === 'SUCCEEDED' ? 'ready' : none,
        over && life.settledMicros !== null ? life.settledMicros : none,
        timeText(attempt.sentAt),
        timeText(attempt.sentAt),
        refused ? none : timeOrNone(attempt.acceptedAt),
        timeText(attempt.finishedAt),
      ].join('\t'),
    );
  }
  for (const [i, change] of life.changes.entries()) {
    const before = i === 0 ? none : (life.changes[i - 1]?.status ?? none);
    const head = `${id}\t${i + 1}\t${project.id}`;
    const tail = `${change.status}\t${before}\t${change.attempt ?? none}\t${change.code ?? none}\t${profile.id}\t${model.control}\t${model.provider}\t${timeText(change.at)}`;
    batch.events.push([change.at + i / 1_000, head, tail]);
  }
  if (status === 'SUCCEEDED') addPicture(batch, life, id, width, chance);
}

function addPicture(batch: Batch, life: Life, id: string, width: number, chance: Chance): void {
  const imageId = uuidAt(life.finishedAt, chance);
  const projectId = life.project.id;
  const bytes = Math.floor(chance.logNormal(180_000, 0.3));
  // Begins with the time, so that its index is written at the end.
  const sha = `${imageId.slice(0, 8)}${imageId.slice(9, 13)}${chance.hex(52)}`;
  const [thumb, token] = [chance.hex(50), chance.hex(32)];
  batch.lines.image.push(
    `${imageId}\t${projectId}\t\\\\x${sha}\timage/jpeg\t${width}\t1024\t${bytes}\t\\\\x${thumb}\t${token}\t${timeText(life.finishedAt)}`,
  );
  batch.lines.generation_image.push(`${id}\tRESULT\t0\t${projectId}\t${imageId}`);
}

/** The lines of the events in the order of time, with positions. */
export function eventLines(batch: Batch, nextPosition: () => number): string[] {
  return batch.events.sort((a, b) => a[0] - b[0]).map(([, head, tail]) => `${head}\t${nextPosition()}\t${tail}`);
}
