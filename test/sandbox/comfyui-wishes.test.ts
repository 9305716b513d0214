import { describe, expect, test } from 'vitest';
import { startComfy, textGraph, type ComfyBench } from './comfyui.js';

/** Submits a prompt with these words, lets it end, and gives its last message. */
async function endOf({ prompt, advance, history }: ComfyBench, words: string): Promise<unknown> {
  const id = await prompt(textGraph(`a boat [sandbox: ${words}]`));
  advance(600_000);
  return (await history(id))?.status.messages.at(-1);
}

async function saved(
  { picture, get }: ComfyBench,
  words: string,
): Promise<{ status: number; type: string; text: string }> {
  await picture(textGraph(`a boat [sandbox: ${words}]`));
  const { status, type, bytes } = await get('/view?filename=flux_00001_.png');
  return { status, type, text: bytes.toString('latin1') };
}

describe('an end', () => {
  test.each(['error', 'failed', 'timeout'])('by %s is an execution error', async (word) => {
    expect(await endOf(await startComfy(), word)).toEqual([
      'execution_error',
      expect.objectContaining({
        exception_type: 'RuntimeError',
        exception_message: 'Asked for by the prompt\n',
        node_id: '8',
      }),
    ]);
  });

  test('by canceled is an interrupt that nobody asked for', async () => {
    const bench = await startComfy();
    expect(await endOf(bench, 'canceled')).toMatchObject(['execution_interrupted', { node_id: '8' }]);
    expect(bench.sandbox.tasks()[0]?.canceledAt).not.toBeNull();
  });

  test('comes at once', async () => {
    const { prompt, history } = await startComfy();
    expect(await history(await prompt(textGraph('a [sandbox: ready-at-once]')))).toMatchObject({
      status: { completed: true },
    });
  });

  test('by oom runs out of memory', async () => {
    expect(await endOf(await startComfy(), 'oom')).toEqual([
      'execution_error',
      expect.objectContaining({ exception_type: 'torch.OutOfMemoryError' }),
    ]);
  });

  test('by moderation is none: ComfyUI knows of no such thing', async () => {
    expect(await endOf(await startComfy(), 'moderated')).toMatchObject(['execution_success', {}]);
  });

  test('by crash takes queue and history with it', async () => {
    const { prompt, advance, history, queue, sandbox } = await startComfy();
    const before = await prompt(textGraph('a'));
    advance(600_000);
    expect(await history(before)).not.toBeNull();
    const ids = [await prompt(textGraph('b [sandbox: crash]')), await prompt(textGraph('c'))];
    advance(600_000);
    expect(await queue()).toEqual({ running: [], pending: [] });
    for (const id of [before, ...ids]) expect(await history(id)).toBeNull();
    expect(sandbox.stats().keys['comfyui']).toMatchObject({ active: 0 });
  });

  test('never comes when it is stuck, until it is interrupted', async () => {
    const { prompt, advance, history, queue, post } = await startComfy();
    const id = await prompt(textGraph('a [sandbox: stuck]'));
    const next = await prompt(textGraph('b'));
    advance(86_000_000);
    expect(await queue()).toEqual({ running: [id], pending: [next] });
    await post('/interrupt', { prompt_id: id });
    advance(1_000);
    expect((await history(id))?.status.messages.at(-1)?.[0]).toBe('execution_interrupted');
    expect(await queue()).toEqual({ running: [next], pending: [] });
  });

  test('not-found is accepted, and then nowhere', async () => {
    const { prompt, queue, history, get, sandbox } = await startComfy();
    const id = await prompt(textGraph('a [sandbox: not-found]'));
    expect(await queue()).toEqual({ running: [], pending: [] });
    expect(await history(id)).toBeNull();
    expect((await get(`/api/jobs/${id}`)).status).toBe(404);
    expect(sandbox.tasks()).toHaveLength(1);
  });
});

