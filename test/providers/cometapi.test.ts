import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readWebhook } from '../../src/providers/cometapi/webhook.js';
import { startBench } from './contract/bench.js';
import { cometapi } from './contract/cometapi.js';
import type { Reply } from './upstream.js';

const never = new AbortController().signal;
const key = cometapi.account('').apiKey;

describe('how the key is sent', () => {
  it.each([
    [null, 'authorization', `Bearer ${key}`],
    [{ header: 'Authorization', scheme: null }, 'authorization', key],
    [{ header: 'x-key', scheme: null }, 'x-key', key],
    [{ header: 'x-api-key', scheme: 'Token' }, 'x-api-key', `Token ${key}`],
  ])('%j', async (auth, header, value) => {
    const contract = { ...cometapi, credential: { header, value } };
    const { provider, account, upstream } = await startBench(contract, () => [
      { body: { id: 't1' } },
      { body: { id: 't1', status: 'Pending' } },
      { body: { id: '0', status: 'Task not found' } },
    ]);
    const gateway = { ...account, auth, baseUrl: `${account.baseUrl}/reseller` };
    await provider.submit(gateway, cometapi.request, never);
    await provider.look(gateway, { taskId: 't/1', pollingUrl: null, resultUrl: null, cancelUrl: null }, never);
    await provider.probe(gateway, never);
    expect(upstream.requests.map(({ headers }) => headers[header])).toEqual([value, value, value]);
    expect(upstream.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /reseller/flux/v1/flux-pro-1-0-canny-finetuned',
      'GET /reseller/flux/v1/get_result?id=t%2F1',
      'GET /reseller/flux/v1/get_result?id=00000000-0000-0000-0000-000000000000',
    ]);
  });
});

describe('a polling URL', () => {
  it.each([
    ['/flux/v1/get_result?id=t1&region=eu', '/flux/v1/get_result?id=t1&region=eu'],
    ['/elsewhere', '/elsewhere?id=t1'],
    ['https://api.us1.bfl.ai/v1/get_result?id=t9', '/flux/v1/get_result?id=t1'],
    ['not a URL', '/flux/v1/get_result?id=t1'],
  ])('%s', async (given, asked) => {
    const { provider, account, upstream, home } = await startBench(cometapi, () => [{ body: { status: 'Pending' } }]);
    const pollingUrl = given.startsWith('/') ? `${home}${given}` : given;
    await provider.look(account, { taskId: 't1', pollingUrl, resultUrl: null, cancelUrl: null }, never);
    expect(upstream.requests[0]?.url).toBe(asked);
  });
});

describe('an unknown task', () => {
  it.each<[string, Reply, string]>([
    ['by its status', { body: { id: 't1', status: 'task not found', result: null } }, 'notFound'],
    [
      'as a 404 in an envelope',
      { status: 404, body: { error: { message: 'Task not found (request id: 1)' } } },
      'notFound',
    ],
    ['but not a 404 about the address', { status: 404, body: { error: { message: 'Invalid URL' } } }, 'unavailable'],
  ])('%s', async (_, reply, kind) => {
    const { provider, account, home } = await startBench(cometapi, () => [reply]);
    const handle = { taskId: 't1', pollingUrl: `${home}/flux/v1/get_result?id=t1`, resultUrl: null, cancelUrl: null };
    expect(await provider.look(account, handle, never)).toMatchObject({ kind });
  });
});

it.each<[string, Reply, string]>([
  ['an unknown task under 404', { status: 404, body: { error: { message: 'task not found' } } }, 'well'],
  ['an error in a 200', { body: { error: { message: 'no such route' } } }, 'unavailable'],
  ['a page that is not there', { status: 404, body: '<html></html>' }, 'unavailable'],
])('probe: %s', async (_, reply, kind) => {
  const { provider, account } = await startBench(cometapi, () => [reply]);
  expect(await provider.probe(account, never)).toMatchObject({ kind });
});

describe('webhooks', () => {
  const secret = 'a secret: ü';
  const plain = Buffer.from('{"id":"t1","status":"Ready"}');
  const signed = { 'x-bfl-signature': `sha256=${createHmac('sha256', secret).update(plain).digest('hex')}` };
  const telling = (members: object) => Buffer.from(JSON.stringify({ id: 't1', ...members }));

  it.each<[string, Record<string, string | string[]>, Buffer]>([
    ['no secret', {}, plain],
    ['the secret in the body', {}, telling({ webhook_secret: secret })],
    ['the secret in the body under another name', {}, telling({ secret })],
    ['the secret in a header', { 'x-webhook-secret': secret }, plain],
    ['no secret to speak of', {}, telling({ webhook_secret: null })],
    ["BFL's signature, passed on", signed, plain],
  ])('taken with %s', (_, headers, body) => {
    expect(readWebhook(null, { headers, body, secret, receivedAt: 0 })).toEqual({ ok: true, taskId: 't1' });
  });

  it.each<[string, Record<string, string | string[]>, Buffer]>([
    ['another secret in the body', {}, telling({ webhook_secret: 'other' })],
    ['no text for a secret', {}, telling({ webhook_secret: { a: 1 } })],
    ['a right and a wrong secret', { 'webhook-secret': 'other' }, telling({ webhook_secret: secret })],
    ['two headers', { 'x-webhook-secret': [secret, secret] }, plain],
    ["another's signature", signed, telling({ status: 'Error' })],
    ['no task', {}, Buffer.from('{}')],
    ['no JSON', {}, Buffer.from('<html>')],
  ])('refused with %s', (_, headers, body) => {
    expect(readWebhook(null, { headers, body, secret, receivedAt: 0 })).toMatchObject({ ok: false });
  });
});
