import { z } from 'zod';
import type { Standings } from '../domain/standings.js';
import { toleratedMicros, toleratedShare } from '../domain/price.js';
import { routingPreferences, type RoutingPolicy, type RoutingPreference } from '../domain/rank.js';
import type { AccountFault, Health, Retirement } from '../domain/standing.js';
import type { Database } from './database.js';

/** What is concluded of models and accounts comes from so many of the newest attempts, and none older than this. */
const newestAttempts = 5_000;
const newestHours = 24;

const retirementSchema = z.object({
  account: z.string(),
  model: z.string(),
  message: z.string(),
  first_at: z.date(),
  counts: z.boolean(),
});

function toRetirement({ account, model, message, first_at, counts }: z.infer<typeof retirementSchema>): Retirement {
  return { account, model, message, since: counts ? first_at : null };
}

const recentSchema = z.array(
  z.object({
    account: z.string(),
    model: z.string(),
    code: z.string().nullable(),
    count: z.number(),
    succeeded: z.number(),
    counted: z.number(),
    settled: z.number(),
    differed: z.number(),
    difference: z.number(),
    first_at: z.date(),
    last_at: z.date(),
  }),
);

// Object.keys is typed as string[]; these are exactly the table's keys.
const preferences = Object.keys(routingPreferences) as RoutingPreference[];
const policySchema = z.object({ prefer: z.enum(preferences), providers: z.array(z.string()) });

export function createStandings(database: Database): Standings {
  const { prisma } = database;
  return {
    async retirements() {
      const rows = await prisma.$queryRaw`
        select account, model, message, first_at, refusals >= needed as counts from model_retirement`;
      return z.array(retirementSchema).parse(rows).map(toRetirement);
    },
    async noteRetired({ account, model, message, needed }) {
      const rows = await prisma.$queryRaw`
        insert into model_retirement as known (account, model, message, needed)
        values (${account}, ${model}, ${message}, ${needed}::integer)
        on conflict (account, model) do update set refusals = known.refusals + 1, message = excluded.message
        returning account, model, message, first_at, refusals >= needed as counts`;
      const [row] = z.array(retirementSchema).parse(rows);
      if (row === undefined) throw new Error('A retirement was not kept.');
      return toRetirement(row);
    },
    async clearRetired(account, model) {
      const changed = await prisma.$executeRaw`
        delete from model_retirement where model = ${model} and account = coalesce(${account}, account)`;
      return changed > 0;
    },
    async recent() {
      // The newest by the order of the primary key: nothing else is read, however long the history.
      const rows = await prisma.$queryRaw`
        select account, model, error_code as code, count(*)::integer as count,
               (count(*) filter (where state = 'DONE' and error_code is null))::integer as succeeded,
               (count(*) filter (where state = 'DONE' or state = 'LOST' or error_code = 'MODEL_RETIRED_UPSTREAM'))::integer
                 as counted,
               (count(difference))::integer as settled, (count(*) filter (where differs))::integer as differed,
               coalesce(sum(difference) filter (where differs), 0)::float8 as difference,
               min(intended_at) as first_at, max(finished_at) as last_at
        from (
          select account, model, state, error_code, intended_at, finished_at,
                 cost_settled_micros - cost_list_micros as difference,
                 abs(cost_settled_micros - cost_list_micros)
                   > greatest(${toleratedMicros}::float8, cost_list_micros * ${toleratedShare}::float8) as differs
          from attempt order by generation_id desc limit ${newestAttempts}
        ) newest
        where finished_at > now() - ${newestHours} * interval '1 hour' group by account, model, error_code`;
      const recent = recentSchema.parse(rows);
      return { health: healthOf(recent), faults: faultsOf(recent) };
    },
    async policies() {
      const rows = await prisma.$queryRaw`select id::text, routing from project where routing is not null`;
      const parsed = z.array(z.object({ id: z.string(), routing: policySchema })).parse(rows);
      return new Map(parsed.map(({ id, routing }) => [id, routing]));
    },
    async setPolicy(projectId, policy: RoutingPolicy) {
      const { prefer, providers } = policy;
      await prisma.project.update({
        where: { id: projectId },
        data: { routing: { prefer, providers: [...providers] } },
      });
    },
  };
}

function healthOf(rows: z.infer<typeof recentSchema>): Health[] {
  return [...Map.groupBy(rows, ({ account, model }) => `${account} ${model}`).values()].flatMap((of) => {
    const [first] = of;
    const attempts = of.reduce((sum, { counted }) => sum + counted, 0);
    if (first === undefined || attempts === 0) return [];
    const { account, model } = first;
    const succeeded = of.reduce((sum, row) => sum + row.succeeded, 0);
    const since = new Date(Math.min(...of.map(({ first_at }) => first_at.getTime())));
    const total = (key: 'settled' | 'differed' | 'difference'): number => of.reduce((sum, row) => sum + row[key], 0);
    const prices = { settled: total('settled'), differed: total('differed'), differenceMicros: total('difference') };
    return [{ account, model, attempts, succeeded, since, prices }];
  });
}

function faultsOf(rows: z.infer<typeof recentSchema>): AccountFault[] {
  const faulty = rows.flatMap(({ code, ...rest }) => (code === null ? [] : [{ ...rest, code }]));
  return [...Map.groupBy(faulty, ({ account, code }) => `${account} ${code}`).values()].flatMap((of) => {
    const [first] = of;
    if (first === undefined) return [];
    const lastAt = new Date(Math.max(...of.map(({ last_at }) => last_at.getTime())));
    return [{ account: first.account, code: first.code, count: of.reduce((sum, { count }) => sum + count, 0), lastAt }];
  });
}
