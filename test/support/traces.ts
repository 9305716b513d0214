import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Row } from './darkroom.js';

type Sql = (text: string, ...values: unknown[]) => Promise<Row[]>;

/**
 * The tables whose rows hold a text anywhere, each row looked through whole: as text, and in the hexadecimal digits in which
 * Postgres shows bytes. Every table of the database is read, whoever made it, partitions and what is no longer one included.
 */
export async function tablesWith(sql: Sql, text: string): Promise<string[]> {
  const tables = await sql(`
    select format('%I.%I', n.nspname, c.relname) as name
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'm') and n.nspname not in ('pg_catalog', 'information_schema')
      and n.nspname not like 'pg_toast%' and c.relpersistence = 'p' order by 1`);
  const hex = Buffer.from(text).toString('hex');
  const found: string[] = [];
  for (const { name } of tables) {
    // A row as text doubles backslashes and quotes only, which no text looked for here has.
    const [row] = await sql(
      `select count(*)::int as n from ${String(name)} t where lower(t::text) like $1 or t::text like $2`,
      `%${text.toLowerCase()}%`,
      `%${hex}%`,
    );
    if (row?.['n'] !== 0) found.push(String(name));
  }
  return found;
}

export type StoredFile = { path: string; sha256: string; bytes: Buffer };

/** Every file in a folder and below. */
export async function filesBelow(folder: string): Promise<StoredFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  return await Promise.all(
    files.map(async (path) => {
      const bytes = await readFile(path);
      return { path, bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
    }),
  );
}
