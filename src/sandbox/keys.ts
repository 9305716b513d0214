import type { FastifyRequest } from 'fastify';
import { maskKey } from './witness.js';
import type { World } from './world.js';

/** The key in an `Authorization` header of this scheme (`Bearer`, `Key`), or null. */
export function authorization(request: FastifyRequest, scheme: string): string | null {
  const [given, key] = (request.headers.authorization ?? '').split(' ');
  return given?.toLowerCase() === scheme.toLowerCase() && key !== undefined && key !== '' ? key : null;
}

/** Whose key this is, as tasks and logs name it; null when it is none that is accepted. */
export function ownerOf({ settings }: Pick<World, 'settings'>, key: string | null): string | null {
  if (key === null || !(settings.keys?.includes(key) ?? true)) return null;
  return maskKey(key);
}
