import { request } from 'node:http';
import { describe, expect, test } from 'vitest';
import { outcomeWords, readWish } from '../../src/sandbox/outcome.js';
import { plain, startBench, type Bench } from './harness.js';

async function sampleOf({ finish }: Bench, prompt: string): Promise<Response> {
  const { status, result } = await finish(prompt);
  expect(status).toBe('Ready');
  return await fetch(result?.sample ?? '');
}

const ends: readonly [string, string][] = [
  ['ready', 'Ready'],
  ['request-moderated', 'Request Moderated'],
  ['moderated', 'Content Moderated'],
  ['error', 'Error'],
  ['failed', 'Failed'],
  ['canceled', 'Error'],
  ['timeout', 'Error'],
  ['not-found', 'Task not found'],
  ['stuck', 'Pending'],
];
const refusals = ['400', '401', '402', '403', '404', '422', '429', '500', '503', '504'];

/** Words with a test of their own below. */
const others = [
  'lost-reply',
  '500-accepted',
  'slow-reply',
  'foreign-polling-url',
  'late-task',
  'unknown-status',
  'poll-500',
  'poll-429',
  'poll-html',
  'poll-truncated',
  'html-reply',
  'truncated-reply',
  'quota-200',
  'ready-at-once',
  'no-image',
  'expired',
  'html',
  'not-an-image',
  'huge',
  'foreign-sample-url',
  'duration',
];
/** Words with tests in fal.test.ts and replicate.test.ts. */
const cancels = ['cancel-ignored', 'cancel-refused', 'cancel-lost'];
/** Words with tests in responses.test.ts. */
const forms = ['in-text', 'in-base64', 'in-url'];
/** Words with tests in comfyui-wishes.test.ts. */
const comfyui = ['oom', 'crash', 'partial'];
/** Words with tests in webhook.test.ts. */
const webhooks = ['webhook-missing', 'webhook-doubled', 'webhook-late', 'webhook-forged', 'webhook-early'];

describe('the words', () => {
  test('are all tested here and described', () => {
    expect(
      [...ends.map(([word]) => word), ...refusals, ...others, ...cancels, ...forms, ...comfyui, ...webhooks].toSorted(),
    ).toEqual(Object.keys(outcomeWords).toSorted());
    for (const { description } of Object.values(outcomeWords)) expect(description).toMatch(/^[A-Z].*\.$/);
  });

  test('are read from anywhere in a prompt', () => {
    expect(readWish('a boat')).toEqual({ wish: {}, problem: null });
    expect(readWish('[Sandbox: Moderated , duration=1.5s] a boat [sandbox: late-task]').wish).toEqual({
      moderated: 1,
      duration: 1.5,
      'late-task': 3,
    });
    expect(readWish('[sandbox: duration=250ms, poll-500=7]').wish).toEqual({ duration: 0.25, 'poll-500': 7 });
  });

  test.each([
    ['[sandbox: moderatd]', /Unknown sandbox word "moderatd"\. Known words: .*moderated.*duration/],
    ['[sandbox: duration]', /"duration" needs a time/],
    ['[sandbox: duration=soon]', /"duration" needs a time/],
    ['[sandbox: html=3]', /"html" takes no value/],
    ['[sandbox: poll-500=many]', /"poll-500" takes a whole number/],
    ['[sandbox: moderated, error]', /contradict each other: moderated, error/],
  ])('%s is refused with a clear message', async (prompt, message) => {
    const { post, sandbox } = await startBench();
    const { status, body } = await post(plain, { finetune_id: 'f', prompt });
    expect(status).toBe(422);
    expect(body).toMatchObject({ detail: [{ loc: ['body', 'prompt'], msg: expect.stringMatching(message) }] });
    expect(sandbox.tasks()).toEqual([]);
  });
});

