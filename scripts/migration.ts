// Writes a new migration: the SQL that leads from the schema as the newest migration left it to prisma/schema.prisma.
// Usage: npm run migration -- <name>
// Each migration keeps the schema it leads to beside its SQL. What Prisma cannot say (partitions, checks, partial indexes)
// is added to the SQL by hand before it is first applied.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Pool } from 'pg';
import { createLogger } from '../src/logger.js';
import { startEmbeddedPostgres } from '../src/store/embedded.js';
import { migrationsFolder } from '../src/store/migrations-folder.js';
import { openSchemaEngine } from '../src/store/schema-engine.js';

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: 'string', default: migrationsFolder } },
});

try {
  console.log(await writeMigration(values.folder, positionals[0]));
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function writeMigration(folder: string, name: string | undefined): Promise<string> {
  if (name === undefined || !/^[a-z0-9_]+$/.test(name)) {
    throw new Error('Usage: npm run migration -- <name>, of a-z, 0-9 and _');
  }
  const schema = await readFile(join(folder, '..', 'schema.prisma'), 'utf8');
  const sql = await diff(await newestSchema(folder), schema);
  if (sql.includes('This is an empty migration')) return 'prisma/schema.prisma has not changed: nothing to migrate.';

  const stamp = new Date().toISOString().replaceAll(/\D/g, '').slice(0, 14);
  const target = join(folder, `${stamp}_${name}`);
  await mkdir(target);
  await writeFile(join(target, 'migration.sql'), sql);
  await writeFile(join(target, 'schema.prisma'), schema);
  return `${sql}\nWritten to ${target}. Look it over, and add by hand what Prisma cannot say.`;
}

/** The schema the newest migration leads to, or none where there is no migration yet. */
async function newestSchema(folder: string): Promise<string | null> {
  const entries = await readdir(folder, { withFileTypes: true });
  const newest = entries
    .flatMap((entry) => (entry.isDirectory() ? [entry.name] : []))
    .toSorted()
    .at(-1);
  if (newest === undefined) return null;
  const path = join(folder, newest, 'schema.prisma');
  return readFile(path, 'utf8').catch(() => {
    throw new Error(`${path} is missing: it must be prisma/schema.prisma as it was when that migration was written.`);
  });
}

async function diff(from: string | null, to: string): Promise<string> {
  // The engine compares two texts, yet insists on a server to ask for its version: one for the moment.
  const dataFolder = await mkdtemp(join(tmpdir(), 'darkroom-migration-'));
  const server = await startEmbeddedPostgres({ dataFolder, logger: createLogger('warn'), settings: { fsync: 'off' } });
  const pool = new Pool({ connectionString: server.url });
  try {
    const engine = await openSchemaEngine(pool);
    const { stdout } = await engine.diff({
      from: from === null ? { tag: 'empty' } : datamodel(from),
      to: datamodel(to),
      script: true,
      exitCode: null,
      filters: { externalTables: [], externalEnums: [] },
    });
    return stdout ?? '';
  } finally {
    await pool.end();
    await server.stop();
    await rm(dataFolder, { recursive: true });
  }
}

function datamodel(content: string): { tag: 'schemaDatamodel'; files: { path: string; content: string }[] } {
  return { tag: 'schemaDatamodel', files: [{ path: 'schema.prisma', content }] };
}
