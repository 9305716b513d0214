import { spawn, type ChildProcess } from 'node:child_process';
import { open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DarkroomError } from '../errors.js';
import type { Logger } from '../logger.js';
import { sleep } from '../time.js';
import { shutdownSteps } from './orphan-postmaster.js';
import { spawnSettings } from './postgres-account.js';
import type { PostgresHome } from './postgres-home.js';
import { freePort } from './free-port.js';

export type Postmaster = { port: number; stop(): Promise<void> };

/** Recovery after a crash reads at most `max_wal_size` of log: minutes on a slow disk. */
const START_LIMIT_MS = 300_000;

/** Faults that pass: a port taken since we chose it, or a killed server or its workers that have yet to go. */
const PASSING = /could not create any TCP\/IP sockets|pre-existing shared memory block|postmaster\.pid" already exists/;
const PASSING_LIMIT_MS = 20_000;

const LOG_LIMIT_BYTES = 5_000_000;

const defaults: Record<string, string> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  shared_buffers: '128MB',
  max_connections: '100',
  timezone: 'UTC',
  log_timezone: 'UTC',
  log_checkpoints: 'off',
  // Failed statements reach Darkroom as errors; here they would only write users' prompts into the log.
  log_min_messages: 'log',
};

type Options = {
  program: string;
  home: PostgresHome;
  logFile: string;
  settings: Record<string, string>;
  logger: Logger;
};

/** Starts the server and waits until it takes connections. */
export async function startPostmaster(options: Options): Promise<Postmaster> {
  const until = Date.now() + PASSING_LIMIT_MS;
  for (;;) {
    const attempt = await tryStart(options);
    if ('port' in attempt) return attempt;
    if (!PASSING.test(attempt.said) || Date.now() > until) {
      const said = attempt.said === '' ? 'It said nothing.' : `The end of ${options.logFile}:\n${attempt.said}`;
      throw new DarkroomError('UNAVAILABLE', `PostgreSQL did not start (${attempt.ended}). ${said}`);
    }
    await sleep(200);
  }
}

async function tryStart(options: Options): Promise<Postmaster | { ended: string; said: string }> {
  const { program, home, logFile, settings, logger } = options;
  await turnLog(logFile);
  const log = await open(logFile, 'a', 0o600);
  const from = (await log.stat()).size;
  const port = await freePort();
  const flags = Object.entries({ ...defaults, port: String(port), ...settings });
  const child = spawn(program, ['-D', home.cluster, ...flags.flatMap(([key, value]) => ['-c', `${key}=${value}`])], {
    ...spawnSettings,
    ...home.account,
    // Its own process group: the terminal's Ctrl-C must not reach it, Darkroom drains first and then stops it.
    detached: true,
    stdio: ['ignore', log.fd, log.fd],
  });
  const ended = new Promise<string>((resolve) => {
    child.on('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.on('error', (error) => resolve(error.message));
  });
  await log.close();
  const failure = await Promise.race([ended, becomesReady(home.cluster, child)]);
  if (failure !== null) {
    await end(child, ended, logger);
    return { ended: failure, said: await endOfLog(logFile, from) };
  }
  // A finished Darkroom need not wait for its server; one that dies leaves it to the next start.
  child.unref();
  let stopping = false;
  async function watch(): Promise<void> {
    const how = await ended;
    if (!stopping) logger.error({ how, log: await endOfLog(logFile, from) }, 'PostgreSQL has ended unasked');
  }
  void watch();
  return {
    port,
    async stop() {
      stopping = true;
      await end(child, ended, logger);
    },
  };
}

/** PostgreSQL writes its state into the pid file: no connection needs to be tried before its time. */
async function becomesReady(cluster: string, child: ChildProcess): Promise<string | null> {
  const until = Date.now() + START_LIMIT_MS;
  while (child.exitCode === null && child.signalCode === null && Date.now() < until) {
    const lines = (await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
    if (lines[0] === String(child.pid) && lines[7]?.trim() === 'ready') return null;
    await delay(20);
  }
  return `not ready after ${START_LIMIT_MS / 1000} seconds`;
}

async function end(child: ChildProcess, ended: Promise<string>, logger: Logger): Promise<void> {
  if (child.pid === undefined) return;
  child.ref();
  for (const { signal, waitMs } of shutdownSteps) {
    if (child.exitCode !== null || child.signalCode !== null) return;
    if (signal !== 'SIGINT') logger.warn({ signal }, 'PostgreSQL does not stop; insisting');
    child.kill(signal);
    const patience = new AbortController();
    await Promise.race([ended, sleep(waitMs, patience.signal)]);
    patience.abort();
  }
}

async function turnLog(logFile: string): Promise<void> {
  const size = (await stat(logFile).catch(() => null))?.size ?? 0;
  if (size > LOG_LIMIT_BYTES) await rename(logFile, `${logFile}.old`);
}

/** The last lines of what was said since `from`. */
async function endOfLog(logFile: string, from: number): Promise<string> {
  const text = (await readFile(logFile)).subarray(from).toString();
  return text.trim().split('\n').slice(-12).join('\n');
}
