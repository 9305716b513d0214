import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { LoadResult, Order } from './load.ts';

const startWithinMs = 60_000;
const stopWithinMs = 15_000;
/** Linux counts a process's CPU time in hundredths of a second. */
const ticksPerSecond = 100;

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

/** `cpuMicros`: CPU time of the server's process per answer; null where the system does not tell. */
export type Measurement = LoadResult & { cpuMicros: number | null };

/** Runs the load generator against a server, and reads the server's CPU clock around the measured time. */
export async function runLoad(server: Server, order: Omit<Order, 'url'>): Promise<Measurement> {
  const script = join(import.meta.dirname, 'load.ts');
  const child = spawn(process.execPath, [script, JSON.stringify({ ...order, url: server.url })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const clocks: (number | null)[] = [];
  let result: LoadResult | null = null;
  for await (const line of linesOf(child)) {
    if (line.startsWith('{')) result = JSON.parse(line) as LoadResult;
    else clocks.push(await cpuSeconds(server.pid));
  }
  const code = await ended;
  if (code !== 0 || result === null) throw new Error(`The load generator failed with code ${code}.`);
  const [before, after] = clocks;
  const cpuMicros = before == null || after == null ? null : ((after - before) * 1e6) / result.answers;
  return { ...result, cpuMicros };
}

/** CPU time that a process has used; null where the system does not tell. */
export async function cpuSeconds(pid: number): Promise<number | null> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  if (stat === null) return null;
  // Behind the name, which may hold spaces; user and system time are the 14th and 15th field.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}
