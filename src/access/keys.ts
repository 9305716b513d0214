import { hash, randomBytes } from 'node:crypto';
import type { Viewer } from '../domain/ports.js';
import { DarkroomError } from '../errors.js';

/** A key that was found is trusted for so long before the database is asked again: a revoked one works no longer. */
const trustMs = 10_000;
const rememberedAtMost = 10_000;

/** Makes an API key: 256 random bits behind a prefix that leak scanners can look for. */
export function newApiKey(): string {
  return `dk_${randomBytes(32).toString('base64url')}`;
}

/** Only this is kept of a key. A fast hash is enough: the key has 256 random bits. */
export function hashApiKey(key: string): Buffer {
  return hash('sha256', key, 'buffer');
}

/** The viewer of an `Authorization` header; null without one. An unknown, revoked or malformed credential is an error. */
export type Authenticate = (authorization: string | undefined) => Promise<Viewer | null>;

export function createAuthenticate(findKey: (hash: Buffer) => Promise<Viewer | null>): Authenticate {
  const remembered = new Map<string, { viewer: Viewer; until: number }>();

  return async (authorization) => {
    if (authorization === undefined || authorization === '') return null;
    const key = /^Bearer\s+(\S+)$/i.exec(authorization.trim())?.[1];
    if (key === undefined) throw new DarkroomError('UNAUTHENTICATED', 'Authorization must be `Bearer <API key>`.');
    // In one go to text: this happens on every request.
    const name = hash('sha256', key, 'base64');
    const known = remembered.get(name);
    if (known !== undefined && known.until > Date.now()) return known.viewer;
    const viewer = await findKey(hashApiKey(key));
    if (viewer === null) {
      remembered.delete(name);
      throw new DarkroomError('UNAUTHENTICATED', 'This API key is unknown or revoked.');
    }
    if (remembered.size >= rememberedAtMost) remembered.clear();
    remembered.set(name, { viewer, until: Date.now() + trustMs });
    return viewer;
  };
}
