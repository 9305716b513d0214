import { z } from 'zod';
import type { AnswerBody } from './exchange.js';

const object = z.looseObject({});
const text = z.string().trim().min(1);
const complaint = z.object({ loc: z.array(z.union([z.string(), z.number()])).catch([]), msg: text });

/** The JSON object that an answer consists of; null for anything else (HTML, a list, half a document). */
export function readObject(body: AnswerBody): Record<string, unknown> | null {
  if (body.kind !== 'whole') return null;
  try {
    return object.parse(JSON.parse(body.bytes.toString('utf8').replace(/^\uFEFF/, '')));
  } catch {
    return null;
  }
}

/** Why an answer could not be read, for a message. */
export function describeBody(body: AnswerBody): string {
  if (body.kind === 'broken') return `the answer broke off (${body.message})`;
  return body.kind === 'oversized' ? 'the answer is too long' : 'the answer is no JSON object';
}

/**
 * What an error answer says: a `detail` string, a `detail` list of `{loc, msg}` (FastAPI), a `message`, an `error`; in
 * this order. Null when it says nothing readable.
 */
export function findExplanation(answer: unknown): string | null {
  const { detail, message, error } = object.safeParse(answer).data ?? {};
  return explanationIn(detail) ?? text.safeParse(message).data ?? explanationIn(error);
}

function explanationIn(value: unknown): string | null {
  if (Array.isArray(value)) {
    const lines = value.slice(0, 5).map(lineOf);
    return lines.filter((line) => line !== null).join('; ') || null;
  }
  const { message, msg, error } = object.safeParse(value).data ?? {};
  for (const candidate of [value, message, msg, error]) {
    const found = text.safeParse(candidate).data;
    if (found !== undefined) return found;
  }
  return null;
}

function lineOf(item: unknown): string | null {
  const { data } = complaint.safeParse(item);
  if (data === undefined) return text.safeParse(item).data ?? null;
  const path = data.loc[0] === 'body' ? data.loc.slice(1) : data.loc;
  return path.length === 0 ? data.msg : `${path.join('.')}: ${data.msg}`;
}

/**
 * Text from outside on one line of bounded length, without control characters (a database takes no NUL) and without the
 * account's key, should the upstream have echoed it.
 */
export function tidy(raw: string, apiKey: string, maxLength = 500): string {
  const hidden = apiKey === '' ? raw : raw.replaceAll(apiKey, '[key]');
  const line = hidden.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return (line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`).toWellFormed();
}
