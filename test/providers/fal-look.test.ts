import { describe, expect, it } from 'vitest';
import type { LookOutcome } from '../../src/providers/provider.js';
import { apiKey, built, startFal } from './fal.js';
import { never } from './scripted.js';
import type { Reply } from './upstream.js';

const endpoint = 'fal-ai/flux-pro/v1.1-ultra-finetuned';
const completed: Reply = { body: { status: 'COMPLETED', metrics: { inference_time: 1.5 } } };
const url = 'https://v3.fal.media/files/a%2Fb.jpeg?sig=x%2By%3D';

async function lookAt(...replies: Reply[]): Promise<LookOutcome> {
  const { provider, account } = await startFal(replies);
  return await provider.look(account, built(endpoint), never);
}

describe('status words', () => {
  it.each<[string, object]>([
    ['IN_QUEUE', { kind: 'running', known: true }],
    ['in_progress', { kind: 'running', known: true }],
    ['CANCELED', { kind: 'canceled' }],
    ['CANCELLED', { kind: 'canceled' }],
    ['NOT_FOUND', { kind: 'notFound' }],
    ['constructor', { kind: 'running', known: false, word: 'constructor' }],
    ['x'.repeat(200), { kind: 'running', known: false, word: `${'x'.repeat(59)}…` }],
  ])('%.20s', async (status, expected) => {
    expect(await lookAt({ body: { status } })).toMatchObject(expected);
  });

  it.each(['COMPLETED', 'completed', 'FAILED', 'ERROR'])('%s asks for the result', async (status) => {
    const { provider, upstream, account } = await startFal([{ body: { status } }, { body: { images: [{ url }] } }]);
    expect(await provider.look(account, built(endpoint), never)).toMatchObject({ kind: 'ready' });
    const path = '/fal-ai/flux-pro/requests/t%2F1%3F';
    expect(upstream.requests.map(({ url: seen }) => seen)).toEqual([`${path}/status`, path]);
  });

  it('has to be said', async () => {
    expect(await lookAt({ body: { status: 7 } })).toMatchObject({ kind: 'unavailable', httpStatus: 200 });
    expect(await lookAt({ status: 404, body: '<h1>no</h1>' })).toMatchObject({ kind: 'unavailable', httpStatus: 404 });
  });
});

describe('the output', () => {
  const ready = { kind: 'ready', seed: null, costMicros: null, startedAt: null, finishedAt: null };

  it.each<[string, object, object]>([
    ['a picture', { images: [{ url }], seed: 7 }, { ...ready, seed: 7, image: { kind: 'url', url } }],
    ['one picture, not in a list', { image: { url } }, { ...ready, image: { kind: 'url', url } }],
    [
      'a picture that came along',
      { images: [{ url: 'data:image/png;base64,AAAA' }] },
      { ...ready, image: { kind: 'bytes', bytes: Buffer.from([0, 0, 0]) } },
    ],
    ['a seed beyond what can be told', { images: [{ url }], seed: 2 ** 60 }, { ...ready, image: { kind: 'url', url } }],
    [
      'a black picture',
      { images: [{ url }], has_nsfw_concepts: [true] },
      { kind: 'moderated', stage: 'OUTPUT', reasons: ['NSFW'] },
    ],
    ['odd types', { images: [{ url }], seed: '7', has_nsfw_concepts: 'no' }, { ...ready, image: { kind: 'url', url } }],
  ])('%s', async (_, body, expected) => {
    expect(await lookAt(completed, { body })).toEqual(expected);
  });

  it.each([{}, { images: [] }, { images: [null] }, { images: [{ url: 'x.jpeg' }] }, { images: 'x', image: 7 }])(
    'without a picture it has failed: %j',
    async (body) => {
      expect(await lookAt(completed, { body })).toMatchObject({
        kind: 'failed',
        message: expect.stringContaining('no URL'),
      });
    },
  );
});

