import { randomInt } from 'node:crypto';
import { z } from 'zod';
import { isRecord } from '../body.js';
import type { GivenImage, Size } from '../images.js';
import { pictureSize, ratioSize } from '../sketching.js';
import type { Checked, Plan } from '../submitting.js';
import { validate, type Complaint, type Values } from '../validate.js';
import type { ReplicateModel } from './models.js';

/** Inputs, outputs and logs are removed after an hour (Replicate documentation). */
const lifetimeMs = 3_600_000;

const eventSchema = z.enum(['start', 'output', 'logs', 'completed']);
const outerSchema = z.strictObject({
  version: z.string().optional(),
  input: z.looseObject({}),
  webhook: z.url({ protocol: /^https?$/ }).optional(),
  webhook_events_filter: z.array(eventSchema).optional(),
  stream: z.boolean().optional(),
});

/** The `input` of a parsed body. */
export function inputOf(json: unknown): unknown {
  return isRecord(json) ? json['input'] : null;
}

/**
 * Checks a body: what stands around the input strictly, the input by the model's fields. `file` gives the data URI of an
 * uploaded file by its address.
 */
export function checkReplicate(model: ReplicateModel, json: unknown, file: (url: string) => string | null): Checked {
  const outer = outerSchema.safeParse(json);
  if (!outer.success) return { ok: false, complaints: outer.error.issues.map(outerComplaint) };
  const { input, webhook, webhook_events_filter: events } = outer.data;
  const given = Object.entries(input).map(([name, value]): [string, unknown] => {
    return [name, typeof value === 'string' ? (file(value) ?? value) : value];
  });
  const checked = validate(model.fields, Object.fromEntries(given), ['input']);
  if (!checked.ok) return checked;
  const asked = { webhook_url: webhook ?? null, webhook_events: events?.join(' ') ?? null };
  return { ...checked, fields: model.fields, values: { ...checked.values, ...asked } };
}

function outerComplaint({ path, message, code, ...issue }: z.core.$ZodIssue): Complaint {
  const loc = path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (code === 'unrecognized_keys' && 'keys' in issue)
    return {
      loc,
      msg: `Additional property ${issue.keys.join(', ')} is not allowed`,
      type: 'additional_property_not_allowed',
    };
  return { loc, msg: message, type: message.endsWith('received undefined') ? 'required' : 'invalid' };
}

function sizeOf(values: Values, control: Size | undefined): Size {
  const share = values['megapixels'] === '0.25' ? 0.25 : 1;
  if (control !== undefined) {
    if (values['megapixels'] === 'match_input') return pictureSize(values, control);
    return ratioSize(control.width / control.height, share * 1_048_576);
  }
  const { width, height } = pictureSize(values, undefined);
  return share === 1 ? { width, height } : ratioSize(width / height, share * 1_048_576);
}

const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

/** What becomes of a validated body. */
export function planReplicate(
  model: ReplicateModel,
  values: Values,
  images: Readonly<Record<string, GivenImage>>,
): Plan {
  const hashes = Object.entries(images).map(([name, { hash }]) => [name, `sha256:${hash}`]);
  return {
    id: Array.from({ length: 26 }, () => letters[randomInt(letters.length)]).join(''),
    cost: model.cost * Number(values['num_outputs'] ?? 1),
    medianMs: model.medianMs,
    lifetimeMs,
    request: { ...values, ...Object.fromEntries(hashes), version: model.version },
    seed: typeof values['seed'] === 'number' ? values['seed'] : null,
    ...sizeOf(values, images['control_image']),
  };
}
