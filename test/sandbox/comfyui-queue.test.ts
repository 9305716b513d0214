import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startComfy, textGraph } from './comfyui.js';
import { still } from './images.js';

const tenSeconds = '[sandbox: duration=10s]';

describe('the queue', () => {
  test('runs one prompt at a time, the lowest number first', async () => {
    const { prompt, advance, queue, history, get } = await startComfy();
    const [a, b, c, d] = [
      await prompt(textGraph(`a ${tenSeconds}`)),
      await prompt(textGraph(`b ${tenSeconds}`)),
      await prompt(textGraph(`c ${tenSeconds}`), { front: true }),
      await prompt(textGraph(`d ${tenSeconds}`), { number: 0.5 }),
    ];
    expect(await queue()).toEqual({ running: [a], pending: [b, c, d] });
    expect((await get('/prompt')).body).toEqual({ exec_info: { queue_remaining: 4 } });
    for (const running of [c, d, b]) {
      advance(10_000);
      expect((await queue()).running).toEqual([running]);
    }
    expect(await history(b)).toBeNull();
    advance(10_000);
    expect(await queue()).toEqual({ running: [], pending: [] });
    expect((await history(b))?.status).toMatchObject({ status_str: 'success', completed: true });
  });

  test('leaves times as they would have been, however late somebody looks', async () => {
    const { prompt, advance, history, sandbox } = await startComfy({ timeScale: 10 });
    const ids = [await prompt(textGraph(`a ${tenSeconds}`)), await prompt(textGraph(`b ${tenSeconds}`))];
    expect(sandbox.tasks().map(({ finishedAt }) => finishedAt)).toEqual([null, null]);
    expect(sandbox.stats().keys['comfyui']).toMatchObject({ active: 2, maxActive: 2 });
    advance(3_600_000);
    const ends = await Promise.all(ids.map(async (id) => (await history(id))?.status.messages.at(-1)));
    expect(ends.map((end) => end?.[0])).toEqual(['execution_success', 'execution_success']);
    expect(ends.map((end) => end?.[1].timestamp)).toEqual([1_800_000_001_000, 1_800_000_002_000]);
    const times = sandbox.tasks().map(({ startedAt, finishedAt }) => [startedAt, Math.round(finishedAt ?? 0)]);
    expect(times).toEqual([
      [1_800_000_000_000, 1_800_000_001_000],
      [expect.closeTo(1_800_000_001_000, 3), 1_800_000_002_000],
    ]);
    expect(sandbox.stats().keys['comfyui']).toMatchObject({ active: 0, maxActive: 2 });
  });

  test('gives up what is deleted, without a trace; what runs it keeps', async () => {
    const { prompt, post, queue, history, get, advance, sandbox } = await startComfy();
    const [a, b, c, d] = [
      await prompt(textGraph('a')),
      await prompt(textGraph('b')),
      await prompt(textGraph('c')),
      await prompt(textGraph('d')),
    ];
    expect(await post('/queue', { delete: [a, b, 'unknown'] })).toMatchObject({ status: 200, body: '' });
    expect(await queue()).toEqual({ running: [a], pending: [c, d] });
    await post('/queue', { clear: true });
    expect(await queue()).toEqual({ running: [a], pending: [] });
    expect(sandbox.stats().keys['comfyui']).toMatchObject({ active: 1 });
    expect(sandbox.tasks().map(({ canceledAt }) => canceledAt !== null)).toEqual([false, true, true, true]);
    advance(600_000);
    for (const id of [b, c, d]) {
      expect(await history(id)).toBeNull();
      expect(await get(`/api/jobs/${id}`)).toMatchObject({ status: 404, body: { error: 'Job not found' } });
    }
    expect(await history(a)).not.toBeNull();
  });
});

