import { z } from 'zod';
import { controlKinds } from '../domain/lifecycle.js';
import { finetuneKinds, imageInputNames, parameterNames, type Model } from '../domain/model.js';

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

const model = z.strictObject({
  id: z.string().regex(/^[a-z0-9-]+\/[\w.-]+$/),
  name: z.string().min(1),
  control: z.enum(controlKinds),
  finetune: z.enum(finetuneKinds),
  images: z.partialRecord(z.enum(imageInputNames), z.strictObject({ required: z.boolean() })),
  priceMicros: whole.min(0).nullable(),
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

/** The models of one provider's file; throws a ZodError when it is not in the form above. */
export function readModels(content: unknown): Model[] {
  const { provider, models } = file.parse(content);
  return models.map((each) => Object.assign(each, { provider }));
}
