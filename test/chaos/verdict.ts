import { z } from 'zod';
import { publicId } from '../../src/domain/ids.js';
import type { Bed } from './bed.js';
import type { Monitor } from './monitor.js';
import type { ChaosOptions } from './options.js';
import type { Subscriber } from './subscriber.js';
import { promptOf, type Submitters } from './submitters.js';
import { hearWitness, type Submit, type Testimony } from './witness.js';

/** What the run came to: empty `violations` is a pass. */
export type Verdict = { violations: string[]; facts: [what: string, value: string | number][] };

type Parts = {
  options: ChaosOptions;
  bed: Bed;
  monitor: Monitor;
  submitters: Submitters;
  subscribers: readonly Subscriber[];
};

const shown = 5;
/** So many generations at least must come through; otherwise nothing was tried. */
const leastSucceeded = 0.8;
const sampledImages = 40;

/** Looks at everything that can be seen from outside, and says what is wrong. */
export async function judge(parts: Parts): Promise<Verdict> {
  const violations: string[] = [];
  const facts: Verdict['facts'] = [];
  const generations = await readGenerations(parts.monitor);
  const witness = await hearWitness(parts.bed.sandboxUrl);

  violations.push(...judgeAccepted(parts.submitters.accepted, generations));
  violations.push(...judgeOutcomes(generations, witness, facts));
  violations.push(...judgeSubmits(parts.options.activeTasks, witness));
  violations.push(...(await judgeLog(parts.monitor, witness)));
  violations.push(...(await judgeSubscribers(parts, facts)));
  violations.push(...(await judgeImages(parts, generations)));
  violations.push(...parts.submitters.violations);
  for (const child of [...parts.bed.apis, ...parts.bed.pollers, parts.bed.sandbox]) violations.push(...child.deaths);
  facts.push(
    ['requests repeated by clients', counts(parts.submitters.repeats)],
    ['submits at the provider', witness.submits],
    ['tasks at the provider', witness.tasks],
    ['looks at the provider', witness.looks],
    ['most tasks at once', Math.max(0, ...Object.values(witness.keys).map(({ maxActive }) => maxActive))],
    ['webhooks', `${witness.webhooks.sent} sent, ${witness.webhooks.dropped} dropped`],
  );
  return { violations, facts };
}

export type Generation = { id: string; number: number; status: string; code: string | null; pictures: number };

const generationSchema = z.object({
  id: z.string(),
  number: z.coerce.number(),
  status: z.string(),
  code: z.string().nullable(),
  pictures: z.number(),
});

async function readGenerations(monitor: Monitor): Promise<Generation[]> {
  const rows = await monitor.sql(`
    select g.id::text, substring(g.prompt from '[0-9]+') as number, g.status::text, g.error_code as code,
      (select count(*) from generation_image i where i.generation_id = g.id and i.role = 'RESULT')::int as pictures
    from generation g`);
  return z.array(generationSchema).parse(rows);
}

function list(what: string, found: readonly unknown[]): string[] {
  if (found.length === 0) return [];
  return [`${found.length} ${what}, e.g. ${found.slice(0, shown).map(String).join(' | ')}`];
}

function counts(of: ReadonlyMap<string, number>): string {
  return [...of].map(([what, count]) => `${count} ${what}`).join(', ');
}

/** 0 lost, and one generation for each key however often it was asked for. */
export function judgeAccepted(accepted: Submitters['accepted'], generations: readonly Generation[]): string[] {
  const known = new Set(generations.map(({ id }) => publicId('Generation', id)));
  const ids = [...accepted.values()].flatMap((each) => Array.from(each));
  const numbers = Map.groupBy(generations, ({ number }) => number);
  return [
    ...list(
      'accepted generations are lost',
      ids.filter((id) => !known.has(id)),
    ),
    ...list(
      'requests got two ids',
      [...accepted].filter(([, each]) => each.size > 1).map(([n]) => promptOf(n)),
    ),
    ...list('ids were given to two requests', ids.length === new Set(ids).size ? [] : [ids.length]),
    ...list(
      'requests made two generations',
      [...numbers].filter(([, each]) => each.length > 1).map(([n]) => promptOf(n)),
    ),
    ...list('generations were never asked for', [...numbers.keys()].filter((n) => !accepted.has(n)).map(promptOf)),
  ];
}

