import type { Viewer } from '../domain/ports.js';
import type { Database } from './database.js';

/** The viewer behind a key's hash; null when there is no such key or it was revoked. */
export async function findKey(database: Database, hash: Buffer): Promise<Viewer | null> {
  const row = await database.prisma.apiKey.findUnique({
    where: { hash: Uint8Array.from(hash) },
    include: { project: true },
  });
  if (row === null || row.revokedAt !== null) return null;
  const { project } = row;
  return {
    projectId: project.id,
    projectSlug: project.slug,
    projectName: project.name,
    keyId: row.id,
    keyName: row.name,
    operator: row.operator,
  };
}

/** The project of this slug, made when there is none. Several processes may ask at once. */
export async function ensureProject(
  database: Database,
  project: { id: string; slug: string; name: string },
): Promise<{ id: string; made: boolean }> {
  const { count } = await database.prisma.project.createMany({ data: [project], skipDuplicates: true });
  const row = await database.prisma.project.findUniqueOrThrow({ where: { slug: project.slug } });
  return { id: row.id, made: count === 1 };
}

/** Makes a key an operator's. */
export async function promoteKey(database: Database, hash: Buffer): Promise<void> {
  await database.prisma.apiKey.update({ where: { hash: Uint8Array.from(hash) }, data: { operator: true } });
}

export async function addKey(
  database: Database,
  key: { id: string; projectId: string; name: string; hash: Buffer; operator: boolean },
): Promise<void> {
  await database.prisma.apiKey.create({ data: { ...key, hash: Uint8Array.from(key.hash) } });
}
