import { z } from 'zod';
import { controlKinds } from '../domain/lifecycle.js';
import { finetuneKinds, imageInputNames, parameterNames, type Model } from '../domain/model.js';
import { priceUnits, type PriceTable } from '../domain/price.js';

const whole = z.int();
const real = z.number();
const rule = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('integer'),
    minimum: whole,
    maximum: whole,
    multipleOf: whole.min(1).exactOptional(),
    special: whole.exactOptional(),
    default: whole.nullable(),
  }),
  z.strictObject({ kind: z.literal('number'), minimum: real, maximum: real, default: real.nullable() }),
  z.strictObject({ kind: z.literal('boolean'), default: z.boolean() }),
  z.strictObject({ kind: z.literal('choice'), values: z.array(z.string()).min(1), default: z.string() }),
  z.strictObject({ kind: z.literal('ratio'), widest: z.string(), tallest: z.string(), default: z.string() }),
]);

const lifecycle = z.strictObject({
  status: z.enum(['ACTIVE', 'DEPRECATED', 'RETIRED']),
  since: z.iso.date().nullable(),
  source: z.string().min(1),
  successor: z.string().nullable(),
});

const micros = whole.min(0).nullable();
const entry = z.strictObject({
  /** A day (from its beginning, UTC) or a moment. */
  from: z.union([z.iso.date(), z.iso.datetime({ offset: true })]).nullable(),
  micros,
  per: z.enum(priceUnits).default('IMAGE'),
});
/** One price of one image, or a list by date, the oldest first. */
const price = z.union([
  micros,
  z
    .array(entry)
    .refine((entries) => isAscending(entries.map(({ from }) => from)), 'from must ascend; only the first may be null'),
]);

function isAscending(moments: readonly (string | null)[]): boolean {
  const times = moments.map((from) => (from === null ? Number.NEGATIVE_INFINITY : Date.parse(from)));
  return times.every((time, n) => n === 0 || time > (times[n - 1] ?? 0));
}

function readPrices(given: z.infer<typeof price>): PriceTable {
  if (given === null) return [];
  if (typeof given === 'number') return [{ from: null, micros: given, per: 'IMAGE' }];
  return given.map((each) => ({ ...each, from: each.from === null ? null : new Date(each.from) }));
}

const model = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+\/[\w.-]+$/),
  name: z.string().min(1),
  control: z.enum(controlKinds),
  finetune: z.enum(finetuneKinds),
  images: z.partialRecord(z.enum(imageInputNames), z.strictObject({ required: z.boolean() })),
  priceMicros: price,
  lifecycle,
  note: z.string().min(1).exactOptional(),
  parameters: z.partialRecord(z.enum(parameterNames), rule),
});

const file = z.strictObject({
  provider: z.string(),
  /** Where the facts of this file come from, and how sure they are. */
  sources: z.array(z.string()),
  models: z.array(model),
});

export type CatalogueModel = Model;

/** Some fields of a model, by its id. */
const part = z.strictObject({
  ...model.partial().shape,
  id: model.shape.id,
  lifecycle: lifecycle.partial().optional(),
  parameters: z.partialRecord(z.enum(parameterNames), rule.nullable()).optional(),
  images: z.partialRecord(z.enum(imageInputNames), z.strictObject({ required: z.boolean() }).nullable()).optional(),
});
export type ModelPart = z.infer<typeof part>;

/** The form of an operator's file: as the files here, with as much of each model as is to be different. */
export const partsSchema = z.strictObject({
  provider: z.string().optional(),
  sources: z.array(z.string()).optional(),
  models: z.array(part),
});

/** The models of one provider's file; throws a ZodError when it is not in the form above. */
export function readModels(content: unknown): Model[] {
  return file.parse(content).models.map(checkModel);
}

/** One whole model, whose provider is the first part of its id; throws a ZodError when it is not in the form above. */
export function checkModel(content: unknown): Model {
  const { priceMicros, ...checked } = model.parse(content);
  return Object.assign(checked, { provider: checked.id.split('/', 1)[0] ?? '', prices: readPrices(priceMicros) });
}
