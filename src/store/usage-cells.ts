import { binWidth, zeroBin } from '../domain/sketch.js';
import { liveStatuses } from '../domain/lifecycle.js';
import { lowestIdAt } from '../domain/ids.js';
import { Prisma } from './generated/client.js';

/** What a cell is about, apart from project and time. */
export const cellKeys = ['profile_id', 'provider', 'model', 'account', 'control', 'status', 'error_code'] as const;

/** What a cell adds up. */
export const cellSums = [
  'generations',
  'moderated_input',
  'looks',
  'estimated_micros',
  'estimated_known',
  'quoted_micros',
  'quoted_known',
  'settled_micros',
  'settled_known',
  'settled_unknown',
  'images',
  'image_bytes',
] as const;

/** What a day adds up: the generations by outcome too. */
const outcomes = {
  live: liveStatuses,
  succeeded: ['SUCCEEDED'],
  moderated: ['MODERATED'],
  failed: ['FAILED'],
  expired: ['EXPIRED'],
  canceled: ['CANCELED'],
} as const;
export const daySums = [...cellSums, ...Object.keys(outcomes)];

/** The outcomes of a cell, which it has by its status. */
export const outcomesOfCell = Prisma.raw(
  Object.entries(outcomes)
    .map(([name, statuses]) => {
      const among = statuses.map((status) => `'${status}'`).join(', ');
      return `case when status in (${among}) then generations else 0 end as ${name}`;
    })
    .join(', '),
);

/** The keys that days have at each level; the first level has all. */
export const levelKeys: readonly (readonly string[])[] = [
  cellKeys,
  ['profile_id'],
  ['provider', 'model', 'account', 'control'],
  [],
];

export const cellSketches = ['queue_bins', 'queue_counts', 'run_bins', 'run_counts'] as const;

/** The profile of a generation that has none. */
export const noProfile = '00000000-0000-0000-0000-000000000000';

export const list = (names: readonly string[]): Prisma.Sql => Prisma.raw(names.join(', '));

/** The bin that a duration is in, as a cell's sketch of one; none while there is no duration. */
function sketchOf(duration: string, name: string): string {
  const ms = `floor(extract(epoch from ${duration}) * 1000)::float8`;
  const bin = `case when ${ms} < 1 then ${zeroBin} else ceil(ln(${ms}) / ${binWidth}) end`;
  return `case when ${duration} is null then '{}' else array[(${bin})::smallint] end as ${name}_bins,
    case when ${duration} is null then '{}' else array[1] end as ${name}_counts`;
}

/** Where the ids of a range of time lie. */
function within(column: string, from: Date, to: Date): Prisma.Sql {
  return Prisma.sql`${Prisma.raw(column)} >= ${lowestIdAt(from)}::uuid and ${Prisma.raw(column)} < ${lowestIdAt(to)}::uuid`;
}

/**
 * The generations accepted in a range of time, each as a cell of its own, with its tags; of one project, or of all. For a
 * transaction that was told `gatherWell`.
 */
