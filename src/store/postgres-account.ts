import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import { DarkroomError } from '../errors.js';

/** Whom PostgreSQL runs as, when that is not ourselves. */
export type Account = { uid: number; gid: number };

/** Existing accounts without rights of their own, best first; `_postgres` and then `nobody` serve macOS. */
const CANDIDATES = ['postgres', '_postgres', 'nobody'];

/**
 * PostgreSQL refuses to run as root. So root hands it to whoever owns the database already, else to an unprivileged
 * account of the system (initdb insists on one that has a name); everybody else runs it as themselves.
 */
export async function chooseAccount(cluster: string): Promise<Account | null> {
  if (process.getuid?.() !== 0) return null;
  const owner = await stat(cluster).catch(() => null);
  if (owner !== null && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };
  for (const name of CANDIDATES) {
    const [uid, gid] = [await idOf('-u', name), await idOf('-g', name)];
    if (uid !== null && gid !== null && uid !== 0) return { uid, gid };
  }
  throw new DarkroomError(
    'UNAVAILABLE',
    'Darkroom runs as root, which PostgreSQL refuses, and there is no user "postgres" or "nobody" to run it as. ' +
      'Start Darkroom as an ordinary user, or set DATABASE_URL.',
  );
}

async function idOf(flag: '-u' | '-g', name: string): Promise<number | null> {
  const { code, output } = await runAs(null, 'id', [flag, name]);
  const id = Number.parseInt(output, 10);
  return code === 0 && Number.isInteger(id) ? id : null;
}

/** Whether the account can pass through to `folder`: asked of the system, which alone knows every rule. */
export async function canEnter(account: Account | null, folder: string): Promise<boolean> {
  return (await runAs(account, '/bin/sh', ['-c', 'cd "$1"', 'sh', folder])).code === 0;
}

/**
 * A small fixed environment: `PG*` variables meant for other servers must not reach ours. The working folder is one that
 * every account can enter.
 */
export const spawnSettings = {
  cwd: '/',
  env: { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' },
};

/** Runs a command to its end as the account; gives its exit code and everything it said. */
export async function runAs(
  account: Account | null,
  command: string,
  args: string[],
  input = '',
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { ...spawnSettings, ...account });
    let output = '';
    const collect = (chunk: Buffer) => (output += chunk.toString());
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
    child.on('close', (code) => resolve({ code, output }));
    child.on('error', (cause) => {
      const who = account === null ? '' : ` as user ${account.uid}`;
      reject(new DarkroomError('UNAVAILABLE', `Cannot run ${command}${who}: ${cause.message}.`, { cause }));
    });
  });
}