describe('an interrupt', () => {
  test('stops the prompt that it names between two steps, and no other', async () => {
    const { prompt, post, advance, history, queue, get } = await startComfy();
    const a = await prompt(textGraph(`a ${tenSeconds}`));
    const b = await prompt(textGraph(`b ${tenSeconds}`));
    advance(5_000);
    await post('/interrupt', { prompt_id: b });
    advance(500);
    expect(await queue()).toEqual({ running: [a], pending: [b] });
    expect(await post('/interrupt', { prompt_id: a })).toMatchObject({ status: 200, body: '' });
    expect((await queue()).running).toEqual([a]);
    advance(500);
    expect((await queue()).running).toEqual([b]);
    const { status, outputs } = (await history(a)) ?? {};
    expect(status).toMatchObject({ status_str: 'error', completed: false });
    expect(status?.messages.at(-1)).toEqual([
      'execution_interrupted',
      expect.objectContaining({
        prompt_id: a,
        node_id: '8',
        node_type: 'KSampler',
        executed: expect.arrayContaining(['1', '5']),
      }),
    ]);
    expect(outputs).toEqual({});
    expect((await get(`/api/jobs/${a}`)).body).toMatchObject({ status: 'cancelled' });
  });

  test.each([
    ['without a body', 'new', undefined],
    ['with another prompt in it, at an older server', 'old', { prompt_id: 'somebody' }],
  ] as const)('%s stops whatever runs', async (_name, comfyui, body) => {
    const { prompt, post, advance, history } = await startComfy({ comfyui });
    const a = await prompt(textGraph(`a ${tenSeconds}`));
    advance(5_000);
    await post('/interrupt', body);
    advance(500);
    expect((await history(a))?.status.messages.at(-1)?.[0]).toBe('execution_interrupted');
  });

  test('that comes during the last step is too late', async () => {
    const { prompt, post, advance, history } = await startComfy();
    const a = await prompt(textGraph(`a ${tenSeconds}`));
    advance(9_990);
    expect((await post(`/api/jobs/${a}/cancel`)).body).toEqual({ cancelled: true });
    advance(10);
    expect((await history(a))?.status.status_str).toBe('success');
  });
});

describe('jobs', () => {
  test('are found whatever their state, and cancelled once', async () => {
    const { prompt, get, post, advance } = await startComfy();
    const a = await prompt(textGraph(`a ${tenSeconds}`), { extra_data: { extra_pnginfo: { workflow: { id: 'w1' } } } });
    const b = await prompt(textGraph('b'));
    const c = await prompt(textGraph('c [sandbox: error]'));
    expect((await get(`/api/jobs/${a}`)).body).toMatchObject({
      id: a,
      status: 'in_progress',
      priority: 0,
      create_time: 1_800_000_000_000,
      outputs_count: 0,
      workflow_id: 'w1',
      workflow: { prompt: { '10': { class_type: 'SaveImage' } } },
    });
    expect((await get(`/api/jobs/${b}`)).body).toMatchObject({ status: 'pending' });
    expect((await post(`/api/jobs/${b}/cancel`)).body).toEqual({ cancelled: true });
    expect((await post(`/api/jobs/${b}/cancel`)).body).toEqual({ cancelled: false });
    expect((await get(`/api/jobs/${b}`)).status).toBe(404);
    advance(600_000);
    expect((await post(`/api/jobs/${a}/cancel`)).body).toEqual({ cancelled: false });
    expect((await get(`/api/jobs/${a}`)).body).toMatchObject({
      status: 'completed',
      execution_start_time: 1_800_000_000_000,
      execution_end_time: 1_800_000_010_000,
      outputs_count: 1,
      preview_output: { filename: 'flux_00001_.png', subfolder: '', type: 'output', nodeId: '10', mediaType: 'images' },
      outputs: { '10': { images: [{ filename: 'flux_00001_.png' }] } },
      execution_status: { status_str: 'success' },
    });
    expect((await get(`/api/jobs/${c}`)).body).toMatchObject({
      status: 'failed',
      execution_error: { node_type: 'KSampler', exception_type: 'RuntimeError' },
    });
  });

  test('are listed by state, in pages and in order', async () => {
    const { prompt, get, advance } = await startComfy();
    const ids: string[] = [];
    for (const name of ['a', 'b', 'c']) {
      ids.push(await prompt(textGraph(name)));
      advance(1_000);
    }
    const list = async (query: string): Promise<unknown> => {
      const { body } = await get(`/api/jobs${query}`);
      const { jobs, pagination } = body as { jobs: { id: string; status: string }[]; pagination: unknown };
      return [jobs.map(({ id, status }) => [ids.indexOf(id), status]), pagination];
    };
    expect(await list('')).toEqual([
      [
        [2, 'pending'],
        [1, 'pending'],
        [0, 'in_progress'],
      ],
      { offset: 0, limit: null, total: 3, has_more: false },
    ]);
    expect(await list('?status=pending&sort_order=asc&limit=1')).toEqual([
      [[1, 'pending']],
      { offset: 0, limit: 1, total: 2, has_more: true },
    ]);
    expect(await list('?offset=2&limit=5')).toEqual([
      [[0, 'in_progress']],
      { offset: 2, limit: 5, total: 3, has_more: false },
    ]);
    for (const wrong of ['status=done', 'limit=0', 'limit=x', 'sort_by=age', 'sort_order=up', 'offset=x']) {
      expect(await get(`/api/jobs?${wrong}`)).toMatchObject({ status: 400, body: { error: expect.any(String) } });
    }
  });
});

