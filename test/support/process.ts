import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, vi } from 'vitest';
import { createApi, type Api } from './api.js';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** Darkroom as a process of its own, started as a person starts it. */
export type DarkroomProcess = {
  pid: number;
  stdout(): string;
  stderr(): string;
  /** Where it listens; fails when it ends before it is ready. */
  ready(): Promise<string>;
  /** Speaks for the demo project. */
  api(): Promise<Api>;
  /** Sends a signal and waits for the end; gives the exit code, or the signal that ended it. */
  end(signal: NodeJS.Signals): Promise<number | string>;
  /** Waits until it ends by itself. */
  ended: Promise<number | string>;
};

const patienceMs = 40_000;

export function startProcess(dataFolder: string, environment: Record<string, string> = {}): DarkroomProcess {
  const child = spawn(process.execPath, ['--import', 'tsx', main], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      PORT: '0',
      SANDBOX_PORT: '0',
      DARKROOM_DATA: dataFolder,
      LOOK_DELAY_MS: '50',
      ...environment,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('The process did not start.');
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  let over: number | string | null = null;
  const ended = once(child, 'close').then(
    (): number | string => (over = child.exitCode ?? child.signalCode ?? 'unknown'),
  );

  async function ready(): Promise<string> {
    return await vi.waitFor(
      () => {
        const url = /GraphQL +(http\S+)\/graphql/.exec(stdout)?.[1];
        if (url === undefined && over === null) throw new Error(`Not ready yet: ${stderr.slice(-2_000)}`);
        return url ?? `ended with ${over}: ${stderr}`;
      },
      { timeout: patienceMs, interval: 50 },
    );
  }

  return {
    pid,
    stdout: () => stdout,
    stderr: () => stderr,
    ended,
    async ready() {
      const url = await ready();
      expect(url).toMatch(/^http:/);
      return url;
    },
    async api() {
      const url = await ready();
      expect(url).toMatch(/^http:/);
      const key = (await readFile(join(dataFolder, 'api-key'), 'utf8')).trim();
      return createApi(url, `Bearer ${key}`);
    },
    async end(signal) {
      child.kill(signal);
      return await ended;
    },
  };
}
