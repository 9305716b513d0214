import { describe, expect, test } from 'vitest';
import { plain, startBench } from './harness.js';

const minute = 60_000;

async function durations(seed: string): Promise<number[]> {
  const { submit, sandbox } = await startBench({ seed, medianMs: 4000, sigma: 0.5, activeLimit: 1000 });
  for (let i = 0; i < 99; i++) await submit(`picture ${i}`);
  return sandbox.tasks().map(({ submittedAt, finishedAt }) => (finishedAt ?? 0) - submittedAt);
}

async function seeds(): Promise<(number | undefined)[]> {
  const { finish } = await startBench({ seed: 7 });
  return [(await finish('a')).result?.seed, (await finish('a', { seed: null })).result?.seed];
}

describe('a task', () => {
  test('is pending, makes progress, and is ready with what a client needs', async () => {
    const { submit, look, advance, url } = await startBench();
    const { id } = await submit('a boat [sandbox: duration=10s]', { seed: 42 });
    const blank = { id, result: null, details: null, preview: null };
    expect(await look(id)).toEqual({ ...blank, status: 'Pending', progress: null });
    advance(5000);
    expect(await look(id)).toEqual({ ...blank, status: 'Pending', progress: 0.45 });
    advance(5000);
    const ready = await look(id);
    expect(ready).toMatchObject({ id, status: 'Ready', progress: 1, details: null, preview: null });
    expect(ready.result).toMatchObject({ prompt: 'a boat [sandbox: duration=10s]', seed: 42, duration: 9.2 });
    expect(ready.result?.sample).toMatch(new RegExp(`^${url}/delivery/[\\w-]{32}/sample\\.jpeg$`));
    expect(Number(ready.result?.end_time) - Number(ready.result?.start_time)).toBeCloseTo(9.2, 3);
  });

  test('keeps its result for ten minutes, is known a little longer, then is forgotten', async () => {
    const { submit, look, advance } = await startBench();
    const { id } = await submit('[sandbox: duration=1s]');
    advance(1000);
    const sample = (await look(id)).result?.sample ?? '';
    const download = async (): Promise<number> => (await fetch(sample)).status;
    advance(10 * minute - 1);
    expect(await download()).toBe(200);
    advance(1);
    expect(await download()).toBe(403);
    expect((await look(id)).status).toBe('Ready');
    advance(5 * minute);
    expect((await look(id)).status).toBe('Task not found');
    expect(await download()).toBe(404);
  });

  test('is swept from memory once it is forgotten', async () => {
    const { submit, advance, sandbox } = await startBench();
    await submit('one');
    advance(20 * minute);
    await submit('two');
    expect(sandbox.tasks().map(({ request }) => request['prompt'])).toEqual(['two']);
  });

  test('cannot be downloaded before it is ready, nor under a guessed address', async () => {
    const { submit, sandbox, url } = await startBench();
    await submit('[sandbox: duration=1s]');
    const [task] = sandbox.tasks();
    for (const token of [task?.delivery, 'x'.repeat(32)]) {
      expect((await fetch(`${url}/delivery/${token}/sample.jpeg`)).status).toBe(404);
    }
  });

  test('is not known to another key, and never without one', async () => {
    const { submit, get } = await startBench();
    const { id } = await submit('mine');
    expect((await get(`/v1/get_result?id=${id}`, 'another')).body).toMatchObject({ status: 'Task not found' });
    expect(await get(`/v1/get_result?id=${id}`, null)).toEqual({ status: 403, body: { detail: 'Not authenticated' } });
  });

  test('under an unknown id is not found, and an id is needed', async () => {
    const { look, get } = await startBench();
    expect((await look('nothing')).status).toBe('Task not found');
    expect(await get('/v1/get_result')).toMatchObject({ status: 422, body: { detail: [{ loc: ['query', 'id'] }] } });
  });

  test('takes a log-normal time around its median, decided by seed and content', async () => {
    const first = await durations('a');
    expect(await durations('a')).toEqual(first);
    expect(await durations('b')).not.toEqual(first);
    const median = first.toSorted((a, b) => a - b)[49];
    expect(median).toBeGreaterThan(3200);
    expect(median).toBeLessThan(5000);
    expect(new Set(first).size).toBe(99);
  });

  test('without a seed gets one that follows from the sandbox seed and its number', async () => {
    const first = await seeds();
    expect(new Set(first).size).toBe(2);
    expect(await seeds()).toEqual(first);
  });
});

describe('an account', () => {
  test('needs a key that is accepted', async () => {
    const { post, get } = await startBench({ keys: ['good'] });
    const body = { finetune_id: 'f', prompt: 'p' };
    for (const key of [null, 'bad']) {
      expect(await post(plain, body, key)).toEqual({ status: 403, body: { detail: 'Not authenticated' } });
      expect(await get('/v1/credits', key)).toMatchObject({ status: 403 });
      expect(await get('/v1/my_finetunes', key)).toMatchObject({ status: 403 });
      expect(await get('/v1/get_result?id=x', key)).toMatchObject({ status: 403 });
    }
    expect(await post(plain, body, 'good')).toMatchObject({ status: 200 });
  });

  test('pays per task until its credits are gone', async () => {
    const { post, get, sandbox } = await startBench({ credits: 13 });
    const body = { finetune_id: 'f', prompt: 'p' };
    expect(await post('flux-pro-1.1-ultra-finetuned', body)).toMatchObject({ status: 200, body: { cost: 7 } });
    expect(await post(plain, body)).toMatchObject({ status: 200, body: { cost: 6 } });
    expect(await get('/v1/credits')).toEqual({ status: 200, body: { credits: 0 } });
    expect(await post(plain, body)).toMatchObject({ status: 402 });
    expect(await post(plain, body, 'another')).toMatchObject({ status: 200 });
    sandbox.setCredits(6, 'test-key');
    expect(await post(plain, body)).toMatchObject({ status: 200 });
  });

  test('has at most 24 active tasks', async () => {
    const { post, submit, advance } = await startBench();
    for (let i = 0; i < 23; i++) await submit('[sandbox: duration=10s]');
    await submit('[sandbox: stuck]');
    const body = { finetune_id: 'f', prompt: 'one too many' };
    expect(await post(plain, body)).toMatchObject({ status: 429 });
    expect(await post(plain, body, 'another')).toMatchObject({ status: 200 });
    advance(10_000);
    for (let i = 0; i < 23; i++) await submit('again');
    expect(await post(plain, body)).toMatchObject({ status: 429 });
  });

  test('has finetunes', async () => {
    const { get } = await startBench({ finetunes: ['one', 'two'] });
    expect(await get('/v1/my_finetunes')).toEqual({ status: 200, body: { finetunes: ['one', 'two'] } });
  });
});