test('history is paged, and forgotten on request', async () => {
  const { prompt, get, post, advance } = await startComfy();
  const ids: string[] = [];
  for (const name of ['a', 'b', 'c', 'd']) ids.push(await prompt(textGraph(name)));
  advance(600_000);
  const list = async (query: string): Promise<number[]> =>
    Object.keys((await get(`/history${query}`)).body as object).map((id) => ids.indexOf(id));
  expect(await list('')).toEqual([0, 1, 2, 3]);
  expect(await list('?max_items=2')).toEqual([2, 3]);
  expect(await list('?max_items=2&offset=1')).toEqual([1, 2]);
  await post('/history', { delete: [ids[1]] });
  expect(await list('')).toEqual([0, 2, 3]);
  await post('/history', { clear: true });
  expect(await list('')).toEqual([]);
});

test('the same graph comes from the cache; what changed is made anew', async () => {
  const { prompt, advance, history } = await startComfy();
  const cachedOf = async (id: string): Promise<unknown> =>
    (await history(id))?.status.messages.find(([event]) => event === 'execution_cached')?.[1]['nodes'];
  const first = await prompt(textGraph('a'));
  advance(600_000);
  expect(await cachedOf(first)).toEqual([]);
  const again = await prompt(textGraph('a'));
  expect(await cachedOf(again)).toEqual(['1', '2', '3', '5', '6', '7', '8', '4', '9', '10']);
  expect((await history(again))?.outputs).toEqual((await history(first))?.outputs);
  const other = await prompt(textGraph('a', { seed: 2 }));
  advance(600_000);
  expect(await cachedOf(other)).toEqual(['1', '2', '3', '5', '6', '7', '4']);
  expect((await history(other))?.outputs['10']?.images[0]?.filename).toBe('flux_00002_.png');
});

test('at an older server a prompt from the cache has no outputs', async () => {
  const { prompt, advance, history } = await startComfy({ comfyui: 'old' });
  await prompt(textGraph('a'));
  advance(600_000);
  expect(await history(await prompt(textGraph('a')))).toMatchObject({ status: { status_str: 'success' }, outputs: {} });
});

describe('a restart', () => {
  test('of ComfyUI loses queue and history, and keeps the files', async () => {
    const { prompt, advance, restart, history, queue, get, post, sandbox } = await startComfy();
    const done = await prompt(textGraph('a'));
    advance(600_000);
    expect(await history(done)).not.toBeNull();
    const ids = [await prompt(textGraph('b')), await prompt(textGraph('c'))];
    await restart(5_000);
    expect((await get('/queue')).status).toBe(502);
    advance(5_000);
    expect(await queue()).toEqual({ running: [], pending: [] });
    for (const id of [done, ...ids]) expect(await history(id)).toBeNull();
    expect((await get('/view?filename=flux_00001_.png')).status).toBe(200);
    expect((await post('/prompt', { prompt: textGraph('d') })).body).toMatchObject({ number: 0 });
    expect(sandbox.stats().keys['comfyui']).toMatchObject({ active: 1 });
  });

  test('of the sandbox keeps files and submits in its state folder, and nothing else', async () => {
    const stateDir = await mkdtemp(join(tmpdir(), 'sandbox-'));
    onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
    const before = await startComfy({ stateDir });
    await before.upload(await still(48, 32), 'a.png');
    const id = await before.prompt(textGraph('a'));
    before.advance(600_000);
    expect(await before.history(id)).not.toBeNull();
    await before.prompt(textGraph('b'));
    await before.sandbox.stop();

    const after = await startComfy({ stateDir });
    expect(await after.history(id)).toBeNull();
    expect(await after.queue()).toEqual({ running: [], pending: [] });
    expect(after.sandbox.log().filter(({ submit }) => submit !== null)).toHaveLength(2);
    expect(after.sandbox.stats().keys['comfyui'] ?? { active: 0 }).toMatchObject({ active: 0 });
    expect((await after.get('/view?filename=a.png&type=input')).bytes).toEqual(await still(48, 32));
    expect((await after.get('/view?filename=flux_00001_.png')).type).toBe('image/png');
    expect((await after.upload(await still(40, 32), 'a.png')).body).toMatchObject({ name: 'a (1).png' });
  });
});
