import type { IndexedField, ListFilter } from '../domain/listing.js';
import { finished, live, seed } from './list-conditions.js';
import { Prisma } from './generated/client.js';

/** How one condition is answered by an index of the project, the value and the id, in this order. */
type Reading = {
  values: readonly (string | number)[];
  type: string;
  /** Rows `g` of generations unless said otherwise. */
  from?: { table: Prisma.Sql; id: Prisma.Sql; project: Prisma.Sql };
  /** Null: the index holds one value only. */
  value: Prisma.Sql | null;
  /** What the index holds; null: everything. */
  holds: Prisma.Sql | null;
  /** It does not hold what has not ended: that is read apart. */
  withoutLive?: true;
};

const ofGeneration = { table: Prisma.raw('generation g'), id: Prisma.raw('g.id'), project: Prisma.raw('g.project_id') };
const ofTag = {
  table: Prisma.raw('generation_tag t'),
  id: Prisma.raw('t.generation_id'),
  project: Prisma.raw('t.project_id'),
};

/** Before and after every id. */
export const lowestId = '00000000-0000-0000-0000-000000000000';
export const highestId = 'ffffffff-ffff-ffff-ffff-ffffffffffff';

function readingOf(field: IndexedField, filter: ListFilter): Reading {
  const present = (value: Prisma.Sql): Prisma.Sql => Prisma.sql`${value} is not null`;
  const [model, provider, control] = [Prisma.raw('g.model'), Prisma.raw('g.provider'), Prisma.raw('g.control')];
  const [rating, code, tag] = [Prisma.raw('g.rating'), Prisma.raw('g.error_code'), Prisma.raw('t.tag')];
  const [status, profile] = [Prisma.raw('g.status'), Prisma.raw('g.profile_id')];
  const text = { type: 'text', holds: null };
  const ended = { holds: finished, withoutLive: true } as const;
  switch (field) {
    case 'subject': {
      const subject = Prisma.raw('g.subject');
      const holds = Prisma.sql`${present(subject)} and ${finished}`;
      return { ...ended, holds, values: filter.subject == null ? [] : [filter.subject], type: 'text', value: subject };
    }
    case 'seed': {
      const holds = Prisma.sql`${present(seed)} and ${finished}`;
      return { ...ended, holds, values: filter.seed == null ? [] : [filter.seed], type: 'bigint', value: seed };
    }
    case 'model':
      return { ...ended, values: filter.model ?? [], type: 'text', value: model };
    case 'provider':
      return { ...ended, values: filter.provider ?? [], type: 'text', value: provider };
    case 'control':
      return { ...ended, values: filter.control ?? [], type: 'control_kind', value: control };
    case 'favourite':
      return { values: [1], type: 'integer', value: null, holds: Prisma.raw('g.favourite') };
    case 'rating': {
      const { from, to } = filter.rating ?? {};
      const values = [1, 2, 3, 4, 5].filter((n) => n >= (from ?? 1) && n <= (to ?? 5));
      return { values, type: 'smallint', value: rating, holds: present(rating) };
    }
    case 'errorCode':
      return { ...text, values: filter.errorCode ?? [], value: code, holds: present(code) };
    case 'anyTag':
      return { ...text, from: ofTag, values: filter.anyTag ?? [], value: tag };
    case 'allTags':
      return { ...text, from: ofTag, values: filter.allTags ?? [], value: tag };
    case 'profileId':
      return { values: filter.profileId == null ? [] : [filter.profileId], type: 'uuid', value: profile, holds: null };
    case 'status':
    case 'hasImage': {
      const values = field === 'status' ? (filter.status ?? []) : ['SUCCEEDED'];
      return { values, type: 'generation_status', value: status, holds: null };
    }
    default:
      return field satisfies never;
  }
}

/**
 * The ids of a page of what one condition asks for. Each value's own part of the index is in the order of ids, so a page of
 * each is enough, however many rows have it: `any` of them at once would be read whole and sorted. A value is asked for as a
 * range of pairs that begins and ends with it, and comes first in the order: the planner, which would go through all ids
 * where it takes a value for common, and sort all rows where it takes it for rare, then has no way but the right index.
 */
export function idsByValues(options: {
  projectId: string;
  field: IndexedField;
  filter: ListFilter;
  /** What else is asked of the id. */
  bounds: (id: Prisma.Sql) => Prisma.Sql[];
  /** Only ids beyond this one. */
  begin: string;
  up: boolean;
  limit: Prisma.Sql;
}): Prisma.Sql {
  const { projectId, field, filter, bounds, begin, up, limit } = options;
  const { values, type, from = ofGeneration, value, holds, withoutLive } = readingOf(field, filter);
  const asked = [...new Set(values)];
  const list = Prisma.sql`${asked}::${Prisma.raw(type)}[]`;
  // A list of unknown length is taken for ten values, so that its kept plan seems dearer than a new one each time, which takes
  // several times as long to make as to carry out. The offset keeps the value from the planner, as a list does.
  const one = asked.length === 1 ? asked[0] : undefined;
  const wanted =
    one === undefined
      ? Prisma.sql`unnest(${list}) as v (value)`
      : Prisma.sql`(select ${one}::${Prisma.raw(type)} as value offset 0) as v`;
  const direction = Prisma.raw(up ? 'asc' : 'desc');
  const beyond = Prisma.raw(up ? '>' : '<');

  const part = (
    source: typeof ofGeneration,
    conditions: (Prisma.Sql | null)[],
    first: Prisma.Sql | null,
  ): Prisma.Sql => {
    const all = [Prisma.sql`${source.project} = ${projectId}::uuid`, ...conditions, ...bounds(source.id)];
    return Prisma.sql`
      select ${source.id} as page_id from ${source.table}
      where ${Prisma.join(
        all.flatMap((each) => each ?? []),
        ' and ',
      )}
      order by ${first === null ? Prisma.empty : Prisma.sql`${first} ${direction},`} ${source.id} ${direction}
      limit ${limit}`;
  };
  const end = up ? highestId : lowestId;
  const equal =
    value === null
      ? null
      : Prisma.sql`(${value}, ${from.id}) ${beyond} (v.value, ${begin}::uuid)
          and (${value}, ${from.id}) ${Prisma.raw(up ? '<=' : '>=')} (v.value, ${end}::uuid)`;
  const ofLive =
    withoutLive === undefined || value === null
      ? Prisma.empty
      : Prisma.sql`union all (${part(ofGeneration, [live, Prisma.sql`${value} = any (${list})`], null)})`;
  return Prisma.sql`
    select distinct page_id, null::bigint as value, null::uuid as newest from (
      (select each.page_id from ${wanted}
       cross join lateral (${part(from, [holds, equal], value)}) as each)
      ${ofLive}
    ) as found
    order by page_id ${direction} limit ${limit}`;
}
