import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { DarkroomError } from '../errors.js';
import { checkModel, partsSchema, type CatalogueModel, type ModelPart } from './read-models.js';

/** An operator's own additions and corrections; throws an error that names the file and the field. */
export function readModelsFile(path: string): ModelPart[] {
  try {
    return partsSchema.parse(JSON.parse(readFileSync(path, 'utf8'))).models;
  } catch (error) {
    throw wrong(path, error);
  }
}

/**
 * The catalogue with an operator's file laid over it: an entry replaces the fields it has of the model of its id, a lifecycle,
 * parameter or image field by field (null takes a parameter or an image away); an id that is new needs a whole entry.
 */
export function overlay(
  models: readonly CatalogueModel[],
  parts: readonly ModelPart[],
  path: string,
): CatalogueModel[] {
  const merged = new Map(models.map((model) => [model.id, model]));
  for (const part of parts) {
    const known = merged.get(part.id);
    try {
      const model = checkModel(known === undefined ? part : mergeModel(known, part));
      const said = part.lifecycle?.status !== undefined || known?.statusByOperator === true;
      merged.set(part.id, said ? { ...model, statusByOperator: true } : model);
    } catch (error) {
      throw wrong(path, error, known === undefined ? `${part.id} (unknown so far, so it has to be whole)` : part.id);
    }
  }
  return [...merged.values()];
}

function mergeModel(model: CatalogueModel, part: ModelPart): unknown {
  const { provider: _provider, statusByOperator: _said, prices, ...known } = model;
  return {
    ...known,
    priceMicros: prices.map(({ from, micros, per }) => ({ from: from?.toISOString() ?? null, micros, per })),
    ...part,
    lifecycle: { ...known.lifecycle, ...part.lifecycle },
    parameters: present({ ...known.parameters, ...part.parameters }),
    images: present({ ...known.images, ...part.images }),
  };
}

function present(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null));
}

function wrong(path: string, error: unknown, which?: string): DarkroomError {
  const of = which === undefined ? '' : `, ${which}`;
  const problems =
    error instanceof z.ZodError
      ? error.issues.map(({ path: at, message }) => `${at.join('.') || 'the whole'}: ${message}`).join('; ')
      : String(error instanceof Error ? error.message : error);
  return new DarkroomError('BAD_REQUEST', `MODELS_FILE ${path}${of}: ${problems}`, { cause: error });
}
