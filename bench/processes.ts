import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { LoadResult, Order } from './load.ts';

const startWithinMs = 60_000;
const stopWithinMs = 15_000;
/** Linux counts a process's CPU time in hundredths of a second. */
const ticksPerSecond = 100;
/** Places among the fields behind the name; behind the user time are system time and the two of ended children. */
const parentPid = 1;
const userTime = 11;

export type Server = { url: string; pid: number; stop(): Promise<void> };

/** Starts a server as a process of its own and waits for the line that says where it listens. */
export async function startServer(options: {
  name: string;
  script: string;
  flags?: readonly string[];
  env: Readonly<Record<string, string>>;
  /** Its first group is the address. */
  ready: RegExp;
}): Promise<Server> {
  const { name, script, flags = [], env, ready } = options;
  const child = spawn(process.execPath, [...flags, script], {
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], NODE_ENV: 'production', ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
  const url = await Promise.race([
    firstMatch(child, ready),
    ended.then(() => null),
    new Promise<null>((resolve) => setTimeout(resolve, startWithinMs, null).unref()),
  ]);
  if (url === null || child.pid === undefined) {
    child.kill('SIGKILL');
    throw new Error(`${name} did not start.`);
  }
  return {
    url,
    pid: child.pid,
    async stop() {
      const insist = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
      child.kill('SIGTERM');
      await ended;
      clearTimeout(insist);
    },
  };
}

function linesOf(child: ChildProcess): Interface {
  if (child.stdout === null) throw new Error('The process was started without a pipe.');
  return createInterface({ input: child.stdout });
}

async function firstMatch(child: ChildProcess, pattern: RegExp): Promise<string | null> {
  return await new Promise((resolve) => {
    linesOf(child).on('line', (line) => {
      const found = pattern.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
  });
}

/**
 * CPU time per answer, of the server's process and of all of Postgres' together; null where the system does not tell. It
 * drifts less than answers per second: other work on the machine takes time away, and adds only some to these.
 */
export type Measurement = LoadResult & { cpuMicros: number | null; postgresMicros: number | null };

/** Runs the load generator against a server, and reads the CPU clocks around the measured time. */
export async function runLoad(server: Server, order: Omit<Order, 'url'>, postmasterPid: number): Promise<Measurement> {
  const script = join(import.meta.dirname, 'load.ts');
  const child = spawn(process.execPath, [script, JSON.stringify({ ...order, url: server.url })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const clocks: { server: number | null; postgres: number | null }[] = [];
  let result: LoadResult | null = null;
  for await (const line of linesOf(child)) {
    if (line.startsWith('{')) result = JSON.parse(line) as LoadResult;
    else clocks.push({ server: await cpuSeconds(server.pid), postgres: await cpuSecondsBelow(postmasterPid) });
  }
  const code = await ended;
  if (code !== 0 || result === null) throw new Error(`The load generator failed with code ${code}.`);
  const { answers } = result;
  const [before, after] = clocks;
  const micros = (which: 'server' | 'postgres'): number | null => {
    const [from, to] = [before?.[which] ?? null, after?.[which] ?? null];
    return from === null || to === null ? null : ((to - from) * 1e6) / answers;
  };
  return { ...result, cpuMicros: micros('server'), postgresMicros: micros('postgres') };
}

/** CPU time that a process has used; null where the system does not tell. */
export async function cpuSeconds(pid: number): Promise<number | null> {
  const fields = await statOf(pid);
  return fields === null ? null : (Number(fields[userTime]) + Number(fields[userTime + 1])) / ticksPerSecond;
}

/** Of a process, of its children, and of those of them that have ended. */
async function cpuSecondsBelow(pid: number): Promise<number | null> {
  const own = await statOf(pid);
  if (own === null) return null;
  let ticks = own.slice(userTime, userTime + 4).reduce((sum, field) => sum + Number(field), 0);
  for (const name of await readdir('/proc')) {
    const fields = /^\d+$/.test(name) ? await statOf(Number(name)) : null;
    if (fields?.[parentPid] === String(pid)) ticks += Number(fields[userTime]) + Number(fields[userTime + 1]);
  }
  return ticks / ticksPerSecond;
}

/** Whose child a process is. */
export async function parentOf(pid: number): Promise<number> {
  return Number((await statOf(pid))?.[parentPid]);
}

/** The fields of /proc/…/stat behind the process's name, which may hold spaces. */
async function statOf(pid: number): Promise<string[] | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}
