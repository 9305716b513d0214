import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { MigrationList } from '@prisma/schema-engine-wasm/schema_engine_bg';

/** src/store and dist/store lie equally deep. */
export const migrationsFolder = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

const LOCK_FILE = 'migration_lock.toml';

/** The migrations of this version, oldest first, as Prisma's schema engine wants them. */
export async function readMigrations(folder: string): Promise<MigrationList> {
  const entries = await readdir(folder, { withFileTypes: true });
  const names = entries.flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])).toSorted();
  const lock = await readFile(join(folder, LOCK_FILE), 'utf8').catch(() => null);
  return {
    baseDir: folder,
    lockfile: { path: LOCK_FILE, content: lock },
    shadowDbInitScript: '',
    migrationDirectories: await Promise.all(
      names.map(async (path) => {
        const value = await readFile(join(folder, path, 'migration.sql'), 'utf8');
        return { path, migrationFile: { path: 'migration.sql', content: { tag: 'ok' as const, value } } };
      }),
    ),
  };
}
