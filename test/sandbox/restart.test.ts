import { spawn } from 'node:child_process';
import { appendFile, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { createSandbox } from '../../src/sandbox/sandbox.js';
import { plain, startBench } from './harness.js';
import { base64, pixels, still } from './images.js';

const main = new URL('../../src/sandbox/main.ts', import.meta.url).pathname;

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'sandbox-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** The sandbox as a process of its own, until it says where it is; `ended` is its exit code. */
async function spawnSandbox(env: Record<string, string>): Promise<{
  url: string | null;
  text: string;
  kill: (signal: NodeJS.Signals) => void;
  ended: Promise<number | null>;
}> {
  const child = spawn(process.execPath, ['--import', 'tsx', main], {
    env: { ...process.env, SANDBOX_PORT: '0', ...env },
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  for await (const line of createInterface(child.stdout)) {
    const url = /on (http:\S+),/.exec(line)?.[1];
    if (url !== undefined) return { url, text: line, kill: (signal) => child.kill(signal), ended };
  }
  await ended;
  return { url: null, text: errors, kill: () => undefined, ended };
}

test('tasks, images and the submit log survive kill -9', async () => {
  const stateDir = await folder();
  const control = await still(96, 64);
  const body = JSON.stringify({
    finetune_id: 'f',
    prompt: 'a bottle [sandbox: lost-reply, duration=1ms]',
    control_image: base64(control),
    output_format: 'png',
  });
  const first = await spawnSandbox({ SANDBOX_STATE: stateDir });
  const send = { method: 'POST', headers: { 'x-key': 'test-key' }, body };
  await expect(fetch(`${first.url}/v1/flux-pro-1.0-canny-finetuned`, send)).rejects.toThrow('fetch failed');
  first.kill('SIGKILL');
  await first.ended;

  const { sandbox, look, get } = await startBench({ stateDir, now: Date.now, image: 'drawn' });
  const [task] = sandbox.tasks();
  expect(sandbox.log()).toMatchObject([{ n: 1, submit: { number: 1, repeats: 0 }, task: task?.id, answered: false }]);
  const { status, result } = await look(task?.id ?? '');
  expect(status).toBe('Ready');
  const picture = Buffer.from(await (await fetch(result?.sample ?? '')).arrayBuffer());
  expect(await pixels(picture)).toMatchObject({ width: 96, height: 64 });
  expect((await get('/v1/credits')).body).toEqual({ credits: 999_994 });
});

test('after a restart numbers go on, torn lines are left out, and what is over is dropped', async () => {
  const stateDir = await folder();
  const control_image = base64(await still(32, 32));
  const model = 'flux-pro-1.0-depth-finetuned';
  const before = await startBench({ stateDir });
  await before.submit('old', { control_image }, model);
  await before.sandbox.stop();
  expect(await readdir(join(stateDir, 'images'))).toHaveLength(1);
  await appendFile(join(stateDir, 'sandbox.ndjson'), '{"kind":"task","ta');

  const between = await startBench({ stateDir });
  expect(between.sandbox.tasks()).toHaveLength(1);
  expect(between.sandbox.log()).toMatchObject([{ submit: { number: 1, prompt: 'old' }, answered: true, status: 200 }]);
  await between.submit('new');
  expect(between.sandbox.tasks().map(({ number }) => number)).toEqual([1, 2]);
  expect(between.sandbox.log()).toMatchObject([{ n: 1 }, { n: 2, submit: { number: 2 } }]);
  await between.sandbox.stop();

  const later = createSandbox({ stateDir, now: () => 1_800_000_000_000 + 3_600_000 });
  await later.stop();
  expect(later.tasks()).toEqual([]);
  expect(await readdir(join(stateDir, 'images'))).toEqual([]);
  expect(await readFile(join(stateDir, 'sandbox.ndjson'), 'utf8')).not.toContain('"kind":"task"');
});

test('the process says when its port is used, and stops cleanly on SIGTERM', async () => {
  const first = await spawnSandbox({});
  const port = new URL(first.url ?? '').port;
  const second = await spawnSandbox({ SANDBOX_PORT: port });
  expect(second.text).toContain(`Port ${port} is in use`);
  expect(await second.ended).toBe(1);
  expect(await (await fetch(`${first.url}/v1/${plain}`, { method: 'POST' })).json()).toEqual({
    detail: 'Not authenticated',
  });
  first.kill('SIGTERM');
  expect(await first.ended).toBe(0);
});

test('the process explains a wrong setting', async () => {
  const { text, ended } = await spawnSandbox({ SANDBOX_TIME_SCALE: 'fast' });
  expect(text).toContain('timeScale');
  expect(text).toContain('SANDBOX_TIME_SCALE');
  expect(await ended).toBe(1);
});

test('the process is told what shall go wrong by chance', async () => {
  const { url } = await spawnSandbox({
    SANDBOX_FAULTS: '{"http503":1}',
    SANDBOX_MEDIAN_MS: '0',
    SANDBOX_LOG_LIMIT: '1',
  });
  const body = JSON.stringify({ finetune_id: 'f', prompt: 'p' });
  const send = { method: 'POST', headers: { 'x-key': 'test-key' }, body };
  expect((await fetch(`${url}/v1/${plain}`, send)).status).toBe(503);
});

test.each([
  ['{"lostreply":1}', 'lostreply'],
  ['{"lostReply":2}', 'lostReply'],
  ['lostReply', 'must be JSON'],
])('the process refuses the faults %s', async (faults, message) => {
  const { text, ended } = await spawnSandbox({ SANDBOX_FAULTS: faults });
  expect(text).toContain(message);
  expect(text).toContain('webhookDoubled');
  expect(await ended).toBe(1);
});
