import { listedFields, type ListedField, type ListedGeneration } from '../domain/generation.js';
import { Prisma, type Generation as GenerationRow } from './generated/client.js';
import { micros, readParameters } from './generation-row.js';

/** A row of the columns that were asked for, as the database gives it. */
export type ListedRow = Pick<GenerationRow, 'id'> & Partial<Pick<GenerationRow, ListedField>>;

const columns: Readonly<Record<ListedField, string>> = {
  version: 'version',
  status: 'status::text',
  errorCode: 'error_code as "errorCode"',
  errorMessage: 'error_message as "errorMessage"',
  control: 'control::text',
  profileId: 'profile_id as "profileId"',
  provider: 'provider',
  model: 'model',
  prompt: 'prompt',
  promptSent: 'prompt_sent as "promptSent"',
  parameters: 'parameters',
  resultSeed: 'result_seed as "resultSeed"',
  tags: 'tags',
  rating: 'rating',
  favourite: 'favourite',
  note: 'note',
  costEstimatedMicros: 'cost_estimated_micros as "costEstimatedMicros"',
  costQuotedMicros: 'cost_quoted_micros as "costQuotedMicros"',
  costSettledMicros: 'cost_settled_micros as "costSettledMicros"',
  createdAt: 'created_at as "createdAt"',
  updatedAt: 'updated_at as "updatedAt"',
  startedAt: 'started_at as "startedAt"',
  finishedAt: 'finished_at as "finishedAt"',
};

function columnsOf(fields: readonly ListedField[]): Prisma.Sql {
  return Prisma.raw(['id', ...fields.map((field) => columns[field])].join(', '));
}

/** All of those that lists show. */
export const listedColumns = columnsOf(listedFields);

/** So many choices have statements of their own, as there is room for few that stay prepared; others read all. */
const choicesAtMost = 8;

/** The columns for what is asked for: each one costs more than the finding of its row. The same choice is the same object. */
export function createColumnChoices(): (fields: ReadonlySet<ListedField>) => Prisma.Sql {
  const choices = new Map<string, Prisma.Sql>();
  return (asked) => {
    const fields = listedFields.filter((field) => asked.has(field));
    const name = fields.join();
    const known = choices.get(name);
    if (known !== undefined || choices.size >= choicesAtMost) return known ?? listedColumns;
    const chosen = columnsOf(fields);
    choices.set(name, chosen);
    return chosen;
  };
}

export function toListed(row: ListedRow): ListedGeneration {
  const { parameters, resultSeed, costEstimatedMicros, costQuotedMicros, costSettledMicros, ...rest } = row;
  const listed: ListedGeneration = rest;
  if (parameters !== undefined) listed.parameters = readParameters(parameters);
  if (resultSeed !== undefined) listed.resultSeed = micros(resultSeed);
  if (costEstimatedMicros !== undefined) listed.costEstimatedMicros = micros(costEstimatedMicros);
  if (costQuotedMicros !== undefined) listed.costQuotedMicros = micros(costQuotedMicros);
  if (costSettledMicros !== undefined) listed.costSettledMicros = micros(costSettledMicros);
  return listed;
}
