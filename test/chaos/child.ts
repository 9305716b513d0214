import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile } from 'node:fs/promises';
import { sleep } from '../../src/time.js';

/** A process that can be killed and started again under the same name, on the same port, with the same settings. */
export type Child = {
  readonly name: string;
  /** Of the present process, or of the last one. */
  pid(): number;
  /** Starts it and waits until it says that it is ready. */
  start(): Promise<void>;
  /** Ends it and waits until it is gone; gives the exit code, or the signal that ended it. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<number | string>;
  pause(): void;
  goOn(): void;
  /** How it ended when nobody asked it to. */
  deaths: readonly string[];
};

const readyWithinMs = 90_000;
/** A clean stop that takes longer is a fault, and is ended by force. */
const stopWithinMs = 40_000;

/** `ready` is looked for in what the process writes. What it writes is kept in `folder`. */
export function createChild(options: {
  name: string;
  folder: string;
  command: readonly string[];
  environment: Readonly<Record<string, string>>;
  ready: RegExp;
}): Child {
  const { name, folder, command, environment, ready } = options;
  const file = `${folder}/${name}.log`;
  let child: ChildProcess | null = null;
  let over = Promise.resolve<number | string>('not started');
  let asked = false;
  const deaths: string[] = [];

  const output = async (): Promise<string> => await readFile(file, 'utf8').catch(() => '');

  function signal(which: NodeJS.Signals): void {
    if (child !== null && child.exitCode === null && child.signalCode === null) child.kill(which);
  }

  return {
    name,
    pid: () => child?.pid ?? 0,
    async start() {
      const log = await open(file, 'a');
      const from = (await log.stat()).size;
      const started = spawn(process.execPath, [...command], {
        env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...environment },
        stdio: ['ignore', log.fd, log.fd],
      });
      child = started;
      asked = false;
      over = once(started, 'close').then(async () => {
        const how = started.exitCode ?? started.signalCode ?? 'unknown';
        if (!asked) deaths.push(`${name} ended by itself with ${how}:\n${(await output()).slice(-2_000)}`);
        return how;
      });
      await log.close();
      const until = Date.now() + readyWithinMs;
      for (;;) {
        const said = (await readFile(file)).subarray(from).toString();
        if (ready.test(said)) return;
        const ended = started.exitCode ?? started.signalCode;
        if (ended !== null) throw new Error(`${name} ended with ${ended} before it was ready:\n${said.slice(-3_000)}`);
        if (Date.now() > until) throw new Error(`${name} is not ready:\n${said.slice(-3_000)}`);
        await sleep(50);
      }
    },
    async end(which) {
      asked = true;
      const insist = setTimeout(() => signal('SIGKILL'), stopWithinMs);
      // A paused process hears nothing but SIGKILL.
      if (which === 'SIGTERM') signal('SIGCONT');
      signal(which);
      const how = await over;
      clearTimeout(insist);
      return how;
    },
    pause: () => signal('SIGSTOP'),
    goOn: () => signal('SIGCONT'),
    deaths,
  };
}
