import { describe, expect, it, onTestFinished } from 'vitest';
import type { LookOutcome } from '../../src/providers/provider.js';
import { apiKey, handle, never, startBench } from './bfl.js';
import { startMute, startUpstream, type Reply } from './upstream.js';

const task = handle('t1', null);

async function lookAt(reply: Reply): Promise<LookOutcome> {
  const { provider, account } = await startBench([reply]);
  return provider.look(account, task, never);
}

const sample = 'https://delivery-eu1.bfl.ai/results/a%2Fb.jpeg?sig=x%2By%3D&se=1';

describe('status words', () => {
  const ready = { sample, seed: null, start_time: null, end_time: null };
  const running = { kind: 'running', known: true, progress: null };
  const input = { kind: 'moderated', stage: 'INPUT', reasons: [] };
  const output = { kind: 'moderated', stage: 'OUTPUT', reasons: [] };
  const failed = { kind: 'failed', message: 'the provider reports a failure and gives no reason' };

  it.each<[string, object]>([
    ['Pending', running],
    ['Reasoning', running],
    ['Generating', running],
    ['Ready', { kind: 'ready', image: { kind: 'url', url: sample } }],
    ['Request Moderated', input],
    ['Content Moderated', output],
    ['Error', failed],
    ['Failed', failed],
    ['Task not found', { kind: 'notFound' }],
    ['PENDING', running],
    ['ready', { kind: 'ready' }],
    ['request_moderated', input],
    ['content-moderated', output],
    [' TASK NOT FOUND ', { kind: 'notFound' }],
    ['Warming up', { ...running, known: false, word: 'Warming up' }],
    ['constructor', { ...running, known: false, word: 'constructor' }],
    ['x'.repeat(200), { ...running, known: false, word: `${'x'.repeat(59)}…` }],
  ])('%s', async (status, expected) => {
    const rest = { id: 't1', result: ready, progress: null, details: null, preview: null };
    expect(await lookAt({ body: { status, ...rest } })).toMatchObject(expected);
    expect(await lookAt({ body: { state: status, ...rest } })).toMatchObject(expected);
    expect(await lookAt({ body: { status: null, state: status, ...rest } })).toMatchObject(expected);
  });

  it('prefers status to state', async () => {
    expect(await lookAt({ body: { status: 'Pending', state: 'Ready' } })).toMatchObject({ word: 'Pending' });
  });

  it.each<[string, Reply, object]>([
    ['the status', { status: 404, body: { id: 't1', status: 'Task not found' } }, { kind: 'notFound' }],
    ['a detail', { status: 404, body: { detail: 'Task not found.' } }, { kind: 'notFound' }],
    ['the route', { status: 404, body: { detail: 'Not Found' } }, { kind: 'unavailable', httpStatus: 404 }],
    ['another status', { status: 404, body: { status: 'Ready' } }, { kind: 'unavailable', httpStatus: 404 }],
    ['a page', { status: 404, body: '<h1>Task not found</h1>' }, { kind: 'unavailable', httpStatus: 404 }],
    [
      'a detail under 400',
      { status: 400, body: { detail: 'Task not found' } },
      { kind: 'unavailable', httpStatus: 400 },
    ],
  ])('HTTP 404 about %s', async (_, reply, expected) => {
    expect(await lookAt(reply)).toMatchObject(expected);
  });
});

describe('progress', () => {
  it.each([
    [0, 0],
    [0.25, 0.25],
    [1, 1],
    [45, 0.45],
    [100, 1],
    [250, 1],
    [-1, 0],
    ['45%', null],
    [{}, null],
    [null, null],
  ])('%j is %j', async (progress, expected) => {
    expect(await lookAt({ body: { status: 'Pending', progress } })).toHaveProperty('progress', expected);
  });
});