/** Everything ends, and ends well unless the provider's answer to its submit was lost. */
export function judgeOutcomes(
  generations: readonly Generation[],
  witness: Testimony,
  facts: Verdict['facts'],
): string[] {
  const nameOf = ({ status, code }: Generation): string => (code === null ? status : `${status} ${code}`);
  const unconfirmed = generations.filter(({ code }) => code === 'SUBMIT_UNCONFIRMED');
  const succeeded = generations.filter(({ status }) => status === 'SUCCEEDED');
  const others = generations.filter((each) => !succeeded.includes(each) && !unconfirmed.includes(each));
  const wasMade = ({ number }: Generation): boolean =>
    (witness.byNumber.get(number) ?? []).some(({ task }) => task !== null);

  for (const [name, each] of Map.groupBy(generations, nameOf)) facts.push([name, each.length]);
  const causes = Map.groupBy(unconfirmed, ({ number }) => causeOf(witness.byNumber.get(number)?.at(-1)));
  for (const [cause, each] of causes) facts.push([`  unconfirmed: ${cause}`, each.length]);
  facts.push([
    'paid, yet not delivered',
    generations.filter((each) => each.status !== 'SUCCEEDED' && wasMade(each)).length,
  ]);
  return [
    ...list(
      'generations ended otherwise than they should',
      others.map((each) => `${promptOf(each.number)} ${nameOf(each)}`),
    ),
    ...list(
      'generations succeeded without exactly one picture',
      succeeded.filter(({ pictures }) => pictures !== 1),
    ),
    ...list(
      'generations succeeded that the provider never made',
      succeeded.filter((each) => !wasMade(each)),
    ),
    ...(succeeded.length < generations.length * leastSucceeded
      ? [`only ${succeeded.length} of ${generations.length} succeeded`]
      : []),
  ];
}

function causeOf(submit: Submit | undefined): string {
  if (submit === undefined) return 'never reached the provider';
  if (submit.status === null) return 'not answered';
  return submit.status === 200 ? 'answered, not heard' : `answered ${submit.status}`;
}

/** Nothing is submitted twice by our doing, and the account's limit holds. */
export function judgeSubmits(activeTasks: number, witness: Testimony): string[] {
  const resent = [...witness.byNumber].filter(([, submits]) =>
    submits.slice(0, -1).some(({ status }) => status !== 429),
  );
  const tooBusy = Object.values(witness.keys).filter(({ maxActive }) => maxActive > activeTasks);
  return [
    ...list(
      'generations were paid twice',
      witness.promptsAcceptedTwice.newest.map(({ prompt }) => prompt),
    ),
    ...list(
      'generations were sent again although they may have been taken',
      resent.map(([n, submits]) => `${promptOf(n)} ${submits.map(({ status }) => status).join(' ')}`),
    ),
    ...list(
      `accounts had more than ${activeTasks} tasks at once`,
      tooBusy.map(({ maxActive }) => maxActive),
    ),
    ...(witness.keysLeaked > 0 ? [`the key was sent ${witness.keysLeaked} times to where it does not belong`] : []),
  ];
}

