import { describe, expect, it, onTestFinished } from 'vitest';
import { createComfyProvider } from '../../src/providers/comfyui/comfyui.js';
import type { LookOutcome, SubmitRequest, TaskHandle } from '../../src/providers/provider.js';
import { createSandbox, type SandboxOptions } from '../../src/sandbox/sandbox.js';
import { still } from '../sandbox/images.js';
import { accountAt, cannyRequest, never } from './comfyui.js';

// The adapter and the pretend server were written apart from each other, from the same description of ComfyUI.

const plainRequest: SubmitRequest = {
  ...cannyRequest,
  model: 'flux-lora',
  endpoint: 'flux-lora',
  control: 'NONE',
  finetuneId: 'my-style.safetensors',
  parameters: { finetuneStrength: 1, width: 256, height: 256, steps: 10, guidance: 3.5, outputFormat: 'png' },
  images: {},
};
const both = ['new', 'old'] as const;
let attempts = 0;

/** An id like that of an attempt. */
function newKey(): string {
  attempts += 1;
  return `00000000-0000-8000-8000-${String(attempts).padStart(12, '0')}`;
}

async function startBench(options: SandboxOptions = {}) {
  const sandbox = createSandbox({ image: 'small', medianMs: 400, sigma: 0, ...options });
  const { url } = await sandbox.start();
  const provider = createComfyProvider({ watcherTimes: { retryMs: 10, retryAtMostMs: 50 } });
  onTestFinished(async () => {
    await provider.close();
    await sandbox.stop();
  });
  const account = accountAt(`${url}/comfyui`);

  async function submit(request: Partial<SubmitRequest> = {}): Promise<TaskHandle> {
    const outcome = await provider.submit(account, { ...plainRequest, key: newKey(), ...request }, never);
    if (outcome.kind !== 'accepted') throw new Error(JSON.stringify(outcome));
    return outcome.task;
  }
  const look = (task: TaskHandle) => provider.look(account, task, never);
  async function end(task: TaskHandle): Promise<LookOutcome> {
    let outcome = await look(task);
    await expect
      .poll(async () => (outcome = await look(task)).kind, { timeout: 10_000, interval: 20 })
      .not.toBe('running');
    return outcome;
  }
  const find = (key: string) => provider.find?.(account, key, never);
  const cancel = (task: TaskHandle) => provider.cancel?.(account, task, never);
  async function restart(): Promise<void> {
    await fetch(`${url}/sandbox/comfyui/restart`, { method: 'POST', body: JSON.stringify({ downMs: 0 }) });
    await expect.poll(async () => (await provider.probe(account, never)).kind).toBe('well');
  }
  return { provider, account, submit, look, end, find, cancel, restart };
}

async function pictureOf({ provider, account }: Awaited<ReturnType<typeof startBench>>, outcome: LookOutcome) {
  if (outcome.kind !== 'ready' || outcome.image.kind !== 'url') throw new Error(JSON.stringify(outcome));
  const download = await provider.download(account, outcome.image.url, never);
  if (download.kind !== 'bytes') throw new Error(JSON.stringify(download));
  return download.bytes;
}

const png = Buffer.from([0x89, 0x50, 0x4e, 0x47]);

