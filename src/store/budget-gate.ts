import { z } from 'zod';
import {
  createJudge,
  isShortfall,
  judgeWhole,
  monthOf,
  type Asking,
  type BudgetState,
  type Shortfall,
} from '../domain/budget.js';
import type { Generation, NewGeneration } from '../domain/generation.js';
import { timeOfId } from '../domain/ids.js';
import { insertGenerations } from './accept.js';
import type { Database, Transaction } from './database.js';

const amount = z.bigint().transform(Number);
const openSchema = z.array(
  z.object({
    id: z.string(),
    project_id: z.string(),
    month: z.date(),
    profile_id: z.string().nullable(),
    limit_micros: amount,
    unknown_price_micros: amount.nullable(),
    reserved_micros: amount,
    uncertain_micros: amount,
    spent_micros: amount,
  }),
);

type Row = Pick<NewGeneration, 'id' | 'projectId'>;

/** The budgets of these rows' projects and months, which nobody else can change until the transaction ends. */
async function openBudgets(tx: Transaction, rows: readonly Row[]): Promise<BudgetState[]> {
  const answer = await tx.$queryRaw`
    select * from budget_open(${rows.map(({ projectId }) => projectId)}::uuid[], ${rows.map(({ id }) => id)}::uuid[])`;
  return openSchema.parse(answer).map((row) => ({
    budget: {
      id: row.id,
      projectId: row.project_id,
      profileId: row.profile_id,
      limitMicros: row.limit_micros,
      unknownPriceMicros: row.unknown_price_micros,
    },
    month: row.month,
    reservedMicros: row.reserved_micros,
    uncertainMicros: row.uncertain_micros,
    spentMicros: row.spent_micros,
  }));
}

const monthOfRow = ({ id }: Pick<NewGeneration, 'id'>): Date => monthOf(timeOfId(id));
const withMonth = (row: Asking): { row: Asking; month: Date } => ({ row, month: monthOfRow(row) });

/**
 * Accepts what fits in the budgets, each row by itself; triggers count what was written. Without budgets everything is accepted.
 */
export async function acceptWithin(
  database: Database,
  rows: readonly NewGeneration[],
): Promise<{ results: (Generation | Shortfall | null)[]; budgets: BudgetState[] }> {
  return await database.transaction(async (tx) => {
    const budgets = await openBudgets(tx, rows);
    const { judge } = createJudge(budgets);
    const judged = rows.map((row) => {
      const verdict = judge(row, monthOfRow(row));
      return isShortfall(verdict) ? verdict : { ...row, ...verdict };
    });
    const fitting = judged.flatMap((each) => (isShortfall(each) ? [] : [each]));
    const written = fitting.length === 0 ? [] : await insertGenerations(asking(tx), fitting, { judged: true });
    const byId = new Map(fitting.map(({ id }, n) => [id, written[n] ?? null]));
    const results = judged.map((each) => (isShortfall(each) ? each : asWritten(byId.get(each.id) ?? null)));
    return { results, budgets };
  });
}

/**
 * Accepts all of these in a transaction, or says which budget is too small for them. Before it nothing may be locked that
 * somebody needs who holds a budget: no idempotency key.
 */
export async function acceptWhole(
  tx: Transaction,
  rows: readonly NewGeneration[],
): Promise<{ accept: () => Promise<void> } | Shortfall> {
  const judged = judgeWhole(await openBudgets(tx, rows), rows.map(withMonth));
  if (isShortfall(judged)) return judged;
  const fitting = rows.map((row, n) => ({ ...row, ...judged[n] }));
  return { accept: async () => void (await insertGenerations(asking(tx), fitting, { judged: true })) };
}

/** What each of these is to reserve, all or none, and whether there is a budget at all. */
export async function judgeAll(
  tx: Transaction,
  rows: readonly Asking[],
): Promise<{ reserves: number[]; budgeted: boolean } | { short: Shortfall }> {
  const budgets = await openBudgets(tx, rows);
  const judged = judgeWhole(budgets, rows.map(withMonth));
  if (isShortfall(judged)) return { short: judged };
  const reserves = judged.map(({ costReserveMicros }) => costReserveMicros ?? 0);
  return { reserves, budgeted: budgets.length > 0 };
}

/** Whether one more submit of a generation fits; holds its budgets until the transaction ends. */
export async function findShortfall(tx: Transaction, generation: Asking): Promise<Shortfall | null> {
  const { judge } = createJudge(await openBudgets(tx, [generation]));
  const verdict = judge(generation, monthOfRow(generation));
  return isShortfall(verdict) ? verdict : null;
}

type Ask = Parameters<typeof insertGenerations>[0];

function asking(tx: Transaction): Ask {
  return async (statement) => await tx.$queryRaw(statement);
}

function asWritten(written: Generation | 'budgeted' | null): Generation | null {
  if (written === 'budgeted') throw new Error('What was judged was judged again.');
  return written;
}