describe('an outcome', () => {
  test.each(ends)('%s ends as %s', async (word, status) => {
    const { finish } = await startBench();
    const last = await finish(`[sandbox: ${word}]`);
    expect(last.status).toBe(status);
    expect(last.result === null).toBe(status !== 'Ready');
    expect(last.details !== null && 'Moderation Reasons' in last.details).toBe(status.endsWith('Moderated'));
  });

  test.each(refusals)('%s refuses the submit and makes no task', async (word) => {
    const { post, sandbox } = await startBench();
    const { status, body } = await post(plain, { finetune_id: 'f', prompt: `[sandbox: ${word}]` });
    expect(status).toBe(Number(word));
    expect(body).toHaveProperty('detail');
    expect(sandbox.tasks()).toEqual([]);
    expect(sandbox.log()).toMatchObject([{ submit: { number: 1 }, task: null, status: Number(word), answered: true }]);
  });

  test('lost-reply makes the task and cuts the connection', async () => {
    const { post, sandbox } = await startBench();
    await expect(post(plain, { finetune_id: 'f', prompt: '[sandbox: lost-reply]' })).rejects.toThrow('fetch failed');
    const [task] = sandbox.tasks();
    expect(sandbox.log()).toMatchObject([{ submit: { number: 1 }, task: task?.id, status: null, answered: false }]);
  });

  test('lost-reply with a number spares the next submit of the same body', async () => {
    const { post, sandbox } = await startBench();
    const body = { finetune_id: 'f', prompt: '[sandbox: lost-reply=1]' };
    await expect(post(plain, body)).rejects.toThrow('fetch failed');
    expect(await post(plain, body)).toMatchObject({ status: 200 });
    expect(sandbox.stats().acceptedTwice.total).toBe(1);
  });

  test('html-reply makes the task and answers with a page', async () => {
    const { url, sandbox } = await startBench();
    const body = JSON.stringify({ finetune_id: 'f', prompt: '[sandbox: html-reply]' });
    const answer = await fetch(`${url}/v1/${plain}`, { method: 'POST', headers: { 'x-key': 'k' }, body });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    expect(await answer.text()).toContain('<html>');
    expect(sandbox.tasks()).toHaveLength(1);
  });

  test('truncated-reply makes the task and cuts the answer', async () => {
    const { url, sandbox } = await startBench();
    const body = JSON.stringify({ finetune_id: 'f', prompt: '[sandbox: truncated-reply]' });
    const answer = await fetch(`${url}/v1/${plain}`, { method: 'POST', headers: { 'x-key': 'k' }, body });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    await expect(answer.text()).rejects.toThrow('terminated');
    expect(sandbox.log()).toMatchObject([{ task: sandbox.tasks()[0]?.id, answered: false }]);
  });

  test('quota-200 is 402 here, and makes no task', async () => {
    const { post, sandbox } = await startBench();
    expect(await post(plain, { finetune_id: 'f', prompt: '[sandbox: quota-200]' })).toMatchObject({ status: 402 });
    expect(sandbox.tasks()).toEqual([]);
  });

  test('ready-at-once needs no time', async () => {
    const { submit, look } = await startBench();
    expect((await look((await submit('[sandbox: ready-at-once]')).id)).status).toBe('Ready');
  });

  test('no-image is ready without one', async () => {
    const { submit, get, advance } = await startBench();
    const { id } = await submit('[sandbox: no-image]');
    advance(60_000);
    const { body } = await get(`/v1/get_result?id=${id}`);
    expect(body).toMatchObject({ status: 'Ready', result: { seed: expect.any(Number) } });
    expect(body).not.toHaveProperty('result.sample');
  });

  test('poll-html and poll-truncated spoil the first looks', async () => {
    const { submit, url, look } = await startBench();
    const { id } = await submit('[sandbox: poll-html=1, poll-truncated=2]');
    const read = async (): Promise<Response> =>
      await fetch(`${url}/v1/get_result?id=${id}`, { headers: { 'x-key': 'test-key' } });
    expect((await read()).headers.get('content-type')).toContain('text/html');
    await expect((await read()).text()).rejects.toThrow('terminated');
    expect((await look(id)).status).toBe('Pending');
  });

  test('500-accepted makes the task and answers 500', async () => {
    const { post, sandbox } = await startBench();
    expect(await post(plain, { finetune_id: 'f', prompt: '[sandbox: 500-accepted]' })).toMatchObject({ status: 500 });
    expect(sandbox.tasks()).toHaveLength(1);
  });

  test('slow-reply makes the task at once and answers later', async () => {
    const { url, sandbox } = await startBench();
    const body = JSON.stringify({ finetune_id: 'f', prompt: '[sandbox: slow-reply=3600s]' });
    const giveUp = new AbortController();
    const waiting = fetch(`${url}/v1/${plain}`, {
      method: 'POST',
      headers: { 'x-key': 'k' },
      body,
      signal: giveUp.signal,
    });
    const failed = waiting.catch((error: unknown) => String(error));
    await expect.poll(() => sandbox.tasks().length).toBe(1);
    expect(sandbox.log()).toMatchObject([{ answered: false }]);
    giveUp.abort();
    expect(await failed).toContain('abort');
  });

  test('slow-reply ends with the answer', async () => {
    const { submit, sandbox } = await startBench({ timeScale: 1000 });
    await submit('[sandbox: slow-reply=2s]');
    expect(sandbox.log()).toMatchObject([{ answered: true, status: 200 }]);
  });

  test('foreign-polling-url points elsewhere', async () => {
    const { submit, url } = await startBench();
    expect((await submit('[sandbox: foreign-polling-url]')).polling_url).toMatch(
      /^https:\/\/[^/]+\.invalid\/v1\/get_result\?id=/,
    );
    expect((await submit('ordinary')).polling_url).toContain(url);
  });

  test('late-task is unknown for three looks, then known', async () => {
    const { submit, look } = await startBench();
    const { id } = await submit('[sandbox: late-task]');
    const seen = [];
    for (let i = 0; i < 4; i++) seen.push((await look(id)).status);
    expect(seen).toEqual(['Task not found', 'Task not found', 'Task not found', 'Pending']);
  });

  test('unknown-status says other words before Ready', async () => {
    const { submit, look, advance } = await startBench();
    const { id } = await submit('[sandbox: unknown-status, duration=10s]');
    const seen = [(await look(id)).status];
    for (const ms of [8000, 2000]) {
      advance(ms);
      seen.push((await look(id)).status);
    }
    expect(seen).toEqual(['Reasoning', 'Generating', 'Ready']);
  });

  test.each(['500', '429'])('poll-%s refuses the first looks', async (status) => {
    const { submit, get } = await startBench();
    const { id } = await submit(`[sandbox: poll-${status}=2]`);
    const seen = [];
    for (let i = 0; i < 3; i++) seen.push((await get(`/v1/get_result?id=${id}`)).status);
    expect(seen).toEqual([Number(status), Number(status), 200]);
  });

  test('expired is ready with a dead URL', async () => {
    expect((await sampleOf(await startBench(), '[sandbox: expired]')).status).toBe(403);
  });

  test('html serves a page', async () => {
    const response = await sampleOf(await startBench(), '[sandbox: html]');
    expect(response.headers.get('content-type')).toContain('text/html');
    expect(await response.text()).toContain('<html>');
  });

  test('not-an-image serves other bytes under an image type', async () => {
    const response = await sampleOf(await startBench(), '[sandbox: not-an-image]');
    expect(response.headers.get('content-type')).toBe('image/jpeg');
    expect(await response.text()).not.toContain('JFIF');
  });

  test('huge never seems to end and announces no length', async () => {
    const bench = await startBench();
    const { result } = await bench.finish('[sandbox: huge]');
    const received = await new Promise<number>((resolve, reject) => {
      const call = request(result?.sample ?? '', (response) => {
        expect(response.headers['content-length']).toBeUndefined();
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes < 8_000_000) return;
          response.destroy();
          resolve(bytes);
        });
        response.on('error', () => undefined);
      });
      call.on('error', reject);
      call.end();
    });
    expect(received).toBeGreaterThanOrEqual(8_000_000);
  });

  test('huge ends after the bytes set', async () => {
    const response = await sampleOf(await startBench({ hugeBytes: 300_000 }), '[sandbox: huge]');
    expect((await response.arrayBuffer()).byteLength).toBeGreaterThanOrEqual(300_000);
  });

  test('foreign-sample-url points elsewhere', async () => {
    const { finish } = await startBench();
    expect((await finish('[sandbox: foreign-sample-url]')).result?.sample).toMatch(
      /^https:\/\/[^/]+\.invalid\/delivery\//,
    );
  });

  test('duration is exact, divided by the time scale', async () => {
    const { submit, look, advance } = await startBench({ timeScale: 4 });
    const { id } = await submit('[sandbox: duration=2s]');
    advance(499);
    expect((await look(id)).status).toBe('Pending');
    advance(1);
    expect((await look(id)).status).toBe('Ready');
  });
});
