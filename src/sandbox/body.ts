import { sha256 } from './random.js';

/** A body as it came, and as JSON if it is any. */
export type Body = { ok: true; bytes: Buffer; json: unknown } | { ok: false; bytes: Buffer };

/** Reads a body as JSON, whatever its content type says. */
export function parseBody(body: unknown): Body {
  const bytes = Buffer.isBuffer(body) ? body : Buffer.alloc(0);
  try {
    return { ok: true, bytes, json: JSON.parse(bytes.toString('utf8')) };
  } catch {
    return { ok: false, bytes };
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The field `prompt` of a parsed body, whether the rest is valid or not. */
export function promptIn(json: unknown): string | null {
  return isRecord(json) && typeof json['prompt'] === 'string' ? json['prompt'] : null;
}

/** What makes two bodies the same request: all but the webhook fields, which differ at every try. */
export function fingerprintOf(body: Body): string {
  if (!body.ok || !isRecord(body.json)) return sha256(body.bytes);
  const fields = Object.entries(body.json);
  const asked = fields.filter(([name]) => !name.startsWith('webhook'));
  return asked.length === fields.length ? sha256(body.bytes) : sha256(JSON.stringify(Object.fromEntries(asked)));
}
