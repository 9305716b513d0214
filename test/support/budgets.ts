import { expect } from 'vitest';
import type { LedgerBench } from './ledger.js';

export type Money = { reserved: number; uncertain: number; spent: number; unpriced: number };

const none = '00000000-0000-0000-0000-000000000000';

/** What meters must say, worked out from the ledger's rows one by one, and not as the triggers do it. */
async function fromLedger(bench: LedgerBench): Promise<Map<string, Money>> {
  const generations = await bench.sql(`
    select id::text, project_id::text as project, coalesce(profile_id, '${none}')::text as profile, status::text,
           to_char(created_at at time zone 'UTC', 'YYYY-MM') as accepted, left(id::text, 8) || substr(id::text, 10, 4) as at,
           coalesce(cost_reserve_micros, cost_estimated_micros)::float8 as hold from generation`);
  const attempts = await bench.sql(`
    select generation_id::text as id, state::text, cost_micros::float8 as cost, cost_list_micros::float8 as list,
           cost_settled_micros is not null as settled from attempt`);
  const sums = new Map<string, Money>();
  for (const row of generations) {
    const month = new Date(Number.parseInt(String(row['at']), 16)).toISOString().slice(0, 7);
    const money: Money = { reserved: 0, uncertain: 0, spent: 0, unpriced: 0 };
    const add = (to: 'reserved' | 'uncertain' | 'spent', ...amounts: unknown[]): void => {
      const known = amounts.find((amount) => amount !== null);
      if (known === undefined) money.unpriced += 1;
      else money[to] += Number(known);
    };
    if (row['status'] === 'QUEUED') add('reserved', row['hold']);
    for (const { state, cost, list, settled } of attempts.filter(({ id }) => id === row['id'])) {
      if (state === 'INTENDED' || state === 'SENT')
        add(row['status'] === 'SUBMITTING' ? 'reserved' : 'uncertain', row['hold']);
      if (state === 'ACCEPTED') add('reserved', cost, list, row['hold']);
      if (state === 'DONE') add('spent', cost, list, row['hold']);
      if (state === 'LOST') add(settled === true ? 'spent' : 'uncertain', cost, list, row['hold']);
    }
    for (const profile of new Set([none, String(row['profile'])])) {
      const name = `${String(row['project'])} ${month} ${profile}`;
      const sum = sums.get(name) ?? { reserved: 0, uncertain: 0, spent: 0, unpriced: 0 };
      for (const key of ['reserved', 'uncertain', 'spent', 'unpriced'] as const) sum[key] += money[key];
      sums.set(name, sum);
    }
  }
  return sums;
}

/** Every meter says what the ledger comes to; gives them by project, month and profile. */
export async function checkMeters(bench: LedgerBench): Promise<Map<string, Money>> {
  const rows = await bench.sql(`
    select project_id || ' ' || to_char(month, 'YYYY-MM') || ' ' || profile_id as name, reserved_micros::float8 as reserved,
           uncertain_micros::float8 as uncertain, spent_micros::float8 as spent, unpriced from budget_meter where counted`);
  const sums = await fromLedger(bench);
  const meters = new Map<string, Money>();
  for (const { name, reserved, uncertain, spent, unpriced } of rows) {
    const meter = {
      reserved: Number(reserved),
      uncertain: Number(uncertain),
      spent: Number(spent),
      unpriced: Number(unpriced),
    };
    expect({ name, ...meter }).toEqual({
      name,
      ...(sums.get(String(name)) ?? { reserved: 0, uncertain: 0, spent: 0, unpriced: 0 }),
    });
    meters.set(String(name), meter);
  }
  return meters;
}

/** Ends a test that cannot go on. */
export function fail(why: string): never {
  throw new Error(why);
}