describe.each(both)('a server that is %s', (comfyui) => {
  it('takes an image and a prompt, works, and has a picture', async () => {
    const bench = await startBench({ comfyui });
    const task = await bench.submit({
      ...cannyRequest,
      key: newKey(),
      finetuneId: 'my-style.safetensors',
      images: { controlImage: { id: 'image-1', bytes: await still(256, 192) } },
    });
    expect(await bench.look(task)).toMatchObject({ kind: 'running', known: true });
    const outcome = await bench.end(task);
    expect(outcome).toMatchObject({ kind: 'ready', seed: 42, costMicros: 0 });
    expect(outcome.kind === 'ready' && outcome.startedAt !== null && outcome.finishedAt !== null).toBe(true);
    expect((await pictureOf(bench, outcome)).subarray(0, 4)).toEqual(png);
  });

  it('tells the seed that nobody asked for, and makes the same task only once', async () => {
    const bench = await startBench({ comfyui, medianMs: 20 });
    const first = await bench.end(await bench.submit());
    const second = await bench.end(await bench.submit());
    expect(first.kind === 'ready' && second.kind === 'ready' && first.seed !== second.seed).toBe(true);
  });

  it('tells its progress and its end over the socket', async () => {
    const bench = await startBench({ comfyui, medianMs: 1500 });
    const task = await bench.submit();
    let woken = 0;
    bench.provider.listen?.(bench.account, task.taskId, () => (woken += 1));
    const seen = new Set<number>();
    await expect
      .poll(
        async () => {
          const outcome = await bench.look(task);
          if (outcome.kind === 'running' && outcome.progress !== null) seen.add(outcome.progress);
          return outcome.kind;
        },
        { timeout: 10_000, interval: 20 },
      )
      .toBe('ready');
    expect(seen.size).toBeGreaterThan(1);
    for (const progress of seen) expect(progress).toBeGreaterThanOrEqual(0);
    for (const progress of seen) expect(progress).toBeLessThanOrEqual(1);
    // Once for the opening, and for each of its last messages.
    expect(woken).toBeGreaterThanOrEqual(2);
  });

  it('fails as it is asked to', async () => {
    const bench = await startBench({ comfyui, medianMs: 20 });
    const failed = await bench.end(await bench.submit({ prompt: 'a [sandbox: error]' }));
    expect(failed).toMatchObject({ kind: 'failed', message: expect.stringContaining('RuntimeError') });
    const oom = await bench.end(await bench.submit({ prompt: 'a [sandbox: oom]' }));
    expect(oom).toMatchObject({ kind: 'failed', message: expect.stringContaining('GPU ran out of memory') });
    const canceled = await bench.end(await bench.submit({ prompt: 'a [sandbox: canceled]' }));
    expect(canceled).toMatchObject({ kind: 'canceled' });
  });

  it('a waiting task can be cancelled', async () => {
    const bench = await startBench({ comfyui, medianMs: 3000 });
    await bench.submit();
    const waiting = await bench.submit();
    expect(await bench.look(waiting)).toMatchObject({ kind: 'running', word: 'pending' });
    expect(await bench.cancel(waiting)).toEqual({ kind: 'asked' });
    expect(await bench.look(waiting)).toMatchObject({ kind: 'canceled' });
    expect(await bench.cancel(waiting)).toMatchObject({ kind: 'tooLate' });
  });

  it('a submit whose answer was lost is found', async () => {
    const bench = await startBench({ comfyui });
    const key = newKey();
    const request = { ...plainRequest, key, prompt: 'a [sandbox: lost-reply]' };
    expect(await bench.provider.submit(bench.account, request, never)).toMatchObject({ kind: 'unknown' });
    const found = await bench.find(key);
    if (found?.kind !== 'found') throw new Error(JSON.stringify(found));
    expect(found.task.taskId === key).toBe(comfyui === 'new');
    expect(await bench.end(found.task)).toMatchObject({ kind: 'ready' });
    expect(await bench.find(key)).toEqual(found);
  });

  it('lists its LoRA files, and knows which there are', async () => {
    const { provider, account } = await startBench({ comfyui, finetunes: ['my-style', 'other'] });
    expect(await provider.listFinetunes?.(account, never)).toMatchObject({
      kind: 'listed',
      finetunes: [{ finetuneId: 'my-style.safetensors', name: 'my-style' }, { finetuneId: 'other.safetensors' }],
    });
    const binding = { finetuneId: 'gone.safetensors', loraUrl: null };
    expect(await provider.checkBinding?.(account, binding, never)).toMatchObject({ kind: 'invalid' });
    expect(await provider.probe(account, never)).toMatchObject({ kind: 'well' });
  });

  it('a picture outlives a restart', async () => {
    const bench = await startBench({ comfyui, medianMs: 20 });
    const task = await bench.submit();
    expect(await bench.end(task)).toMatchObject({ kind: 'ready' });
    await bench.restart();
    const outcome = await bench.look(task);
    expect(outcome).toMatchObject({ kind: 'ready' });
    expect((await pictureOf(bench, outcome)).subarray(0, 4)).toEqual(png);
  });

  it('what it was working on does not', async () => {
    const bench = await startBench({ comfyui, medianMs: 60_000 });
    const task = await bench.submit();
    await bench.restart();
    expect(await bench.look(task)).toEqual({ kind: 'notFound' });
  });
});