/** The ledger's own log: versions without gaps, positions unique and in their order, slots given back. */
async function judgeLog(monitor: Monitor, { looksAt }: Testimony): Promise<string[]> {
  const broken = await monitor.sql(`
    with told as (
      select generation_id::text, n, position, row_number() over w as place, lag(position) over w as before
      from generation_event window w as (partition by generation_id order by n)
    )
    select * from told where n <> place or position is null or position <= before`);
  const twice = await monitor.sql('select position from generation_event group by position having count(*) > 1');
  const behind = await monitor.sql(`
    select g.id::text from generation g left join generation_event e on e.generation_id = g.id and e.n = g.version
    where e.status is distinct from g.status`);
  const held = await monitor.sql(`
    select a.generation_id::text as id, a.task_id, a.state::text, a.looks, a.word, a.webhook_key is not null as webhook,
      extract(epoch from now() - a.accepted_at)::int as "acceptedSecondsAgo", i.pid as "ownedByPid"
    from attempt a left join instance i on i.id = a.instance_id
    where a.state in ('INTENDED', 'SENT', 'ACCEPTED')`);
  const now = Date.now();
  for (const row of held) {
    row['lookedAtSecondsAgo'] = looksAt.get(String(row['task_id']))?.map((at) => Math.round((now - at) / 100) / 10);
  }
  const show = (rows: readonly unknown[]): string[] => rows.map((row) => JSON.stringify(row));
  return [
    ...list('events have gaps or a wrong order', show(broken)),
    ...list('positions were given twice', show(twice)),
    ...list('generations differ from their last event', show(behind)),
    ...list('attempts still hold a slot', show(held)),
  ];
}

/** 0 missed, 0 repeated: each subscriber saw each version of each generation once, in order. */
async function judgeSubscribers({ monitor, subscribers }: Parts, facts: Verdict['facts']): Promise<string[]> {
  const rows = await monitor.sql(
    `select generation_id::text as id, string_agg(status::text, ' ' order by n) as path from generation_event group by 1`,
  );
  const paths = new Map(rows.map((row) => [publicId('Generation', String(row['id'])), String(row['path'])]));
  const violations: string[] = [];
  for (const { name, seen, ...subscriber } of subscribers) {
    const wrong = [...paths].filter(([id, path]) => (seen.get(id) ?? []).join(' ') !== path);
    const foreign = [...seen.keys()].filter((id) => !paths.has(id));
    violations.push(
      ...subscriber.violations,
      ...list(
        `generations were told wrongly to ${name}`,
        wrong.map(([id, path]) => `${id}: ${(seen.get(id) ?? []).join(' ')} instead of ${path}`),
      ),
      ...list(`generations told to ${name} do not exist`, foreign),
    );
    const ends = counts(subscriber.ends);
    const value = `${subscriber.events()} events over ${subscriber.connections()} connections`;
    facts.push([name, ends === '' ? value : `${value}, ended by Darkroom: ${ends}`]);
  }
  return violations;
}

const imagesSchema = z.object({
  data: z.object({ generation: z.object({ images: z.array(z.object({ url: z.string() })).length(1) }) }),
});

/** Pictures from the whole length of the run can be fetched, from either API. */
async function judgeImages({ bed }: Parts, generations: readonly Generation[]): Promise<string[]> {
  const succeeded = generations.filter(({ status }) => status === 'SUCCEEDED').toSorted((a, b) => a.number - b.number);
  const step = Math.max(1, Math.floor(succeeded.length / sampledImages));
  const bad: string[] = [];
  for (const { id, number } of succeeded.filter((_, n) => n % step === 0)) {
    const api = bed.apis[number % bed.apis.length];
    const query = `{ generation(id: "${publicId('Generation', id)}") { images { url } } }`;
    const headers = { 'content-type': 'application/json', authorization: bed.authorization };
    try {
      const asked = await fetch(`${api?.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) });
      const { data } = imagesSchema.parse(await asked.json());
      const picture = await fetch(data.generation.images[0]?.url ?? '');
      const { byteLength } = await picture.arrayBuffer();
      const type = picture.headers.get('content-type');
      if (picture.status !== 200 || type !== 'image/jpeg' || byteLength === 0) {
        bad.push(`${promptOf(number)} ${picture.status} ${type} ${byteLength} bytes`);
      }
    } catch (error) {
      bad.push(`${promptOf(number)} ${String(error)}`);
    }
  }
  return list('pictures cannot be fetched', bad);
}
