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
): Promise<{ id: string }> {
  await database.prisma.project.createMany({ data: [project], skipDuplicates: true });
  return await database.prisma.project.findUniqueOrThrow({ where: { slug: project.slug }, select: { id: true } });
}

/** Whether a project ever had a key. */
export async function hasKeys(database: Database, projectId: string): Promise<boolean> {
  return (await database.prisma.apiKey.findFirst({ where: { projectId }, select: { id: true } })) !== null;
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
