import { randomBytes } from 'node:crypto';
import { chown, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DarkroomError } from '../errors.js';
import type { Logger } from '../logger.js';
import { runAs } from './postgres-account.js';
import type { Binaries } from './postgres-binaries.js';
import type { PostgresHome } from './postgres-home.js';

export const SUPERUSER = 'darkroom';

const STAGING = 'postgres.new-';

/** Makes sure that the cluster exists and that we know its password, which it returns. */
export async function ensureCluster(options: {
  home: PostgresHome;
  binaries: Binaries;
  passwordFile: string;
  /** Whether to wait until the disk has it. */
  sync: boolean;
  logger: Logger;
}): Promise<string> {
  const { home, binaries, passwordFile, logger } = options;
  const exists = (await stat(join(home.cluster, 'PG_VERSION')).catch(() => null)) !== null;
  const known = (await readFile(passwordFile, 'utf8').catch(() => '')).trim();
  const password = known === '' ? randomBytes(24).toString('hex') : known;
  if (!exists) await createCluster(options, password);
  else if (known === '') await resetPassword(home, binaries, password, logger);
  // Written last: a password on file is one that the cluster has.
  if (known === '' || !exists) await writeFile(passwordFile, `${password}\n`, { mode: 0o600 });
  return password;
}

/** Builds beside and renames, so that a cluster is whole or not there, whenever the process is killed. */
async function createCluster(options: Parameters<typeof ensureCluster>[0], password: string): Promise<void> {
  const { home, binaries, sync, logger } = options;
  logger.info({ folder: home.cluster }, 'creating the database');
  await clearStaging(home.folder);
  const staging = await mkdtemp(join(home.folder, STAGING));
  const [fresh, pwfile] = [join(staging, 'data'), join(staging, 'password')];
  try {
    await writeFile(pwfile, `${password}\n`, { mode: 0o600 });
    if (home.account !== null) {
      for (const path of [staging, pwfile]) await chown(path, home.account.uid, home.account.gid);
    }
    const { code, output } = await runAs(home.account, binaries.initdb, [
      `--pgdata=${fresh}`,
      `--username=${SUPERUSER}`,
      `--pwfile=${pwfile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      // PostgreSQL's own collation: indexes stay valid whatever locales the machine has or gets.
      '--locale=C',
      '--locale-provider=builtin',
      '--builtin-locale=C.UTF-8',
      '--no-instructions',
      ...(sync ? [] : ['--no-sync']),
    ]);
    if (code !== 0) throw failed(`PostgreSQL could not create its data in ${home.cluster}`, output);
    await rename(fresh, home.cluster);
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function clearStaging(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(STAGING)) await rm(join(folder, name), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** A lost password file is no lost database: whoever can write here may set a new one in single-user mode. */
async function resetPassword(home: PostgresHome, binaries: Binaries, password: string, logger: Logger): Promise<void> {
  logger.warn('the password of the database is missing; setting a new one');
  const args = ['--single', '-D', home.cluster, 'postgres'];
  const { code, output } = await runAs(
    home.account,
    binaries.postgres,
    args,
    `alter role ${SUPERUSER} password '${password}'\n`,
  );
  if (code !== 0 || output.includes('ERROR:')) {
    throw failed(`PostgreSQL could not set a new password in ${home.cluster}`, output);
  }
}

function failed(what: string, output: string): DarkroomError {
  return new DarkroomError('UNAVAILABLE', `${what}. It said:\n${output.trim().split('\n').slice(-8).join('\n')}`);
}
