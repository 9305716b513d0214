import { z } from 'zod';
import type { BflEndpoint } from '../bfl/endpoints.js';
import { checkBfl } from '../bfl/submit.js';
import type { Checked } from '../submitting.js';
import type { Complaint, Fields } from '../validate.js';

const partSchema = z.union([
  z.looseObject({ type: z.literal('input_text'), text: z.string() }),
  z.looseObject({ type: z.literal('input_image'), image_url: z.string() }),
]);
const itemSchema = z.looseObject({
  type: z.literal('message').optional(),
  role: z.enum(['user', 'system', 'developer', 'assistant']),
  content: z.union([z.string(), z.array(partSchema)]),
});

/** What of a request to `/v1/responses` means something here; everything else is ignored, as a gateway does. */
const requestSchema = z.looseObject({
  model: z.string(),
  input: z.union([z.string(), z.array(itemSchema)]),
  stream: z.literal(false).nullish(),
});

type Asked = { model: string; prompt: string; image: string | null; ignored: string[] };

/** Reads a parsed body: the users' texts are the prompt, the first image is the control image. */
export function readAsked(json: unknown): Asked | Complaint[] {
  const parsed = requestSchema.safeParse(json);
  if (!parsed.success)
    return parsed.error.issues.map(({ path, message }) => ({ loc: path.map(String), msg: message, type: 'invalid' }));
  const { model, input, stream: _, ...others } = parsed.data;
  const items = typeof input === 'string' ? [{ role: 'user', content: input }] : input;
  const parts = items
    .filter(({ role }) => role === 'user')
    .flatMap(({ content }) =>
      typeof content === 'string' ? [{ type: 'input_text' as const, text: content }] : content,
    );
  const texts = parts.flatMap((part) => (part.type === 'input_text' ? [part.text] : []));
  const images = parts.flatMap((part) => (part.type === 'input_image' ? [part.image_url] : []));
  return { model, prompt: texts.join('\n'), image: images[0] ?? null, ignored: Object.keys(others) };
}

/** The endpoint's fields when no image has to be there: this route has no certain place for one. */
function withoutNeed(fields: Fields): Fields {
  const entries = Object.entries(fields).map(([name, field]): [string, Fields[string]] => {
    if (field.type !== 'image') return [name, field];
    return [name, { type: 'image', nullable: true, orUrl: true, dataUri: 'must' }];
  });
  return Object.fromEntries(entries);
}

/** What was asked for, as a request to the endpoint; there is no place for a finetune, so there is none. */
export function checkResponses(endpoint: BflEndpoint, json: unknown): Checked {
  const asked = readAsked(json);
  if (Array.isArray(asked)) return { ok: false, complaints: asked };
  const { prompt, image, ignored } = asked;
  if (prompt === '')
    return { ok: false, complaints: [{ loc: ['input'], msg: 'No text in the input', type: 'invalid' }] };
  const control = endpoint.kind === 'fill' ? 'image' : endpoint.kind === 'text' ? 'image_prompt' : 'control_image';
  const relaxed = { ...endpoint, fields: withoutNeed(endpoint.fields) };
  const checked = checkBfl(relaxed, { prompt, finetune_id: '', ...(image === null ? {} : { [control]: image }) });
  return checked.ok ? { ...checked, ignored } : checked;
}