describe('a submit', () => {
  test.each([401, 402, 403, 404, 422, 429, 503, 504])('is refused with %i, as by a proxy', async (status) => {
    const { post, sandbox } = await startComfy();
    const reply = await post('/prompt', { prompt: textGraph(`a [sandbox: ${status}]`) });
    expect(reply).toMatchObject({ status, type: 'text/html', body: expect.stringContaining('nginx') });
    expect(sandbox.tasks()).toEqual([]);
  });

  test('is refused with 400 and 500 in ComfyUI’s own way', async () => {
    const { post } = await startComfy();
    expect(await post('/prompt', { prompt: textGraph('a [sandbox: 400]') })).toMatchObject({
      status: 400,
      body: {
        error: { type: 'prompt_outputs_failed_validation' },
        node_errors: { '5': { dependent_outputs: ['10'] } },
      },
    });
    expect(await post('/prompt', { prompt: textGraph('a [sandbox: 500]') })).toMatchObject({
      status: 500,
      body: '500 Internal Server Error\n\nServer got itself in trouble',
    });
  });

  test('with an unknown word is refused, and says which are known', async () => {
    const { post } = await startComfy();
    expect(await post('/prompt', { prompt: textGraph('a [sandbox: mood]') })).toMatchObject({
      status: 400,
      body: { node_errors: { '5': { errors: [{ details: expect.stringContaining('Unknown sandbox word "mood"') }] } } },
    });
  });

  test('whose reply is lost runs, and can be found by the id chosen in advance', async () => {
    const { post, queue, sandbox } = await startComfy();
    const prompt_id = '01920000-0000-7000-8000-00000000abcd';
    await expect(post('/prompt', { prompt: textGraph('a [sandbox: lost-reply]'), prompt_id })).rejects.toThrow(
      'fetch failed',
    );
    expect((await queue()).running).toEqual([prompt_id]);
    expect(sandbox.log()[0]).toMatchObject({ answered: false, task: prompt_id });
  });

  test.each([
    ['html-reply', 'text/html; charset=utf-8'],
    ['truncated-reply', null],
  ])('answered with %s runs all the same', async (word, type) => {
    const { post, queue } = await startComfy();
    const answer = await post('/prompt', { prompt: textGraph(`a [sandbox: ${word}]`) }).catch(() => null);
    expect(answer?.type ?? null).toBe(type);
    expect((await queue()).running).toHaveLength(1);
  });

  test('answered 500 runs all the same', async () => {
    const { post, queue } = await startComfy();
    expect((await post('/prompt', { prompt: textGraph('a [sandbox: 500-accepted]') })).status).toBe(500);
    expect((await queue()).running).toHaveLength(1);
  });

  test('with a slow reply is in the queue at once', async () => {
    const { post, queue } = await startComfy({ timeScale: 10 });
    const answer = post('/prompt', { prompt: textGraph('a [sandbox: slow-reply=3s]') });
    await expect.poll(async () => (await queue()).running.length).toBe(1);
    expect(await Promise.race([answer, Promise.resolve('not yet')])).toBe('not yet');
    expect((await answer).status).toBe(200);
  });

  test('taken in part names the saving node, and saves nothing', async () => {
    const { post, advance, history } = await startComfy();
    const { status, body } = await post('/prompt', { prompt: textGraph('a [sandbox: partial]') });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      node_errors: {
        '10': { errors: [{ type: 'value_not_in_list' }], dependent_outputs: ['10'], class_type: 'SaveImage' },
      },
    });
    advance(600_000);
    expect(await history((body as { prompt_id: string }).prompt_id)).toMatchObject({
      outputs: {},
      status: { status_str: 'success' },
    });
  });

  test('has faults by chance as well', async () => {
    const { post, sandbox } = await startComfy({ faults: { http500: 1 } });
    expect((await post('/prompt', { prompt: textGraph('a') })).status).toBe(500);
    expect(sandbox.tasks()).toEqual([]);
  });
});

describe('a cancel', () => {
  test.each([
    ['cancel-ignored', { cancelled: true }],
    ['cancel-refused', { cancelled: false }],
  ])('meets %s, and the prompt runs on', async (word, body) => {
    const { prompt, post, advance, history } = await startComfy();
    const id = await prompt(textGraph(`a [sandbox: ${word}]`));
    expect((await post(`/api/jobs/${id}/cancel`)).body).toEqual(body);
    expect((await post('/interrupt', { prompt_id: id })).status).toBe(200);
    advance(600_000);
    expect((await history(id))?.status.status_str).toBe('success');
  });

  test('whose answer is lost has stopped what runs, and taken out what waits', async () => {
    const { prompt, post, advance, history, queue } = await startComfy();
    const ids = [
      await prompt(textGraph('a [sandbox: cancel-lost]')),
      await prompt(textGraph('b [sandbox: cancel-lost]')),
    ];
    await expect(post('/queue', { delete: [ids[1]] })).rejects.toThrow('fetch failed');
    expect(await queue()).toEqual({ running: [ids[0]], pending: [] });
    await expect(post('/interrupt', { prompt_id: ids[0] })).rejects.toThrow('fetch failed');
    advance(600_000);
    expect((await history(ids[0] ?? ''))?.status.messages.at(-1)?.[0]).toBe('execution_interrupted');
  });
});

describe('a look', () => {
  test.each([
    ['poll-500=2', [500, 500, 200]],
    ['poll-429=1', [429, 200, 200]],
    ['poll-html=1', [200, 200, 200]],
  ])('meets %s', async (words, expected) => {
    const { prompt, get, sandbox } = await startComfy();
    const id = await prompt(textGraph(`a [sandbox: ${words}]`));
    const seen = [];
    for (const path of [`/history/${id}`, `/api/jobs/${id}`, `/history/${id}`]) seen.push((await get(path)).status);
    expect(seen).toEqual(expected);
    expect(sandbox.stats().looks).toBe(3);
  });

  test('finds a late task late', async () => {
    const { prompt, get } = await startComfy();
    const id = await prompt(textGraph('a [sandbox: late-task=1]'));
    expect((await get(`/api/jobs/${id}`)).status).toBe(404);
    expect((await get(`/api/jobs/${id}`)).status).toBe(200);
  });

  test('reads a word that nobody knows', async () => {
    const { prompt, get } = await startComfy();
    const id = await prompt(textGraph('a [sandbox: unknown-status]'));
    expect((await get(`/api/jobs/${id}`)).body).toMatchObject({ status: 'preparing' });
  });
});

describe('a result', () => {
  test('is none', async () => {
    const { prompt, advance, history } = await startComfy();
    const id = await prompt(textGraph('a [sandbox: no-image]'));
    advance(600_000);
    expect(await history(id)).toMatchObject({ outputs: { '10': { images: [] } }, status: { status_str: 'success' } });
  });

  test('is gone when expired', async () => {
    expect((await saved(await startComfy(), 'expired')).status).toBe(404);
  });

  test('is a page of HTML', async () => {
    const { status, type, text } = await saved(await startComfy(), 'html');
    expect([status, type]).toEqual([200, 'text/html; charset=utf-8']);
    expect(text).toContain('<html>');
  });

  test('is only called an image', async () => {
    expect(await saved(await startComfy(), 'not-an-image')).toMatchObject({
      status: 200,
      type: 'image/png',
      text: expect.stringContaining('no image'),
    });
  });

  test('is huge', async () => {
    const bench = await startComfy({ hugeBytes: 300_000 });
    expect((await saved(bench, 'huge')).text.length).toBeGreaterThanOrEqual(300_000);
  });
});
