import { readdir, readFile, readlink, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DarkroomError } from '../errors.js';
import type { Logger } from '../logger.js';
import { sleep } from '../time.js';
import { runAs } from './postgres-account.js';

/** Fast shutdown first; then an immediate one, which the next start recovers from; then the end. */
export const shutdownSteps = [
  { signal: 'SIGINT', waitMs: 15_000 },
  { signal: 'SIGQUIT', waitMs: 5_000 },
  { signal: 'SIGKILL', waitMs: 5_000 },
] as const;

/**
 * Stops the server that an earlier Darkroom, killed, left running on this cluster. The caller holds the folder's lock, so
 * nobody alive is using it.
 */
export async function stopOrphan(cluster: string, logger: Logger): Promise<void> {
  const pidFile = join(cluster, 'postmaster.pid');
  const content = await readFile(pidFile, 'utf8').catch(() => '');
  const pid = Number.parseInt(content, 10);
  if (!(pid > 1)) return;
  if (await isServerOf(pid, cluster)) await shutDown(pid, cluster, logger);
  // Also after that: ended, and not yet fetched by its parent, it still has its number.
  if (isAlive(pid)) await disown(pidFile, content, logger);
  await stopWorkers(cluster);
}

async function shutDown(pid: number, cluster: string, logger: Logger): Promise<void> {
  logger.warn({ pid }, 'stopping the PostgreSQL that a killed Darkroom left behind');
  for (const { signal, waitMs } of shutdownSteps) {
    send(pid, signal);
    const until = Date.now() + waitMs;
    while (Date.now() < until) {
      if (!(await isServerOf(pid, cluster))) return;
      await sleep(50);
    }
  }
  throw new DarkroomError('UNAVAILABLE', `PostgreSQL (process ${pid}) still runs on ${cluster} and cannot be stopped.`);
}

/**
 * A worker busy when its server was killed goes on until its statement ends, and no new server starts meanwhile. Elsewhere
 * than on Linux it is waited for.
 */
async function stopWorkers(cluster: string): Promise<void> {
  for (const name of await readdir('/proc').catch(() => [])) {
    const pid = Number(name);
    if (Number.isInteger(pid) && (await isServerOf(pid, cluster))) send(pid, 'SIGQUIT');
  }
}

/**
 * The number in the file is no longer a server's: another process has it since, or the dead one still does. PostgreSQL would refuse to start for it; but the file must stay,
 * for it names the shared memory by which the new server finds out whether old workers are still at it. PostgreSQL passes
 * over its parent's number, so the file gets ours.
 */
async function disown(pidFile: string, content: string, logger: Logger): Promise<void> {
  logger.info('the process number of the last PostgreSQL is no longer that of a server; going on');
  await writeFile(pidFile, content.replace(/^\d+/, String(process.pid)));
}

/** A server and its workers are known by their working folder, the cluster. A number alone may be anybody's by now. */
async function isServerOf(pid: number, cluster: string): Promise<boolean> {
  if (process.platform !== 'linux') {
    const { code, output } = await runAs(null, 'ps', ['-o', 'command=', '-p', String(pid)]);
    return code === 0 && output.includes(`postgres -D ${cluster} `);
  }
  try {
    const program = await readlink(`/proc/${pid}/exe`);
    const [its, ours] = await Promise.all([stat(`/proc/${pid}/cwd`), stat(cluster)]);
    return /\/postgres( \(deleted\))?$/.test(program) && its.dev === ours.dev && its.ino === ours.ino;
  } catch {
    // Gone, a zombie, or another user's: none of them is a server that an earlier run of ours could have left.
    return false;
  }
}

function isAlive(pid: number): boolean {
  return send(pid, 0);
}

/** Whether there was such a process to hear it. */
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}
