import type { Generation } from '../domain/generation.js';
import { parameterNames, type ParameterName, type ParameterValue, type ParameterValues } from '../domain/model.js';
import type { Generation as GenerationRow } from './generated/client.js';
import { readRoutes } from './kept-routes.js';

/** Parameters as they were kept; a name that this version does not know is left out. */
export function readParameters(kept: unknown): ParameterValues {
  if (typeof kept !== 'object' || kept === null) throw new Error('Kept parameters must be an object.');
  const given: Partial<Record<ParameterName, unknown>> = kept;
  const values: Partial<Record<ParameterName, ParameterValue>> = {};
  for (const name of parameterNames) {
    const value = given[name];
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') values[name] = value;
    else if (value !== undefined) throw new Error(`The kept parameter ${name} is of no known kind.`);
  }
  return values;
}

/** Micro-USD as the database gives them. */
export function micros(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}

export function toGeneration({ erasedImages: _images, ...row }: GenerationRow): Generation {
  return {
    ...row,
    parameters: readParameters(row.parameters),
    routes: readRoutes(row.routes),
    asked: row.asked === null ? null : readParameters(row.asked),
    resultSeed: micros(row.resultSeed),
    costEstimatedMicros: micros(row.costEstimatedMicros),
    costReserveMicros: micros(row.costReserveMicros),
    costQuotedMicros: micros(row.costQuotedMicros),
    costSettledMicros: micros(row.costSettledMicros),
  };
}
