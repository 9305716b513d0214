import { createHash } from 'node:crypto';
import type { Generation, RequestKey } from '../domain/generation.js';
import type { History, Idempotency, Viewer } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked, type Refusal } from '../domain/refusal.js';
import { checkText } from '../domain/text.js';

/** Characters of a key. */
export const idempotencyKeyBound = 200;

/** `path`: where the key lies. */
export function checkIdempotencyKey(key: string | null, path: readonly string[] = ['input']): Refusal[] {
  if (key === null) return [];
  return checkText(key, [...path, 'idempotencyKey'], {
    minimum: 1,
    maximum: idempotencyKeyBound,
    what: 'The idempotency key',
  });
}

/** A caller's key for a request, with a fingerprint of all that was asked. */
export function requestKeyOf(viewer: Viewer, key: string | null, request: unknown): RequestKey | null {
  if (key === null) return null;
  return { subject: viewer.keyId, key, requestHash: fingerprint(request) };
}

/** What the same key stood for before: the same generation, or a refusal. Null: it is new. */
export async function findRepeated(
  parts: { idempotency: Idempotency; history: Pick<History, 'generation'> },
  viewer: Viewer,
  request: RequestKey,
  path: readonly string[] = ['input'],
): Promise<Checked<Generation> | null> {
  const read = async (id: string): Promise<Generation | null> => await parts.history.generation(viewer.projectId, id);
  return await findKept(parts.idempotency, viewer, { ...request, path }, read);
}

/** The same of whatever a key may stand for; `read` finds it by its id. */
export async function findKept<T>(
  idempotency: Idempotency,
  viewer: Viewer,
  request: RequestKey & { path: readonly string[] },
  read: (id: string) => Promise<T | null>,
): Promise<Checked<T> | null> {
  const path = [...request.path, 'idempotencyKey'];
  const known = await idempotency.find(viewer.projectId, request);
  if (known === null) return null;
  if (known.requestHash.length === 0) {
    const message = 'What this idempotency key stood for has been erased; use a new one.';
    return refused(refusal('CONFLICT', path, message, { given: request.key }));
  }
  if (!known.requestHash.equals(request.requestHash)) {
    const message = 'This idempotency key was used for another request within the last 24 hours; use a new one.';
    return refused(refusal('CONFLICT', path, message, { given: request.key }));
  }
  const kept = await read(known.generationId);
  if (kept !== null) return accepted(kept);
  return refused(refusal('CONFLICT', path, 'What this idempotency key stood for is gone.', { given: request.key }));
}

/** SHA-256 of a value, whatever the order of its keys; what is null or left out does not count. */
function fingerprint(value: unknown): Buffer {
  const hash = createHash('sha256');
  feed(value);
  return hash.digest();

  // Fed piece by piece: a request may hold an image of 20 MiB as text, which need not be written a second time.
  function feed(part: unknown): void {
    if (Array.isArray(part)) {
      hash.update(`[${part.length}]`);
      part.forEach(feed);
    } else if (typeof part === 'object' && part !== null) {
      const entries = Object.entries(part).filter(([, each]) => each !== null && each !== undefined);
      hash.update(`{${entries.length}}`);
      for (const [name, each] of entries.toSorted(([a], [b]) => (a < b ? -1 : 1))) {
        feed(name);
        feed(each);
      }
    } else {
      const text = String(part);
      hash.update(`${typeof part}${text.length}:`).update(text);
    }
  }
}