describe('ready', () => {
  const nothing = {
    kind: 'ready',
    image: { kind: 'url', url: sample },
    seed: null,
    costMicros: null,
    startedAt: null,
    finishedAt: null,
  };

  it.each<[string, object, object]>([
    [
      'all there is',
      {
        cost: 4.5,
        result: { sample, prompt: 'p', seed: 42, start_time: 1767225600.25, end_time: 1767225607.5, duration: 7.25 },
      },
      {
        ...nothing,
        seed: 42,
        costMicros: 45_000,
        startedAt: new Date('2026-01-01T00:00:00.250Z'),
        finishedAt: new Date('2026-01-01T00:00:07.500Z'),
      },
    ],
    ['the cost within the result', { result: { sample, cost: 6 } }, { ...nothing, costMicros: 60_000 }],
    ['the URL alone', { result: { sample } }, nothing],
    ['a seed of 0', { result: { sample, seed: 0 } }, { ...nothing, seed: 0 }],
    ['wrong types', { cost: 'x', result: { sample, seed: '42', start_time: '2026', end_time: -5, cost: [] } }, nothing],
    ['times that are none', { result: { sample, start_time: 0, end_time: 1e300, seed: 1.5 } }, nothing],
  ])('%s', async (_, body, expected) => {
    expect(await lookAt({ body: { status: 'Ready', ...body } })).toEqual(expected);
  });

  it.each([
    [{}],
    [{ result: null }],
    [{ result: 'https://delivery.bfl.ai/x' }],
    [{ result: [] }],
    [{ result: { sample: '' } }],
    [{ result: { sample: null } }],
    [{ result: { sample: 7 } }],
    [{ result: { sample: 'image.jpeg' } }],
    [{ result: { sample: 'data:image/png;base64,AAAA' } }],
  ])('without a usable URL it has failed: %j', async (body) => {
    expect(await lookAt({ body: { status: 'Ready', ...body } })).toEqual({
      kind: 'failed',
      message: 'the provider says the image is ready, but gives no URL for it',
    });
  });
});

describe('reasons', () => {
  it.each<[unknown, string[]]>([
    [{ 'Moderation Reasons': ['Sexual Content', 'Violence'] }, ['Sexual Content', 'Violence']],
    [{ 'Moderation Reasons': 'Sexual Content' }, ['Sexual Content']],
    [{ 'Moderation Reasons': ['a', 5, null, '', { b: 1 }, 'c'] }, ['a', 'c']],
    [
      { 'Moderation Reasons': Array.from({ length: 50 }, (_, n) => `r${n}`) },
      Array.from({ length: 10 }, (_, n) => `r${n}`),
    ],
    [{ 'Moderation Reasons': ['x'.repeat(300)] }, [`${'x'.repeat(99)}…`]],
    [{ 'Moderation Reasons': {} }, []],
    ['Sexual Content', []],
    [null, []],
  ])('of moderation in %j', async (details, reasons) => {
    expect(await lookAt({ body: { status: 'Content Moderated', details } })).toEqual({
      kind: 'moderated',
      stage: 'OUTPUT',
      reasons,
    });
  });

  it.each<[object, string]>([
    [{ details: { message: 'out of memory' } }, 'out of memory'],
    [{ details: { error: { message: 'deep' } } }, 'deep'],
    [{ details: 'plain' }, 'plain'],
    [{ details: null, message: 'beside' }, 'beside'],
    [{ result: { error: 'within' } }, 'within'],
    [{ details: { message: `bad key ${apiKey}` } }, 'bad key [key]'],
  ])('of a failure in %j', async (body, message) => {
    expect(await lookAt({ body: { status: 'Error', ...body } })).toEqual({ kind: 'failed', message });
  });
});