export function factsOf({ from, to, projectId }: { from: Date; to: Date; projectId: string | null }): Prisma.Sql {
  const inProject = projectId === null ? Prisma.empty : Prisma.sql`and project_id = ${projectId}::uuid`;
  return Prisma.sql`
    select g.project_id, usage_slot(g.id) as slot, coalesce(g.profile_id, ${noProfile}::uuid) as profile_id, g.provider,
      g.model, g.account, g.control::text as control, g.status::text as status,
      case when g.status in ('FAILED', 'EXPIRED') then coalesce(g.error_code, '') else '' end as error_code,
      1::bigint as generations,
      (case when g.moderation_stage = 'INPUT' then 1 else 0 end)::bigint as moderated_input,
      coalesce(a.looks, 0)::bigint as looks,
      coalesce(g.cost_estimated_micros, 0) as estimated_micros,
      (g.cost_estimated_micros is not null)::integer::bigint as estimated_known,
      coalesce(g.cost_quoted_micros, 0) as quoted_micros,
      (g.cost_quoted_micros is not null)::integer::bigint as quoted_known,
      coalesce(g.cost_settled_micros, 0) as settled_micros,
      (g.cost_settled_micros is not null)::integer::bigint as settled_known,
      -- What no provider can have taken costs nothing; of all else nobody knows.
      (g.cost_settled_micros is null and coalesce(a.taken, false))::integer::bigint as settled_unknown,
      (coalesce(r.images, 0) + g.erased_images)::bigint as images, coalesce(r.bytes, 0)::bigint as image_bytes,
      ${Prisma.raw(sketchOf('(g.started_at - g.created_at)', 'queue'))},
      ${Prisma.raw(sketchOf("case when g.status = 'SUCCEEDED' then g.finished_at - g.started_at end", 'run'))},
      g.tags
    from generation g
    left join (
      select generation_id, sum(looks) filter (where state in ('DONE', 'LOST', 'REFUSED')) as looks,
             bool_or(state in ('SENT', 'ACCEPTED', 'DONE', 'LOST')) as taken
      from attempt where ${within('generation_id', from, to)} ${inProject} group by generation_id
    ) a on a.generation_id = g.id
    left join (
      -- A subquery, not a join: of all the images only these are looked up.
      select p.generation_id, count(*) as images, sum((select bytes from image i where i.id = p.image_id)) as bytes
      from generation_image p where ${within('p.generation_id', from, to)} and p.role = 'RESULT' ${inProject}
      group by p.generation_id
    ) r on r.generation_id = g.id
    where ${within('g.id', from, to)} ${inProject}`;
}

/** Before sketches are merged, or facts read: by hashing, whatever is guessed of how many there are. */
export const gatherWell = Prisma.sql`
  select set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true),
         set_config('plan_cache_mode', 'force_custom_plan', true), set_config('work_mem', '64MB', true)`;

/** A sum that is kept: exact whatever its size. */
export const exactly = (name: string): string => `sum(${name})`;

/** A sum to be told, at half the price: exact to 2^53, which is also where JSON's numbers end. */
export const readily = (name: string): string => `sum(${name}::float8)`;

/**
 * Adds up the rows of `source` (a name) that have the same keys. Sketches are merged bin by bin where they are wanted, in a
 * transaction that was told `gatherWell`.
 */
export function addUp(parts: {
  source: string;
  keys: readonly string[];
  sums: readonly string[];
  sumOf: (name: string) => string;
  withSketches: boolean;
}): Prisma.Sql {
  const { source, keys, sums, sumOf, withSketches } = parts;
  const by = keys.length === 0 ? '' : `${keys.join(', ')},`;
  const group = keys.length === 0 ? '' : `group by ${keys.join(', ')}`;
  const totals = sums.map((name) => `coalesce(${sumOf(name)}, 0)::bigint as ${name}`).join(', ');
  if (!withSketches) return Prisma.raw(`select ${by} ${totals} from ${source} ${group}`);
  // By numbers for the groups: sorting by all their keys would take ten times as long as all the rest.
  const merged = (name: string): string => `
    select sum_no, array_agg(bin order by bin) as bins, array_agg(n order by bin) as counts
    from (
      select sum_no, bin, sum(n)::integer as n
      from members join numbered using (row_no)
        cross join lateral unnest(${name}_bins, ${name}_counts) as u (bin, n)
      group by sum_no, bin
    ) b group by sum_no`;
  const sketch = (name: string, one: string): string =>
    ['bins', 'counts']
      .map((part) => `coalesce(alone.${name}_${part}, ${one}.${part}, '{}') as ${name}_${part}`)
      .join(', ');
  return Prisma.raw(`
    select * from (
      with numbered as materialized (select *, row_number() over () as row_no from ${source}),
      sums as materialized (
        select ${by} ${totals}, row_number() over () as sum_no, array_agg(row_no) as row_nos from numbered ${group}
      ),
      members as materialized (
        select sum_no, unnest(row_nos) as row_no from sums where cardinality(row_nos) > 1
      )
      select ${keys.map((key) => `s.${key},`).join(' ')} ${sums.map((name) => `s.${name}`).join(', ')},
        ${sketch('queue', 'q')}, ${sketch('run', 'r')}
      from sums s
      -- The sketches of the only row of a group are taken as they are.
      left join numbered alone on cardinality(s.row_nos) = 1 and alone.row_no = s.row_nos[1]
      left join (${merged('queue')}) q on q.sum_no = s.sum_no
      left join (${merged('run')}) r on r.sum_no = s.sum_no
    ) added`);
}