describe('a failed run', () => {
  const violation = { msg: 'not allowed', type: 'content_policy_violation' };

  it.each<[string, Reply, object]>([
    [
      'a violation in the prompt',
      { status: 422, body: { detail: [{ ...violation, loc: ['body', 'prompt'] }] } },
      { kind: 'moderated', stage: 'INPUT', reasons: ['not allowed'] },
    ],
    [
      'a violation of nothing in particular',
      { status: 422, body: { detail: [{ ...violation, loc: ['body'] }, violation] } },
      { kind: 'moderated', stage: 'OUTPUT', reasons: ['not allowed'] },
    ],
    [
      'a violation in words',
      { status: 422, body: { detail: 'NSFW content detected' } },
      { kind: 'moderated', stage: 'OUTPUT', reasons: ['NSFW content detected'] },
    ],
    [
      'a violation by the header',
      { status: 400, headers: { 'x-fal-error-type': 'content_policy_violation' }, body: { detail: 'the prompt' } },
      { kind: 'moderated', stage: 'INPUT' },
    ],
    [
      'a value that is wrong',
      { status: 422, body: { detail: [{ loc: ['body', 'loras', 0], msg: 'cannot be loaded', type: 'file' }] } },
      { kind: 'failed', message: 'loras.0: cannot be loaded' },
    ],
    [
      'a path that is gone: it was taken, and failed',
      { status: 404, body: { detail: 'Path /v1/canny-finetuned not found' } },
      { kind: 'failed', message: 'Path /v1/canny-finetuned not found' },
    ],
    [
      'a runner that gave up, which may go better',
      {
        status: 503,
        headers: { 'x-fal-retryable': 'true' },
        body: { detail: 'no runner', error_type: 'runner_scheduling_failure' },
      },
      { kind: 'failed', message: 'no runner (runner_scheduling_failure); another try may go well' },
    ],
    ['a fault of the model', { status: 500, body: { detail: 'boom' } }, { kind: 'failed', message: 'boom' }],
    [
      'a time that ran out, told by the header alone',
      { status: 504, headers: { 'x-fal-error-type': 'request_timeout' }, body: {} },
      { kind: 'failed', message: 'request_timeout' },
    ],
    ['no reason', { status: 400, body: {} }, { kind: 'failed', message: 'HTTP 400, and no reason given' }],
    [
      'a key in its words',
      { status: 400, body: { detail: `bad ${apiKey}` } },
      { kind: 'failed', message: 'bad [key]' },
    ],
    ['somebody ended it', { status: 499, body: { detail: 'gone' } }, { kind: 'canceled', message: 'gone' }],
    [
      'somebody ended it, by its type',
      { status: 400, body: { detail: 'gone', error_type: 'client_cancelled' } },
      { kind: 'canceled', message: 'gone' },
    ],
  ])('%s', async (_, reply, expected) => {
    expect(await lookAt(completed, reply)).toEqual(expect.objectContaining(expected));
  });

  it.each<[string, Reply, number | null]>([
    ['a key that is refused', { status: 401, body: { detail: 'no' } }, 401],
    ['a locked account', { status: 403, body: { detail: 'no' } }, 403],
    ['too many calls', { status: 429, body: { detail: 'slower' } }, 429],
    ['a gateway', { status: 502, body: '<html></html>' }, 502],
    ['a gateway that speaks JSON', { status: 503, body: { detail: 'try again' } }, 503],
    ['a fault without words', { status: 500, body: {} }, 500],
    ['a page', { body: '<html></html>' }, 200],
    ['a redirect', { status: 307, headers: { location: 'http://127.0.0.1:1/' }, body: {} }, 307],
    ['a result that is behind its status', { status: 400, body: { detail: 'Request is still in progress' } }, 400],
    ['a hang-up', { cut: 'read' }, null],
  ])('is not what this is: %s', async (_, reply, httpStatus) => {
    expect(await lookAt(completed, reply)).toMatchObject({ kind: 'unavailable', httpStatus });
  });
});

describe('where it asks', () => {
  it('as it was told, at home', async () => {
    const { provider, upstream, account } = await startFal([{ body: { status: 'COMPLETED' } }, { body: {} }]);
    const handle = {
      taskId: 't1',
      pollingUrl: `${upstream.origin}/x/status?a=1`,
      resultUrl: `${upstream.origin}/y`,
      cancelUrl: null,
    };
    await provider.look(account, handle, never);
    expect(upstream.requests.map(({ method, url: seen }) => `${method} ${seen}`)).toEqual([
      'GET /x/status?a=1',
      'GET /y',
    ]);
  });

  it('nowhere when an address is foreign and the model is not known', async () => {
    const { provider, upstream, account } = await startFal([]);
    const foreign = 'https://v3.fal.media/x';
    const handle = { taskId: 't1', pollingUrl: foreign, resultUrl: foreign, cancelUrl: foreign };
    // Listed for pictures, and still no place for the key.
    const listed = { ...account, hosts: ['.fal.media'] };
    const message = 'none of the addresses of the request may be asked with the key';
    expect(await provider.look(listed, handle, never)).toMatchObject({ kind: 'unavailable', message });
    expect(await provider.cancel?.(listed, handle, never)).toEqual({ kind: 'unavailable', message });
    expect(upstream.requests).toEqual([]);
  });
});

describe('asking for its end', () => {
  it.each<[string, Reply, object]>([
    ['a queued one', { body: { status: 'OK' } }, { kind: 'asked' }],
    ['a running one', { status: 202, body: { status: 'CANCELLATION_REQUESTED' } }, { kind: 'asked' }],
    ['an answer without words', { status: 204 }, { kind: 'asked' }],
    ['one that is over, under 200', { body: { status: 'ALREADY_COMPLETED' } }, { kind: 'tooLate' }],
    ['one that is over', { status: 409, body: { detail: 'completed' } }, { kind: 'tooLate' }],
    ['an unknown one', { status: 404, body: { status: 'NOT_FOUND' } }, { kind: 'tooLate' }],
    ['a refused key', { status: 401, body: {} }, { kind: 'unavailable' }],
  ])('%s', async (_, reply, expected) => {
    const { provider, upstream, account } = await startFal([reply]);
    expect(await provider.cancel?.(account, built(endpoint), never)).toMatchObject(expected);
    expect(upstream.requests[0]).toMatchObject({ method: 'PUT', url: '/fal-ai/flux-pro/requests/t%2F1%3F/cancel' });
    expect(upstream.requests[0]?.body).toBe('');
  });
});
