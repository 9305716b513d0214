import { z } from 'zod';

const text = z.string().nullable().catch(null);
const address = z
  .union([z.string(), z.object({ url: z.string() }).transform(({ url }) => url)])
  .nullable()
  .catch(null);
const fields = z.object({
  type: text,
  text,
  refusal: text,
  /** Base64, or what a gateway puts in its place. */
  result: text,
  b64_json: text,
  image_base64: text,
  image_url: address,
  url: text,
  error: z
    .looseObject({ code: text, message: text })
    .transform(({ code, message }) => `${code ?? ''} ${message ?? ''}`.trim())
    .nullable()
    .catch(null),
});
/** One piece of an answer: an output item, or a part of a message's content. */
export type Part = z.infer<typeof fields>;

const list = z.array(z.looseObject({})).catch([]);
const empty = fields.parse({});

/** All pieces, in the order in which they stand. `data` is what OpenAI's older images form has. */
export function partsOf(answer: Record<string, unknown>): Part[] {
  const items = [...list.parse(answer['output']), ...list.parse(answer['data'])];
  const parts = items.flatMap((item) => [item].concat(list.parse(item['content'])).map((part) => fields.parse(part)));
  const whole = text.parse(answer['output_text']);
  return whole === null ? parts : [...parts, { ...empty, text: whole }];
}

export function textOf(parts: readonly Part[]): string {
  return parts.flatMap((part) => part.text ?? []).join(' ');
}
