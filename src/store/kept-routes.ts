import { z } from 'zod';
import { parameterNames } from '../domain/model.js';
import { wishSources, type PlannedRoute } from '../domain/planned-route.js';

const value = z.union([z.string(), z.number(), z.boolean()]);

const adjustment = z.object({
  parameter: z.enum(parameterNames),
  asked: value,
  sent: value.nullable(),
  source: z.enum(wishSources),
  reason: z.string(),
});

const way = z.object({
  finetuneId: z.string().nullable(),
  loraUrl: z.string().nullable(),
  triggerWord: z.string().nullable(),
  parameters: z.partialRecord(z.enum(parameterNames), value),
  adjustments: z.array(adjustment),
  pixels: z.number().nullable(),
  priceMicros: z.number().nullable(),
  // Older ones have none.
  reserveMicros: z.number().nullable().default(null),
});

const route = z.object({
  provider: z.string(),
  model: z.string(),
  account: z.string(),
  way: way.nullable(),
  reason: z.object({ code: z.string(), message: z.string() }).nullable(),
  timesLeft: z.number(),
});

const routes = z.array(route).nullable();

/** A plan as it was kept with its generation. */
export function readRoutes(kept: unknown): PlannedRoute[] | null {
  return kept === null ? null : routes.parse(kept);
}
