import { describe, expect, it } from 'vitest';
import type { SubmitOutcome } from '../../src/providers/provider.js';
import { apiKey, cannyRequest, handle, never, startBench } from './bfl.js';
import type { Reply } from './upstream.js';

async function submitTo(reply: Reply): Promise<SubmitOutcome> {
  const { provider, upstream, account } = await startBench([reply]);
  const outcome = await provider.submit(account, cannyRequest, never);
  // Whatever came back, it was asked once.
  expect(upstream.requests).toHaveLength(1);
  return outcome;
}

describe('accepted', () => {
  const url = 'https://api.us1.bfl.ai/v1/get_result?id=t1';

  it.each<[string, object, string, string | null, number | null]>([
    ['the plain reply', { id: 't1', polling_url: url }, 't1', url, null],
    [
      'the plain reply with its cost',
      { id: 't1', polling_url: url, cost: 4.5, input_mp: 0, output_mp: 1.98 },
      't1',
      url,
      45_000,
    ],
    [
      'the webhook reply',
      { id: 't1', status: 'Pending', webhook_url: 'https://h.example', cost: 6 },
      't1',
      null,
      60_000,
    ],
    ['the webhook reply with a polling URL', { id: 't1', status: 'Pending', polling_url: url }, 't1', url, null],
    ['nulls', { id: 't1', polling_url: null, cost: null, error: null }, 't1', null, null],
    ['wrong types beside the id', { id: 't1', polling_url: 7, cost: 'much', error: '' }, 't1', null, null],
    ['a polling URL that is none', { id: 't1', polling_url: 'get_result', cost: -1 }, 't1', null, null],
    ['a polling URL without end', { id: 't1', polling_url: `${url}${'x'.repeat(3000)}` }, 't1', null, null],
    ['a number as id', { id: 12 }, '12', null, null],
    ['a fraction of a credit', { id: 't1', cost: 0.0049 }, 't1', null, 49],
  ])('%s', async (_, body, taskId, pollingUrl, costMicros) => {
    expect(await submitTo({ body })).toEqual({
      kind: 'accepted',
      task: handle(taskId, pollingUrl),
      costMicros,
      look: null,
    });
  });

  it('with another 2xx, and JSON under another type', async () => {
    const reply = { status: 202, headers: { 'content-type': 'text/html' }, body: '{"id":"t1"}' };
    expect(await submitTo(reply)).toMatchObject({ kind: 'accepted' });
  });
});

describe('a 2xx that is no success', () => {
  it.each<[string, Reply, string]>([
    ['no id', { body: { polling_url: 'https://api.bfl.ai/x' } }, 'names no task'],
    ['an empty id', { body: { id: '  ' } }, 'names no task'],
    ['a null id', { body: { id: null, error: null } }, 'names no task'],
    ['an object as id', { body: { id: {} } }, 'names no task'],
    ['an id with a control character', { body: { id: 'a\u0000b' } }, 'names no task'],
    ['an id without end', { body: { id: 'x'.repeat(513) } }, 'names no task'],
    ['an id and an error', { body: { id: 't1', error: { message: 'odd' } } }, 'an error: odd'],
    ['HTML', { headers: { 'content-type': 'text/html' }, body: '<html>ok</html>' }, 'no JSON object'],
    ['a list', { body: [{ id: 't1' }] }, 'no JSON object'],
    ['nothing', { status: 204 }, 'no JSON object'],
    ['half a document', { body: '{"id":"t1"' }, 'no JSON object'],
    ['a broken connection', { truncated: '{"id":"t1"' }, 'broke off'],
    ['an announced flood', { body: Buffer.alloc(1024 * 1024 + 1, 32) }, 'too long'],
    ['an endless flood', { endless: Buffer.alloc(65_536, 32) }, 'too long'],
  ])('%s is unknown', async (_, reply, says) => {
    const outcome = await submitTo(reply);
    expect(outcome).toMatchObject({ kind: 'unknown', httpStatus: 'status' in reply ? 204 : 200 });
    expect(outcome).toHaveProperty('message', expect.stringContaining(says));
  });

  it.each([
    [{ error: 'no such finetune' }, ': no such finetune'],
    [{ id: '', error: { message: 'no such finetune' } }, ': no such finetune'],
    [{ id: null, error: true }, ': no reason given'],
  ])('an error and no task is a refusal: %j', async (body, says) => {
    const outcome = await submitTo({ body });
    expect(outcome).toMatchObject({ kind: 'refused', code: 'PROVIDER_REFUSED', retry: 'never', httpStatus: 200 });
    expect(outcome).toHaveProperty('message', expect.stringContaining(says));
  });
});

