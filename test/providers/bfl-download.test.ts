import { describe, expect, it, onTestFinished } from 'vitest';
import type { DownloadOutcome } from '../../src/providers/provider.js';
import { apiKey, never, startBench } from './bfl.js';
import { startUpstream, type Reply } from './upstream.js';

const image = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 1, 2, 3]);
const jpeg = { 'content-type': 'image/jpeg' };
const limit = 1000;

async function fetchFrom(replies: readonly Reply[], path = '/a.jpeg?sig=1'): Promise<DownloadOutcome> {
  const { provider, upstream, account } = await startBench(replies, { maxImageBytes: limit });
  const outcome = await provider.download(account, `${upstream.origin}${path}`, never);
  expect(upstream.requests.filter((request) => JSON.stringify(request).includes(apiKey))).toEqual([]);
  return outcome;
}

function to(location: string): Reply {
  return { status: 302, headers: { location } };
}

describe('the bytes', () => {
  it.each<[string, Record<string, string>]>([
    ['an image type', jpeg],
    ['the general type', { 'content-type': 'application/octet-stream' }],
    ['an odd type', { 'content-type': 'binary' }],
  ])('come under %s', async (_, headers) => {
    expect(await fetchFrom([{ headers, body: image }])).toEqual({ kind: 'bytes', bytes: image });
  });

  it('may fill the limit to the last', async () => {
    const bytes = Buffer.alloc(limit, 7);
    expect(await fetchFrom([{ headers: jpeg, body: bytes }])).toEqual({ kind: 'bytes', bytes });
  });

  it('are asked for at exactly that address', async () => {
    const { provider, upstream, account } = await startBench([{ headers: jpeg, body: image }]);
    await provider.download(account, `${upstream.origin}/r/a%2Fb.jpeg?sig=x%2By%3D#part`, never);
    expect(upstream.requests[0]).toMatchObject({ method: 'GET', url: '/r/a%2Fb.jpeg?sig=x%2By%3D' });
  });
});

describe('without the image', () => {
  it.each<[string, Reply, string]>([
    ['403', { status: 403, body: '<Error/>' }, 'gone'],
    ['404', { status: 404 }, 'gone'],
    ['410', { status: 410 }, 'gone'],
    ['401', { status: 401 }, 'unavailable'],
    ['429', { status: 429 }, 'unavailable'],
    ['500', { status: 500 }, 'unavailable'],
    ['503', { status: 503 }, 'unavailable'],
    ['206', { status: 206, headers: jpeg, body: image }, 'unavailable'],
    ['304', { status: 304 }, 'unavailable'],
    ['a page', { headers: { 'content-type': 'text/html; charset=utf-8' }, body: '<html></html>' }, 'unavailable'],
    ['JSON', { body: { error: 'no' } }, 'unavailable'],
    ['JSON of a kind', { headers: { 'content-type': 'application/problem+json' }, body: '{}' }, 'unavailable'],
    ['XML', { headers: { 'content-type': 'application/xml' }, body: '<Error/>' }, 'unavailable'],
    ['no bytes', { headers: jpeg, body: '' }, 'unavailable'],
    ['half the bytes', { truncated: 'half' }, 'unavailable'],
    ['a hang-up', { cut: 'read' }, 'unavailable'],
    ['one byte too many', { headers: jpeg, body: Buffer.alloc(limit + 1) }, 'tooLarge'],
    ['bytes without end', { endless: Buffer.alloc(600) }, 'tooLarge'],
    ['a redirect to nowhere', { status: 302 }, 'unavailable'],
  ])('%s', async (_, reply, kind) => {
    expect(await fetchFrom([reply])).toEqual({ kind, message: expect.stringMatching(/./) });
  });

  it.each<[string, Reply, object]>([
    ['a slow head', { stall: 'head' }, { answerMs: 100 }],
    ['a slow body', { stall: 'body', part: 'x' }, { idleMs: 100 }],
    ['too long in all', { stall: 'body', part: 'x' }, { totalMs: 200 }],
  ])('%s', async (_, reply, timeouts) => {
    const { provider, upstream, account } = await startBench([reply], { timeouts });
    expect(await provider.download(account, `${upstream.origin}/a`, never)).toMatchObject({ kind: 'unavailable' });
  });

  it('stopped by the caller', async () => {
    const { provider, upstream, account } = await startBench([{ stall: 'body', part: 'x' }]);
    const controller = new AbortController();
    const arrived = upstream.nextRequest();
    const pending = provider.download(account, `${upstream.origin}/a`, controller.signal);
    await arrived;
    controller.abort();
    expect(await pending).toMatchObject({
      kind: 'unavailable',
      message: expect.stringContaining('stopped by the caller'),
    });
  });
});

describe('redirects', () => {
  it('are followed at home, three of them', async () => {
    const replies = [to('/b'), to('c'), { status: 308, headers: { location: '?d' } }, { headers: jpeg, body: image }];
    expect(await fetchFrom(replies, '/x/a')).toEqual({ kind: 'bytes', bytes: image });
  });

  it('are not followed a fourth time', async () => {
    expect(await fetchFrom([to('/b'), to('/c'), to('/d'), to('/e')])).toMatchObject({ kind: 'unavailable' });
  });

  it('are not followed abroad', async () => {
    const foreign = await startUpstream();
    onTestFinished(() => foreign.close());
    expect(await fetchFrom([to(`${foreign.origin}/a?sig=secret`)])).toEqual({
      kind: 'foreign',
      message: `not followed: ${foreign.origin}/a`,
    });
    expect(foreign.requests).toEqual([]);
  });
});

it('goes to no foreign address', async () => {
  const foreign = await startUpstream();
  onTestFinished(() => foreign.close());
  const { provider, account } = await startBench([]);
  const urls = [
    `${foreign.origin}/a`,
    `http://localhost:${foreign.port}/a`,
    'http://169.254.169.254/latest/meta-data',
    'https://bfl.ai.example/a',
    'file:///etc/passwd',
    'data:image/png;base64,AAAA',
    '',
  ];
  for (const url of urls) {
    const outcome = await provider.download({ ...account, hosts: ['.bfl.ai'] }, url, never);
    expect(outcome).toMatchObject({ kind: 'foreign' });
  }
  expect(foreign.requests).toEqual([]);
});