describe('a newer server', () => {
  it('stops a running task, and only that', async () => {
    const bench = await startBench({ medianMs: 3000 });
    const running = await bench.submit();
    await expect.poll(() => bench.look(running)).toMatchObject({ word: 'in_progress' });
    const next = await bench.submit();
    expect(await bench.cancel(running)).toEqual({ kind: 'asked' });
    expect(await bench.end(running)).toMatchObject({ kind: 'canceled' });
    expect(await bench.look(next)).toMatchObject({ kind: 'running' });
  });

  it('proves that a submit never arrived', async () => {
    const bench = await startBench();
    const key = newKey();
    expect(await bench.find(key)).toEqual({ kind: 'absent' });
    await bench.submit({ key });
    expect(await bench.find(key)).toMatchObject({ kind: 'found' });
  });

  it('has forgotten at a restart what it never finished: it can be sent again', async () => {
    const bench = await startBench({ medianMs: 60_000 });
    const key = newKey();
    await bench.submit({ key });
    await bench.restart();
    expect(await bench.find(key)).toEqual({ kind: 'absent' });
  });
});

describe('an older server', () => {
  it('is never told to stop whatever runs', async () => {
    const bench = await startBench({ comfyui: 'old', medianMs: 1000 });
    const running = await bench.submit();
    await expect.poll(() => bench.look(running)).toMatchObject({ word: 'in_progress' });
    expect(await bench.cancel(running)).toMatchObject({ kind: 'tooLate' });
    expect(await bench.end(running)).toMatchObject({ kind: 'ready' });
  });

  it('proves nothing by not having a task', async () => {
    const bench = await startBench({ comfyui: 'old' });
    expect(await bench.find(newKey())).toMatchObject({ kind: 'unavailable' });
    await bench.submit();
    expect(await bench.find(newKey())).toMatchObject({ kind: 'unavailable' });
  });
});

it.each(both)('the depth workflow runs where its custom node is installed: %s', async (comfyui) => {
  const bench = await startBench({ comfyui, medianMs: 20 });
  const task = await bench.submit({
    ...cannyRequest,
    key: newKey(),
    endpoint: 'flux-depth-lora',
    finetuneId: 'my-style.safetensors',
    images: { controlImage: { id: 'image-1', bytes: await still(64, 64) } },
  });
  expect(await bench.end(task)).toMatchObject({ kind: 'ready', seed: 42 });
});

it.each(both)('a LoRA file that has gone meanwhile is named: %s', async (comfyui) => {
  const bench = await startBench({ comfyui });
  const request = { ...plainRequest, key: newKey(), finetuneId: 'gone.safetensors' };
  const message = expect.stringContaining('the server has no LoRA file gone.safetensors');
  expect(await bench.provider.submit(bench.account, request, never)).toMatchObject({ kind: 'refused', message });
});

it('a prompt that is taken although nothing of it will be saved is refused, and stopped', async () => {
  const bench = await startBench({ medianMs: 10_000 });
  const request = { ...plainRequest, key: newKey(), prompt: 'a [sandbox: partial]' };
  const outcome = await bench.provider.submit(bench.account, request, never);
  expect(outcome).toMatchObject({ kind: 'refused', code: 'PROVIDER_REFUSED', retry: 'never', httpStatus: 200 });
  const queue = await fetch(`${bench.account.baseUrl}/queue`);
  expect(await queue.json()).toEqual({ queue_running: [], queue_pending: [] });
});
