import { describe, expect, it } from 'vitest';
import {
  failure,
  handle,
  history,
  idle,
  image,
  interrupted,
  job,
  key,
  made,
  never,
  noJob,
  noRoute,
  nothing,
  picture,
  queue,
  start,
  startBench,
  startedAt,
  success,
} from './comfyui.js';
import type { Reply } from './upstream.js';

const absentPicture: Reply = { status: 404, body: '' };
const done = { messages: [start, success], outputs: made };

describe('a server without /api/jobs', () => {
  it('is asked by its history and queue, and for the route not every time', async () => {
    const { provider, account, task, asked } = await startBench([
      noRoute,
      nothing,
      queue(['other'], [key]),
      nothing,
      queue([key], []),
      history('success', done),
    ]);
    expect(await provider.look(account, task, never)).toMatchObject({ kind: 'running', word: 'pending', known: true });
    expect(await provider.look(account, task, never)).toMatchObject({ kind: 'running', word: 'in_progress' });
    expect(await provider.look(account, task, never)).toEqual({
      kind: 'ready',
      image: { kind: 'url', url: `${account.baseUrl}/view${picture}` },
      seed: 42,
      costMicros: 0,
      startedAt: new Date(startedAt),
      finishedAt: new Date(startedAt + 7500),
    });
    expect(asked()).toEqual([
      `GET /api/jobs/${key}`,
      `GET /history/${key}`,
      'GET /queue',
      `GET /history/${key}`,
      'GET /queue',
      `GET /history/${key}`,
    ]);
  });

  it('a POST-only or web page answer there means the same', async () => {
    const { provider, account, task } = await startBench([{ status: 405, body: '' }, history('success', done)]);
    expect(await provider.look(account, task, never)).toMatchObject({ kind: 'ready' });
  });

  it('a task that ends between the two questions is not lost', async () => {
    const { provider, account, task } = await startBench([noRoute, nothing, idle, history('success', done)]);
    expect(await provider.look(account, task, never)).toMatchObject({ kind: 'ready' });
  });

  it('what is no listing of ComfyUI’s is no answer', async () => {
    const { provider, account, task } = await startBench([noRoute, { body: { detail: 'Not Found' } }]);
    expect(await provider.look(account, task, never)).toMatchObject({ kind: 'unavailable' });
  });
});

describe('a task that is nowhere', () => {
  it('is so by the listings, not by a proxy’s 404', async () => {
    const proxy: Reply = { status: 404, body: { error: 'no such host' } };
    const { provider, account, task } = await startBench([proxy, proxy]);
    expect(await provider.look(account, task, never)).toMatchObject({ kind: 'unavailable', httpStatus: 404 });
  });

  it('but whose picture is on the disk was made before a restart', async () => {
    const there: Reply = { headers: { 'content-type': 'image/png' }, body: 'PNG' };
    const { provider, account, task, asked } = await startBench([noJob, nothing, idle, nothing, there]);
    expect(await provider.look(account, task, never)).toMatchObject({
      kind: 'ready',
      image: { kind: 'url', url: `${account.baseUrl}/view${picture}` },
      seed: null,
    });
    expect(asked().at(-1)).toBe(`GET /view${picture}`);
  });

  it('is not found otherwise', async () => {
    const { provider, account, task } = await startBench([noJob, nothing, idle, nothing, absentPicture]);
    expect(await provider.look(account, task, never)).toEqual({ kind: 'notFound' });
  });

  it('asks its picture of the account’s server, wherever that was when it was submitted', async () => {
    const { provider, account, asked } = await startBench([noJob, nothing, idle, nothing, absentPicture]);
    const outcome = await provider.look(account, handle('http://10.0.0.1:8188'), never);
    expect(outcome).toEqual({ kind: 'notFound' });
    expect(asked()).toHaveLength(5);
  });

  it('was cancelled if we had it taken off the queue', async () => {
    const replies = [{ body: { cancelled: true } }, noJob, nothing, idle, nothing];
    const { provider, account, task } = await startBench(replies);
    await provider.cancel?.(account, task, never);
    expect(await provider.look(account, task, never)).toMatchObject({ kind: 'canceled' });
  });
});

describe('ends', () => {
  const ways: [string, (word: string, ended: Parameters<typeof job>[1]) => Reply[]][] = [
    ['of a job', (word, ended) => [job(word, ended)]],
    ['of a history', (word, ended) => [noRoute, history(word === 'completed' ? 'success' : 'error', ended)]],
  ];

  describe.each(ways)('%s', (_, replies) => {
    async function look(word: string, ended: Parameters<typeof job>[1]) {
      const { provider, account, task } = await startBench(replies(word, ended));
      return await provider.look(account, task, never);
    }

    it('interrupted is canceled, also where servers call it failed', async () => {
      expect(await look('failed', { messages: [start, interrupted] })).toMatchObject({ kind: 'canceled' });
    });

    it.each([
      ['torch.OutOfMemoryError', 'Allocation on device'],
      ['torch.cuda.OutOfMemoryError', 'CUDA out of memory. Tried to allocate 2.00 GiB'],
      ['RuntimeError', 'MPS backend out of memory (MPS allocated: 18 GB)'],
    ])('%s is said to be out of memory', async (type, message) => {
      expect(await look('failed', { messages: [start, failure(type, message)] })).toEqual({
        kind: 'failed',
        message: `the server's GPU ran out of memory in node 9 KSampler (${type}: ${message})`,
      });
    });

    it('another error is told with its type and node', async () => {
      const messages = [start, failure('ValueError', 'bad\n  shape')];
      expect(await look('failed', { messages })).toEqual({
        kind: 'failed',
        message: 'the workflow failed in node 9 KSampler: ValueError: bad shape',
      });
    });

    it('an error without a word is a failure all the same', async () => {
      expect(await look('failed', { messages: [] })).toMatchObject({ kind: 'failed' });
    });

    it.each<[string, object]>([
      ['nothing', {}],
      ['a preview only', { '11': { images: [{ ...image, type: 'temp' }] } }],
      ['another node’s picture', { '12': { images: [image] } }],
      ['what is no picture', { '11': { images: ['x', null, {}], text: ['hello'] }, '12': null }],
    ])('success with %s is a failure', async (__, outputs) => {
      expect(await look('completed', { messages: [start, success], outputs })).toEqual({
        kind: 'failed',
        message: 'the workflow ended without a saved image of node 11',
      });
    });

    it('without our marker the first saved picture counts', async () => {
      const outputs = { '9': { images: [{ ...image, type: 'temp' }] }, '12': { images: [image] } };
      const ended = { messages: [start, success], outputs, extra: {} };
      expect(await look('completed', ended)).toMatchObject({ kind: 'ready', seed: null });
    });
  });

  it('names of files are told in full', async () => {
    const odd = { filename: 'ä & ü.png', subfolder: 'a\\b', type: 'output' };
    const { provider, account, task } = await startBench([
      job('completed', { messages: [], outputs: { '11': { images: [odd] } } }),
    ]);
    const outcome = await provider.look(account, task, never);
    expect(outcome).toMatchObject({ kind: 'ready', startedAt: null, finishedAt: null });
    const url = new URL(outcome.kind === 'ready' && outcome.image.kind === 'url' ? outcome.image.url : '');
    expect(Object.fromEntries(url.searchParams)).toEqual(odd);
  });
});
