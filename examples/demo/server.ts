import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { DemoError, type DemoOptions } from './options.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readyWithinMs = 120_000;
const stopWithinMs = 35_000;

export type Server = {
  url: string;
  /** Ends what the demo has started; a server found running is left alone. */ stop(): Promise<void>;
};

/** The server at the address, or one that is started there. */
export async function findServer(
  { url, mayStart }: Pick<DemoOptions, 'url' | 'mayStart'>,
  say: (line: string) => void,
  signal: AbortSignal,
): Promise<Server> {
  const answer = await probe(url, signal);
  if (answer === 'darkroom') return { url, stop: async () => undefined };
  if (answer === 'other') {
    throw new DemoError(`Something answers at ${url}, but it is no Darkroom. Name another with --url or PORT.`);
  }
  if (!mayStart) {
    throw new DemoError(`Nothing answers at ${url}. Start Darkroom there, or leave --url out to have one started.`);
  }
  say(`No Darkroom runs at ${url}: starting one for this demo …`);
  await build(signal);
  return await start(url, say, signal);
}

async function probe(url: string, signal: AbortSignal): Promise<'darkroom' | 'other' | 'nothing'> {
  try {
    const response = await fetch(`${url}/healthz`, { signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]) });
    const body: unknown = await response.json().catch(() => null);
    const healthy = typeof body === 'object' && body !== null && 'status' in body && body.status === 'ok';
    return response.ok && healthy ? 'darkroom' : 'other';
  } catch {
    signal.throwIfAborted();
    return 'nothing';
  }
}

async function build(signal: AbortSignal): Promise<void> {
  const child = spawn('npm', ['run', '--silent', 'build'], { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], signal });
  const output = collect(child);
  const code = await exitCode(child).catch((error: unknown) => {
    signal.throwIfAborted();
    throw new DemoError(`npm cannot be run: ${String(error)}`);
  });
  if (code !== 0) throw new DemoError(`Darkroom cannot be built:\n${output()}`);
}

async function start(url: string, say: (line: string) => void, signal: AbortSignal): Promise<Server> {
  const child = spawn(process.execPath, ['--enable-source-maps', join(root, 'dist/main.js')], {
    // A group of its own: Ctrl-C is for the demo, which then stops the server once, and in order.
    detached: true,
    env: { ...process.env, PORT: new URL(url).port || '80', LOG_LEVEL: process.env['LOG_LEVEL'] || 'warn' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = collect(child);
  const exited = exitCode(child);
  async function stop(): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return;
    say('Stopping the server that was started for the demo; `npm start` starts it for longer.');
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), stopWithinMs);
    await exited.finally(() => clearTimeout(timer));
  }
  try {
    await ready(url, exited, output, signal);
    return { url, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function ready(
  url: string,
  exited: Promise<number | null>,
  output: () => string,
  signal: AbortSignal,
): Promise<void> {
  const until = Date.now() + readyWithinMs;
  let over = false;
  const ended = exited.finally(() => (over = true));
  while (!over && Date.now() < until) {
    const response = await fetch(`${url}/readyz`, { signal }).catch(() => null);
    if (response?.ok === true) return;
    await Promise.race([ended, sleep(100, undefined, { signal })]);
  }
  throw new DemoError(over ? output() : `The server did not become ready in time.\n${output()}`);
}

async function exitCode(child: ChildProcess): Promise<number | null> {
  // `once` rejects on the event `error`: the program could not be started at all.
  const [code]: unknown[] = await once(child, 'exit');
  return typeof code === 'number' ? code : null;
}

/** What the child says, without its log's lines of JSON unless there is nothing else. */
function collect(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (chunk: string) => (text = (text + chunk).slice(-8_000)));
  }
  return () => {
    const lines = text.trim().split('\n');
    const spoken = lines.filter((line) => !line.startsWith('{'));
    return (spoken.length > 0 ? spoken : lines).join('\n');
  };
}

/** The key with the place that it comes from, for messages. */
export async function findKey({
  apiKey,
  dataFolder,
}: Pick<DemoOptions, 'apiKey' | 'dataFolder'>): Promise<{ key: string; source: string }> {
  if (apiKey !== null) return { key: apiKey, source: 'DARKROOM_API_KEY' };
  const file = join(dataFolder, 'api-key');
  const key = await readFile(file, 'utf8').catch((error: unknown) => {
    const denied = error instanceof Error && 'code' in error && error.code === 'EACCES';
    throw new DemoError(
      denied
        ? `The API key in ${file} may not be read by this user. Set DARKROOM_API_KEY instead.`
        : `No API key: there is no ${file}. Set DARKROOM_API_KEY, or DARKROOM_DATA to the server's data folder.`,
    );
  });
  return { key: key.trim(), source: file };
}
