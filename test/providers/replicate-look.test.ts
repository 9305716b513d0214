import { describe, expect, it } from 'vitest';
import type { LookOutcome } from '../../src/providers/provider.js';
import { apiKey, startReplicate, task } from './replicate.js';
import { never } from './scripted.js';
import type { Reply } from './upstream.js';

const url = 'https://replicate.delivery/pbxt/a%2Fb/out-0.webp?sig=x%2By%3D';

async function lookAt(reply: Reply): Promise<LookOutcome> {
  const { provider, account } = await startReplicate([reply]);
  return await provider.look(account, task, never);
}

describe('status words', () => {
  it.each<[string, object]>([
    ['starting', { kind: 'running', known: true }],
    ['PROCESSING', { kind: 'running', known: true }],
    ['canceled', { kind: 'canceled' }],
    ['cancelled', { kind: 'canceled' }],
    ['aborted', { kind: 'canceled', message: 'the prediction was aborted before it started' }],
    ['queued', { kind: 'running', known: false, word: 'queued' }],
    ['constructor', { kind: 'running', known: false }],
    ['x'.repeat(200), { kind: 'running', known: false, word: `${'x'.repeat(59)}…` }],
  ])('%.20s', async (status, expected) => {
    expect(await lookAt({ body: { id: 't1', status, output: [url] } })).toMatchObject(expected);
  });
});

describe('a success', () => {
  const ready = {
    kind: 'ready',
    image: { kind: 'url', url },
    seed: null,
    costMicros: null,
    startedAt: null,
    finishedAt: null,
  };

  it.each<[string, object, object]>([
    ['one address', { output: url }, ready],
    ['a list of addresses', { output: [url, 'https://x.example/2'] }, ready],
    ['an address within an object', { output: [{ url }] }, ready],
    [
      'a picture that came along',
      { output: 'data:image/png;base64,AAAA' },
      { ...ready, image: { kind: 'bytes', bytes: Buffer.alloc(3) } },
    ],
    ['the seed that was asked for', { output: url, input: { seed: 0 }, logs: 'Using seed: 7' }, { ...ready, seed: 0 }],
    ['the seed that was chosen', { output: url, input: {}, logs: 'x\nUsing seed: 41133\n' }, { ...ready, seed: 41133 }],
    ['a seed beyond what can be told', { output: url, logs: 'seed: 9999999999999999' }, ready],
    [
      'its times',
      { output: url, started_at: '2026-01-01T00:00:01.25Z', completed_at: '2026-01-01T00:00:07.5+00:00' },
      { ...ready, startedAt: new Date('2026-01-01T00:00:01.250Z'), finishedAt: new Date('2026-01-01T00:00:07.500Z') },
    ],
    [
      'its start by how long it ran',
      { output: url, completed_at: '2026-01-01T00:00:07.5Z', metrics: { predict_time: 6.25 } },
      { ...ready, startedAt: new Date('2026-01-01T00:00:01.250Z'), finishedAt: new Date('2026-01-01T00:00:07.500Z') },
    ],
    [
      'odd types',
      { output: url, input: 'x', logs: null, metrics: 'x', started_at: 'x', completed_at: 7, data_removed: 'x' },
      ready,
    ],
  ])('%s', async (_, body, expected) => {
    expect(await lookAt({ body: { status: 'succeeded', ...body } })).toEqual(expected);
  });

  it.each([{ output: null }, {}, { output: null, data_removed: true }, { output: [url], data_removed: true }])(
    'whose output was removed: %j',
    async (body) => {
      expect(await lookAt({ body: { status: 'succeeded', ...body } })).toMatchObject({ kind: 'removed' });
    },
  );

  it.each([
    { output: [] },
    { output: '' },
    { output: 7 },
    { output: ['x.png'] },
    { output: [null] },
    { output: {} },
    { output: null, data_removed: false },
  ])('without a picture is a failure: %j', async (body) => {
    const expected = { kind: 'failed', message: expect.stringContaining('no URL') };
    expect(await lookAt({ body: { status: 'succeeded', ...body } })).toMatchObject(expected);
  });
});

