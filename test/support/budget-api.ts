import { z } from 'zod';
import type { Api, Variables } from './api.js';
import { userErrorSchema, type UserError } from './generations.js';

const budgetSchema = z.object({
  id: z.string(),
  profileId: z.string().nullable(),
  month: z.string(),
  everyMonth: z.boolean(),
  limitMicros: z.number(),
  spentMicros: z.number(),
  reservedMicros: z.number(),
  uncertainMicros: z.number(),
  leftMicros: z.number(),
  unpriced: z.number(),
  unknownPriceMicros: z.number().nullable(),
});
export type BudgetNode = z.infer<typeof budgetSchema>;

const fields = `id profileId month everyMonth limitMicros spentMicros reservedMicros uncertainMicros leftMicros unpriced
  unknownPriceMicros`;
const errors = 'userErrors { code message path minimum maximum given retryable }';

/** Calls setBudget; whatever comes back. */
export async function trySetBudget(
  api: Api,
  input: Variables,
): Promise<{ budget: BudgetNode | null; userErrors: UserError[] }> {
  const shape = z.object({
    payload: z.object({ budget: budgetSchema.nullable(), userErrors: z.array(userErrorSchema) }),
  });
  const document = `mutation ($input: SetBudgetInput!) { payload: setBudget(input: $input) { budget { ${fields} } ${errors} } }`;
  return (await api.ask(shape, document, { input })).payload;
}

export async function setBudget(api: Api, input: Variables): Promise<BudgetNode> {
  const { budget, userErrors } = await trySetBudget(api, input);
  if (budget === null) throw new Error(`Refused: ${JSON.stringify(userErrors)}`);
  return budget;
}

export async function readBudgets(api: Api, variables: Variables = {}): Promise<BudgetNode[]> {
  const shape = z.object({ budgets: z.array(budgetSchema) });
  const document = `query ($month: String, $project: String) { budgets(month: $month, project: $project) { ${fields} } }`;
  return (await api.ask(shape, document, variables)).budgets;
}
