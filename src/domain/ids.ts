import { createHash, randomFillSync } from 'node:crypto';
import { v7 as uuidv7 } from 'uuid';

/** The prefixes of Darkroom's public ids: a UUIDv7 behind a word that says what it is, e.g. `gen_0199…`. */
export const idPrefixes = {
  Generation: 'gen',
  FinetuneProfile: 'prf',
  Image: 'img',
  Project: 'prj',
  Sweep: 'swp',
  Replay: 'rpl',
  Budget: 'bdg',
  Erasure: 'ers',
  Export: 'exp',
} as const;
export type NodeType = keyof typeof idPrefixes;

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

const idBytes = 16;
/** Random bytes for many ids: fetched for each alone they cost five times the rest. */
const pool = new Uint8Array(256 * idBytes);
let used = pool.length;
let madeAt = 0;
/** Tells ids of the same millisecond apart, and keeps them in order. */
let sequence = 0;

/** A new key: a UUIDv7, in the order of time. */
export function newId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + idBytes);
  used += idBytes;
  const now = Date.now();
  if (now > madeAt) {
    madeAt = now;
    // 31 random bits of the 32 that there are, so that counting up never overflows.
    sequence = new DataView(random.buffer, random.byteOffset).getUint32(0) >>> 1;
  } else {
    sequence += 1;
  }
  return uuidv7({ msecs: madeAt, seq: sequence, random });
}

export function publicId(type: NodeType, id: string): string {
  return `${idPrefixes[type]}_${id}`;
}

/** The key behind a public id, or null when it is not one of `type`. */
export function keyOf(type: NodeType, publicIdText: string): string | null {
  const prefix = `${idPrefixes[type]}_`;
  if (!publicIdText.startsWith(prefix)) return null;
  const key = publicIdText.slice(prefix.length).toLowerCase();
  return uuid.test(key) ? key : null;
}

/** What a public id names, or null for anything that is no id of ours. */
export function parsePublicId(text: string): { type: NodeType; key: string } | null {
  // Object.keys is typed as string[]; these are exactly the table's keys.
  for (const type of Object.keys(idPrefixes) as NodeType[]) {
    const key = keyOf(type, text);
    if (key !== null) return { type, key };
  }
  return null;
}

/** Names one attempt in maps and batches. */
export function attemptKey({ generationId, n }: { generationId: string; n: number }): string {
  return `${generationId} ${n}`;
}

/** A UUID (version 8) that only this attempt has, the same whenever it is asked for. */
export function attemptUuid(ref: { generationId: string; n: number }): string {
  const digits = createHash('sha256').update(attemptKey(ref)).digest('hex');
  const variant = ((Number.parseInt(digits.charAt(16), 16) & 3) | 8).toString(16);
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `8${digits.slice(13, 16)}`,
    `${variant}${digits.slice(17, 20)}`,
    digits.slice(20, 32),
  ].join('-');
}

/** When a UUIDv7 was made, to the millisecond. */
export function timeOfId(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16));
}

/** The smallest UUID that a UUIDv7 made at `at` can be: the bound of a time range. */
export function lowestIdAt(at: Date): string {
  const hex = Math.max(0, at.getTime()).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-0000-0000-000000000000`;
}

/** When a UUIDv7 was made: the time by which ranges of time find it. */
export function timeOf(id: string): Date {
  return new Date(Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16));
}