describe('a failure', () => {
  it.each<[unknown, object]>([
    ['CUDA out of memory', { kind: 'failed', message: 'CUDA out of memory' }],
    [{ message: 'deep' }, { kind: 'failed', message: 'deep' }],
    [null, { kind: 'failed', message: 'the provider reports a failure and gives no reason' }],
    [`token ${apiKey}`, { kind: 'failed', message: 'token [key]' }],
    [
      'NSFW content detected. Try running it again, or try a different prompt.',
      {
        kind: 'moderated',
        stage: 'OUTPUT',
        reasons: ['NSFW content detected. Try running it again, or try a different prompt.'],
      },
    ],
    ['The input or output was flagged as sensitive. (E005)', { kind: 'moderated', stage: 'OUTPUT' }],
    ['Your prompt was flagged', { kind: 'moderated', stage: 'INPUT' }],
  ])('%j', async (error, expected) => {
    expect(await lookAt({ body: { status: 'failed', error } })).toMatchObject(expected);
  });
});

describe('no answer about the task', () => {
  it('heeds the words of a throttle', async () => {
    const reply = { status: 429, body: { detail: 'Your rate limit resets in ~3s.' } };
    expect(await lookAt(reply)).toMatchObject({ kind: 'unavailable', httpStatus: 429, retryAfterMs: 3000 });
  });

  it.each<[string, Reply, object]>([
    ['no status', { body: { id: 't1' } }, { httpStatus: 200 }],
    ['a 404 that is a page', { status: 404, body: '<h1>no</h1>' }, { httpStatus: 404 }],
    ['a success under an error', { status: 500, body: { status: 'succeeded', output: url } }, { httpStatus: 500 }],
  ])('%s', async (_, reply, expected) => {
    expect(await lookAt(reply)).toMatchObject({ kind: 'unavailable', ...expected });
  });

  it('a large answer is read: it repeats the images that were sent', async () => {
    const body = { status: 'processing', input: { control_image: `data:image/png;base64,${'A'.repeat(20_000_000)}` } };
    expect(await lookAt({ body })).toMatchObject({ kind: 'running' });
  });
});

describe('where it asks', () => {
  it('as it was told, at home, and otherwise by the id', async () => {
    const running = { body: { status: 'starting' } };
    const { provider, upstream, account } = await startReplicate([running, running, running]);
    const pollingUrl = `${upstream.origin}/v1/elsewhere/t1`;
    await provider.look(account, { ...task, pollingUrl }, never);
    await provider.look(account, task, never);
    // Listed for pictures, and still no place for the token.
    const listed = { ...account, hosts: ['.replicate.delivery'] };
    await provider.look(listed, { ...task, pollingUrl: 'https://replicate.delivery/v1/predictions/t1' }, never);
    expect(upstream.requests.map((seen) => seen.url)).toEqual([
      '/v1/elsewhere/t1',
      '/v1/predictions/t%2F1%3F',
      '/v1/predictions/t%2F1%3F',
    ]);
  });
});

describe('asking for its end', () => {
  it.each<[string, Reply, object]>([
    ['canceled', { body: { status: 'canceled' } }, { kind: 'asked' }],
    ['aborted', { body: { status: 'aborted' } }, { kind: 'asked' }],
    ['still running', { body: { status: 'processing' } }, { kind: 'asked' }],
    ['no words', { status: 200, body: '' }, { kind: 'asked' }],
    ['succeeded before', { body: { status: 'succeeded' } }, { kind: 'tooLate' }],
    ['failed before', { body: { status: 'failed' } }, { kind: 'tooLate' }],
    ['unknown', { status: 404, body: { detail: 'Not found.' } }, { kind: 'tooLate' }],
    ['throttled', { status: 429, body: {} }, { kind: 'unavailable' }],
  ])('%s', async (_, reply, expected) => {
    const { provider, upstream, account } = await startReplicate([reply]);
    expect(await provider.cancel?.(account, task, never)).toMatchObject(expected);
    expect(upstream.requests[0]).toMatchObject({ method: 'POST', url: '/v1/predictions/t%2F1%3F/cancel', body: '' });
  });
});
