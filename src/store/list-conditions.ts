import { lowestIdAt } from '../domain/ids.js';
import { listOrders, type ListFilter, type ListOrder, type Range } from '../domain/listing.js';
import { Prisma } from './generated/client.js';

/** Written as in the indexes' definitions, which serve no other spelling. */
export const costMicros = Prisma.raw('coalesce(g.cost_settled_micros, g.cost_quoted_micros, g.cost_estimated_micros)');
export const runMicros = Prisma.raw('(extract(epoch from (g.finished_at - g.started_at)) * 1000000)::bigint');
export const seed = Prisma.raw("coalesce(g.result_seed, (g.parameters ->> 'seed')::bigint)");
export const finished = Prisma.raw('g.finished_at is not null');
export const live = Prisma.raw("g.status in ('QUEUED', 'SUBMITTING', 'UNCONFIRMED', 'RUNNING', 'SAVING')");
const totalMicros = Prisma.raw('(extract(epoch from (g.finished_at - g.created_at)) * 1000000)::bigint');

/** What a list can be ordered by before the id, and what has such a value at all. */
export const orderValues = {
  cost: { value: costMicros, present: Prisma.sql`${finished} and ${costMicros} is not null` },
  run: { value: runMicros, present: Prisma.sql`${finished} and g.started_at is not null` },
  rating: { value: Prisma.raw('g.rating'), present: Prisma.sql`g.rating is not null` },
};

/** What ids a time range leaves; a UUIDv7 begins with its time. */
export function timeConditions(id: Prisma.Sql, { createdFrom, createdTo }: ListFilter): Prisma.Sql[] {
  const conditions: Prisma.Sql[] = [];
  if (createdFrom != null) conditions.push(Prisma.sql`${id} >= ${lowestIdAt(createdFrom)}::uuid`);
  if (createdTo != null) conditions.push(Prisma.sql`${id} < ${lowestIdAt(createdTo)}::uuid`);
  return conditions;
}

/** Of a generation `g`, all that a filter asks for but its time. */
export function filterConditions(filter: ListFilter): Prisma.Sql[] {
  const conditions: Prisma.Sql[] = [];
  const { status, profileId, control, provider, model, errorCode, anyTag, allTags } = filter;
  if (status != null) conditions.push(among('status', status, 'generation_status'));
  if (profileId != null) conditions.push(Prisma.sql`g.profile_id = ${profileId}::uuid`);
  if (control != null) conditions.push(among('control', control, 'control_kind'));
  if (provider != null) conditions.push(among('provider', provider, 'text'));
  if (model != null) conditions.push(among('model', model, 'text'));
  if (errorCode != null) conditions.push(among('error_code', errorCode, 'text'));
  if (anyTag != null) conditions.push(Prisma.sql`g.tags && ${[...anyTag]}::text[]`);
  if (allTags != null) conditions.push(Prisma.sql`g.tags @> ${[...allTags]}::text[]`);
  if (filter.subject != null) conditions.push(Prisma.sql`g.subject = ${filter.subject}`);
  if (filter.seed != null) conditions.push(Prisma.sql`${seed} = ${filter.seed}::bigint`);
  if (filter.favourite != null)
    conditions.push(filter.favourite ? Prisma.sql`g.favourite` : Prisma.sql`not g.favourite`);
  // A picture is kept when, and only when, it succeeded.
  if (filter.hasImage != null) {
    conditions.push(filter.hasImage ? Prisma.sql`g.status = 'SUCCEEDED'` : Prisma.sql`g.status <> 'SUCCEEDED'`);
  }
  if (filter.sweepId != null) {
    const cells = Prisma.sql`select generation_id from sweep_cell where sweep_id = ${filter.sweepId}::uuid`;
    // An array, not a join: a join may be planned as a reading of every month.
    conditions.push(Prisma.sql`g.id = any (array(${cells}))`);
  }
  const { rating, costMicros: cost, runMs, totalMs } = filter;
  if (rating != null) conditions.push(...within(Prisma.sql`g.rating`, rating, 1));
  if (cost != null) conditions.push(...within(costMicros, cost, 1));
  if (runMs != null) conditions.push(...within(runMicros, runMs, 1_000));
  if (totalMs != null) conditions.push(...within(totalMicros, totalMs, 1_000));
  return conditions;
}

/** Only what has the value that the list is ordered by. */
export function orderConditions(orderBy: ListOrder): Prisma.Sql[] {
  const { value } = listOrders[orderBy];
  return value === null || value === 'rank' ? [] : [orderValues[value].present];
}

/** `scale` turns the range's unit into the value's, whose fractions count to the unit they lie in. */
function within(value: Prisma.Sql, { from, to }: Range, scale: number): Prisma.Sql[] {
  const conditions = [Prisma.sql`${value} is not null`];
  if (from != null) conditions.push(Prisma.sql`${value} >= ${BigInt(from) * BigInt(scale)}::bigint`);
  if (to != null) conditions.push(Prisma.sql`${value} < ${(BigInt(to) + 1n) * BigInt(scale)}::bigint`);
  return conditions;
}

/** A single value is compared by itself: then an index that begins with it still gives the order of ids. */
function among(column: string, values: readonly string[], type: string): Prisma.Sql {
  const [only] = values;
  return values.length === 1
    ? Prisma.sql`g.${Prisma.raw(column)} = ${only}::${Prisma.raw(type)}`
    : Prisma.sql`g.${Prisma.raw(column)} = any (${[...values]}::${Prisma.raw(type)}[])`;
}