describe('no answer about the task', () => {
  it.each<[string, Reply, number | null]>([
    ...[301, 302, 307, 400, 401, 402, 403, 405, 410, 422, 429, 500, 502, 503, 504].map(
      (status): [string, Reply, number] => [
        `HTTP ${status}`,
        { status, body: { detail: 'because' }, headers: { location: 'http://127.0.0.1:1/' } },
        status,
      ],
    ),
    ['a failure under an error status', { status: 500, body: { status: 'Error' } }, 500],
    ['HTML', { body: '<html></html>' }, 200],
    ['a list', { body: [] }, 200],
    ['no status', { body: { id: 't1' } }, 200],
    ['a status that is no word', { body: { status: 5, state: ' ' } }, 200],
    ['an error', { body: { error: 'overloaded' } }, 200],
    ['a broken connection', { truncated: '{"status":"Ready"' }, 200],
    ['an announced flood', { body: Buffer.alloc(1024 * 1024 + 1, 32) }, 200],
    ['an endless flood', { endless: Buffer.alloc(65_536, 32) }, 200],
    ['a hang-up', { cut: 'read' }, null],
  ])('%s', async (_, reply, httpStatus) => {
    expect(await lookAt(reply)).toEqual({
      kind: 'unavailable',
      message: expect.stringMatching(/./),
      httpStatus,
      retryAfterMs: null,
    });
  });

  it.each([429, 503, 200])('HTTP %i with Retry-After', async (status) => {
    const reply = { status, headers: { 'retry-after': '3' }, body: '' };
    expect(await lookAt(reply)).toMatchObject({ kind: 'unavailable', httpStatus: status, retryAfterMs: 3000 });
  });

  it.each<[string, Reply, object]>([
    ['head', { stall: 'head' }, { answerMs: 100 }],
    ['body', { stall: 'body', part: '{' }, { idleMs: 100 }],
  ])('a slow %s', async (_, reply, timeouts) => {
    const { provider, account } = await startBench([reply], { timeouts });
    expect(await provider.look(account, task, never)).toMatchObject({ kind: 'unavailable' });
  });

  it('stopped by the caller', async () => {
    const { provider, upstream, account } = await startBench([{ stall: 'head' }]);
    const controller = new AbortController();
    const arrived = upstream.nextRequest();
    const pending = provider.look(account, task, controller.signal);
    await arrived;
    controller.abort();
    expect(await pending).toMatchObject({ kind: 'unavailable', message: 'no answer: stopped by the caller' });
  });
});

describe('where it asks', () => {
  const pending = { body: { status: 'Pending' } };

  it.each([
    [null, '/v1/get_result?id=t%2F1%3F'],
    ['/v1/get_result?id=t9', '/v1/get_result?id=t9'],
    ['/elsewhere?cluster=eu2', '/elsewhere?cluster=eu2&id=t%2F1%3F'],
    ['/elsewhere?id=', '/elsewhere?id=t%2F1%3F'],
  ])('polling URL %j', async (path, expected) => {
    const { provider, upstream, account } = await startBench([pending]);
    const pollingUrl = path === null ? null : `${upstream.origin}${path}`;
    await provider.look(account, handle('t/1?', pollingUrl), never);
    expect(upstream.requests[0]).toMatchObject({ method: 'GET', url: expected });
    expect(upstream.requests[0]?.headers['x-key']).toBe(apiKey);
  });

  it('is below the path of the base URL', async () => {
    const { provider, upstream, account } = await startBench([pending]);
    await provider.look({ ...account, baseUrl: `${upstream.origin}/bfl` }, task, never);
    expect(upstream.requests[0]?.url).toBe('/bfl/v1/get_result?id=t1');
  });

  it('is never a foreign address: the key stays at home', async () => {
    const foreign = await startUpstream();
    onTestFinished(() => foreign.close());
    const urls = [
      `${foreign.origin}/v1/get_result?id=t1`,
      `http://localhost:${foreign.port}/v1/get_result?id=t1`,
      'ftp://127.0.0.1/x',
      'not a URL',
    ];
    const { provider, upstream, account } = await startBench([pending, pending, pending, pending]);
    for (const pollingUrl of urls) {
      await provider.look(
        { ...account, hosts: ['.bfl.ai', `127.0.0.1:${foreign.port}`] },
        { ...task, pollingUrl },
        never,
      );
    }
    expect(upstream.requests.map((request) => request.url)).toEqual(urls.map(() => '/v1/get_result?id=t1'));
    expect(foreign.requests).toEqual([]);
  });

  it('is another host when that is listed and speaks https', async () => {
    const other = await startMute();
    onTestFinished(() => other.close());
    const { provider, account } = await startBench([]);
    const controller = new AbortController();
    const asked = provider.look(
      { ...account, hosts: [`127.0.0.1:${other.port}`] },
      { ...task, pollingUrl: `https://127.0.0.1:${other.port}/x` },
      controller.signal,
    );
    // 22: the record of a TLS handshake.
    expect((await other.nextBytes())[0]).toBe(22);
    controller.abort();
    expect(await asked).toMatchObject({ kind: 'unavailable' });
  });

  it('does not follow a redirect with the key', async () => {
    const foreign = await startUpstream();
    onTestFinished(() => foreign.close());
    const { provider, upstream, account } = await startBench([{ status: 307, headers: { location: foreign.origin } }]);
    expect(await provider.look(account, task, never)).toMatchObject({ kind: 'unavailable', httpStatus: 307 });
    expect(upstream.requests).toHaveLength(1);
    expect(foreign.requests).toEqual([]);
  });
});
