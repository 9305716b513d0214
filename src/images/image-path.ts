import { join } from 'node:path';
import { DarkroomError } from '../errors.js';
import type { ImageKey } from './store.js';

// Lower case only: on a file system that ignores case two spellings would be one file. Nothing that passes can hold a
// separator or begin with a dot, so no path leaves the folder.
const uuid = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const hash = /^[0-9a-f]{64}$/;
const fileName = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** `<folder>/<project>/<ab>/<sha256>`: 256 folders a project keep each one short. Throws BAD_REQUEST on a bad key. */
export function imagePath(folder: string, { projectId, sha256 }: ImageKey): string {
  if (!uuid.test(projectId) || !hash.test(sha256))
    throw new DarkroomError('BAD_REQUEST', 'This is no key of an image.');
  return join(folder, projectId, sha256.slice(0, 2), sha256);
}

/** The folder of what is made from an image, beside it. */
export function derivedFolder(folder: string, key: ImageKey): string {
  return `${imagePath(folder, key)}.d`;
}

/** Throws BAD_REQUEST on a bad key or name. */
export function derivedPath(folder: string, key: ImageKey, name: string): string {
  if (!fileName.test(name)) throw new DarkroomError('BAD_REQUEST', 'This is no name of a file made from an image.');
  return join(derivedFolder(folder, key), name);
}