describe('HTTP errors', () => {
  it.each<[number, string, string]>([
    [301, 'PROVIDER_REFUSED', 'never'],
    [302, 'PROVIDER_REFUSED', 'never'],
    [307, 'PROVIDER_REFUSED', 'never'],
    [308, 'PROVIDER_REFUSED', 'never'],
    [400, 'PROVIDER_REFUSED', 'never'],
    [401, 'PROVIDER_UNAUTHORIZED', 'account'],
    [402, 'PROVIDER_OUT_OF_CREDITS', 'account'],
    [403, 'PROVIDER_UNAUTHORIZED', 'account'],
    [404, 'MODEL_RETIRED_UPSTREAM', 'never'],
    [405, 'PROVIDER_REFUSED', 'never'],
    [410, 'MODEL_RETIRED_UPSTREAM', 'never'],
    [413, 'PROVIDER_REFUSED', 'never'],
    [415, 'PROVIDER_REFUSED', 'never'],
    [422, 'PROVIDER_REFUSED', 'never'],
    [429, 'PROVIDER_BUSY', 'later'],
  ])('%i is refused: %s, again %s', async (status, code, retry) => {
    const outcome = await submitTo({
      status,
      body: { detail: 'because' },
      headers: { location: 'http://127.0.0.1:1/' },
    });
    expect(outcome).toEqual({
      kind: 'refused',
      code,
      message: expect.stringMatching(new RegExp(`\\(HTTP ${status}\\): because$`)),
      httpStatus: status,
      retry,
      retryAfterMs: null,
    });
  });

  it.each([300, 303, 304, 408, 499, 500, 502, 503, 504, 520, 524, 599])('%i is unknown', async (status) => {
    const outcome = await submitTo({ status, body: status === 304 ? '' : { detail: 'because' } });
    expect(outcome).toMatchObject({ kind: 'unknown', httpStatus: status });
  });

  it.each([
    [429, '7', 7000],
    [429, '0', 0],
    [429, '86400', 3_600_000],
    [429, 'Thu, 01 Jan 1970 00:00:00 GMT', 0],
    [429, 'Fri, 31 Dec 9999 23:59:59 GMT', 3_600_000],
    [429, 'later', null],
    [503, '30', 30_000],
  ])('%i with Retry-After %j is refused for a pause of %j ms', async (status, after, retryAfterMs) => {
    const outcome = await submitTo({ status, headers: { 'retry-after': after }, body: '' });
    expect(outcome).toMatchObject({ kind: 'refused', code: 'PROVIDER_BUSY', retry: 'later', retryAfterMs });
  });

  it.each([
    [503, 'soon'],
    [500, '30'],
    [502, '30'],
  ])('%i with Retry-After %j is unknown', async (status, after) => {
    expect(await submitTo({ status, headers: { 'retry-after': after } })).toMatchObject({ kind: 'unknown' });
  });

  it('is decided by the status even when the body is a page, or breaks off', async () => {
    expect(await submitTo({ status: 402, body: '<h1>pay</h1>' })).toMatchObject({ code: 'PROVIDER_OUT_OF_CREDITS' });
    expect(await submitTo({ status: 429, truncated: '{"detail"' })).toMatchObject({ code: 'PROVIDER_BUSY' });
  });

  it('names the field that a 422 is about', async () => {
    const detail = [
      { loc: ['body', 'steps'], msg: 'Input should be less than or equal to 50', type: 'less_than_equal' },
    ];
    expect(await submitTo({ status: 422, body: { detail } })).toHaveProperty(
      'message',
      'the provider refused the request (HTTP 422): steps: Input should be less than or equal to 50',
    );
  });

  it('never repeats the key, and never a page', async () => {
    const echo = await submitTo({ status: 403, body: { detail: `key ${apiKey} is unknown` } });
    expect(echo).toHaveProperty('message', "the account's key was refused (HTTP 403): key [key] is unknown");
    const long = await submitTo({ status: 400, body: { detail: `${apiKey}x`.repeat(500) } });
    expect(JSON.stringify(long)).not.toContain(apiKey);
    expect(JSON.stringify(long).length).toBeLessThan(1000);
  });
});

describe('an account that cannot be used', () => {
  it.each(['', 'two words', 'line\nbreak', 'clé'])('is refused without a request when its key is %j', async (key) => {
    const { provider, upstream, account } = await startBench([]);
    const outcome = await provider.submit({ ...account, apiKey: key }, cannyRequest, never);
    expect(outcome).toMatchObject({
      kind: 'refused',
      code: 'PROVIDER_UNAUTHORIZED',
      retry: 'account',
      httpStatus: null,
    });
    expect(await provider.look({ ...account, apiKey: key }, handle('t', null), never)).toMatchObject({
      kind: 'unavailable',
    });
    expect(upstream.requests).toHaveLength(0);
  });

  it.each(['', 'api.bfl.ai', 'ftp://api.bfl.ai'])(
    'is refused without a request when its base URL is %j',
    async (baseUrl) => {
      const { provider, account } = await startBench([]);
      const outcome = await provider.submit({ ...account, baseUrl }, cannyRequest, never);
      expect(outcome).toMatchObject({ kind: 'refused', code: 'PROVIDER_UNREACHABLE', retry: 'account' });
      expect(await provider.look({ ...account, baseUrl }, handle('t', null), never)).toMatchObject({
        kind: 'unavailable',
      });
    },
  );
});
