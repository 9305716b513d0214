import { describe, expect, it } from 'vitest';
import type { WebhookReading } from '../../src/domain/webhook.js';
import { keysUrl } from '../../src/providers/fal/address.js';
import { readKeys } from '../../src/providers/fal/signature.js';
import { publicJwk, sealed } from './contract/ed25519.js';
import { startFal } from './fal.js';
import type { Reply } from './upstream.js';

const now = Date.parse('2026-03-01T12:00:00Z');
const minute = 60_000;
const day = 24 * 60 * minute;
const body = { request_id: 't1', gateway_request_id: 'g1', status: 'OK', payload: { images: [] } };

function keys(...words: string[]): Reply {
  return { body: { keys: words.map(publicJwk) } };
}

async function startReader(replies: readonly Reply[]) {
  const { provider, upstream, account } = await startFal(replies);
  const read = async (words: string, at: number, change: (headers: Record<string, string>) => object = (h) => h) => {
    const delivery = sealed(body, { words, at });
    const headers = { ...delivery.headers, ...change(delivery.headers) };
    const known = { ...account, webhookSecret: null };
    return (await provider.readWebhook?.(known, { headers, body: delivery.body, secret: '', receivedAt: at })) ?? null;
  };
  return { read, upstream };
}

const taken: WebhookReading = { ok: true, taskId: 't1' };
const forged: WebhookReading = { ok: false, reason: 'the signature is wrong' };

describe('public keys', () => {
  it.each([
    ['https://queue.fal.run', 'https://rest.alpha.fal.ai/.well-known/jwks.json'],
    ['https://fal.run/x', 'https://rest.alpha.fal.ai/.well-known/jwks.json'],
    ['https://gateway.fal.ai', 'https://rest.alpha.fal.ai/.well-known/jwks.json'],
    ['http://127.0.0.1:4100/fal', 'http://127.0.0.1:4100/fal/.well-known/jwks.json'],
    ['https://notfal.run', 'https://notfal.run/.well-known/jwks.json'],
    ['https://fal.run.example', 'https://fal.run.example/.well-known/jwks.json'],
    ['fal', null],
  ])('of %s are at %s', (baseUrl, url) => {
    expect(keysUrl({ baseUrl })?.href ?? null).toBe(url);
  });

  it('are asked for without the account’s key, once a day', async () => {
    const { read, upstream } = await startReader([keys('a', 'b'), keys('b')]);
    expect(await read('b', now)).toEqual(taken);
    expect(await read('a', now + day - 1)).toEqual(taken);
    expect(await read('b', now + day)).toEqual(taken);
    expect(upstream.requests.map(({ url }) => url)).toEqual(['/.well-known/jwks.json', '/.well-known/jwks.json']);
    expect(upstream.requests.some(({ headers }) => headers.authorization !== undefined)).toBe(false);
  });

  it('are asked for once by many at a time', async () => {
    const { read, upstream } = await startReader([keys('a')]);
    expect(await Promise.all(Array.from({ length: 10 }, () => read('a', now)))).toEqual(
      Array.from({ length: 10 }, () => taken),
    );
    expect(upstream.requests).toHaveLength(1);
  });

  it('are asked for anew when none fits, at most once a minute', async () => {
    const { read, upstream } = await startReader([keys('a'), keys('a'), keys('a', 'b')]);
    expect(await read('b', now)).toEqual(forged);
    expect(upstream.requests).toHaveLength(1);
    expect(await read('b', now + minute)).toEqual(forged);
    expect(await read('b', now + minute + 1)).toEqual(forged);
    expect(upstream.requests).toHaveLength(2);
    expect(await read('b', now + 2 * minute)).toEqual(taken);
    expect(await read('a', now + 2 * minute)).toEqual(taken);
    expect(upstream.requests).toHaveLength(3);
  });

  it.each<[string, Reply]>([
    ['an error', { status: 500, body: {} }],
    ['a page', { body: '<html></html>' }],
    ['no keys', { body: { keys: [] } }],
    ['a redirect', { status: 302, headers: { location: 'http://127.0.0.1:1/' }, body: {} }],
    ['a hang-up', { cut: 'read' }],
  ])('that cannot be had say nothing of the webhook, which has to come again: %s', async (_, reply) => {
    const { read } = await startReader([reply, keys('a')]);
    await expect(read('a', now)).rejects.toThrow('keys of webhooks could not be fetched');
    expect(await read('a', now)).toEqual(taken);
  });

  it('of other kinds are passed over', () => {
    const good = publicJwk('a');
    const odd = [
      null,
      'key',
      { kty: 'RSA', n: 'AQAB', e: 'AQAB' },
      { ...good, kty: 'EC' },
      { ...good, crv: 'X25519' },
      { ...good, x: 'short' },
    ];
    expect(readKeys({ keys: [...odd, good] })).toHaveLength(1);
    // fal's own documentation reads nothing but `x`.
    expect(readKeys({ keys: [{ kty: 'OKP', x: Reflect.get(good, 'x') }] })).toHaveLength(1);
    expect(readKeys({ keys: {} })).toEqual([]);
    expect(readKeys({})).toEqual([]);
  });
});

describe('a delivery', () => {
  it.each(['request-id', 'user-id', 'timestamp', 'signature'])('is refused without its %s', async (name) => {
    const { read } = await startReader([]);
    const without = () => ({ [`x-fal-webhook-${name}`]: undefined });
    expect(await read('a', now, without)).toEqual({ ok: false, reason: 'it is not signed' });
  });

  it.each(['', 'soon', '1.8e9', '-1', '99999999999999'])('is refused with the time %j', async (timestamp) => {
    const { read } = await startReader([]);
    const outcome = await read('a', now, () => ({ 'x-fal-webhook-timestamp': timestamp }));
    expect(outcome).toEqual({ ok: false, reason: 'its time is too far from ours' });
  });

  it.each(['', 'ff', 'z'.repeat(128), '0'.repeat(127)])(
    'is refused before any key is fetched: %j',
    async (signature) => {
      const { read } = await startReader([]);
      expect(await read('a', now, () => ({ 'x-fal-webhook-signature': signature }))).toEqual(forged);
    },
  );

  it.each(['x-fal-webhook-request-id', 'x-fal-webhook-user-id'])('is signed over its %s', async (name) => {
    const { read } = await startReader([keys('a')]);
    expect(await read('a', now, () => ({ [name]: 'other' }))).toEqual(forged);
  });

  it('may be signed in capitals', async () => {
    const { read } = await startReader([keys('a')]);
    const upper = (headers: Record<string, string>) => ({
      'x-fal-webhook-signature': headers['x-fal-webhook-signature']?.toUpperCase(),
    });
    expect(await read('a', now, upper)).toEqual(taken);
  });

  it.each(['', '[]', '{"status":"OK"}', '{"request_id":7}', '{"request_id":"a\\u0000b"}'])(
    'names no request: %s',
    async (content) => {
      const { provider, account } = await startFal([keys('a')]);
      const delivery = { ...sealed(content, { words: 'a', at: now }), secret: '', receivedAt: now };
      const reading = await provider.readWebhook?.({ ...account, webhookSecret: null }, delivery);
      expect(reading).toEqual({ ok: false, reason: 'the body names no request' });
    },
  );
});
