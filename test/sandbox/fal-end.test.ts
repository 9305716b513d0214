import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHash, createPublicKey, verify } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { lora, queuedSchema, start, submit } from './fal.js';
import { startTaker, type Answer, type Delivery, type Http } from './http.js';

/** Checks a signature as fal documents it. Gives how many of the published keys fit. */
async function keysThatFit({ call }: Http, { headers, raw }: Delivery): Promise<number> {
  const { keys } = z
    .object({ keys: z.array(z.looseObject({ kty: z.literal('OKP'), crv: z.literal('Ed25519'), x: z.string() })) })
    .parse((await call('GET', '/fal/.well-known/jwks.json')).body);
  expect(keys.length).toBeGreaterThan(1);
  const message = [
    ...['request-id', 'user-id', 'timestamp'].map((name) => headers[`x-fal-webhook-${name}`]),
    createHash('sha256').update(raw).digest('hex'),
  ].join('\n');
  const signature = Buffer.from(String(headers['x-fal-webhook-signature']), 'hex');
  return keys.filter(({ kty, crv, x }) => {
    const key = createPublicKey({ key: { kty, crv, x }, format: 'jwk' });
    return verify(null, Buffer.from(message), key, signature);
  }).length;
}

describe('a cancel', () => {
  async function cancelAfter(
    ms: number,
    word = 'ready',
  ): Promise<Http & { urls: z.infer<typeof queuedSchema>; cancel: Answer }> {
    const http = await start();
    const urls = await submit(http, `[sandbox: duration=10s, ${word}]`);
    http.advance(ms);
    return { ...http, urls, cancel: await http.call('PUT', urls.cancel_url) };
  }

  test('in the queue takes the request out, and it costs nothing', async () => {
    const { call, cancel, urls, sandbox } = await cancelAfter(0);
    expect(cancel).toMatchObject({ status: 202, body: { status: 'CANCELLATION_REQUESTED' } });
    expect((await call('GET', urls.status_url)).status).toBe(404);
    const [owner] = Object.values(sandbox.stats().keys);
    expect(owner).toMatchObject({ active: 0, maxActive: 1 });
    expect(sandbox.tasks()).toMatchObject([{ canceledAt: 1_800_000_000_000 }]);
  });

  test('of a running request ends it', async () => {
    const { call, cancel, urls } = await cancelAfter(5_000);
    expect(cancel.status).toBe(202);
    expect((await call('GET', urls.status_url)).body).toMatchObject({ status: 'COMPLETED' });
    expect(await call('GET', urls.response_url)).toMatchObject({
      status: 499,
      body: { error_type: 'client_cancelled' },
    });
    expect((await call('PUT', urls.cancel_url)).status).toBe(400);
  });

  test('of a finished request comes too late', async () => {
    const { cancel, call, urls } = await cancelAfter(10_000);
    expect(cancel).toMatchObject({ status: 400, body: { status: 'ALREADY_COMPLETED' } });
    expect((await call('GET', urls.response_url)).status).toBe(200);
  });

  test('that is ignored changes nothing', async () => {
    const { call, cancel, urls, advance } = await cancelAfter(5_000, 'cancel-ignored');
    expect(cancel.status).toBe(202);
    expect((await call('GET', urls.status_url)).body).toMatchObject({ status: 'IN_PROGRESS' });
    advance(5_000);
    expect((await call('GET', urls.response_url)).status).toBe(200);
  });

  test('that is refused says so too early', async () => {
    const { call, cancel, urls } = await cancelAfter(5_000, 'cancel-refused');
    expect(cancel.status).toBe(400);
    expect((await call('GET', urls.status_url)).body).toMatchObject({ status: 'IN_PROGRESS' });
  });

  test('whose answer is lost has been done', async () => {
    const http = await start();
    const { cancel_url, status_url } = await submit(http, '[sandbox: duration=10s, cancel-lost]');
    http.advance(5_000);
    await expect(http.call('PUT', cancel_url)).rejects.toThrow('fetch failed');
    expect((await http.call('GET', status_url)).body).toMatchObject({ status: 'COMPLETED' });
  });

  test('outlives the process', async () => {
    const stateDir = await mkdtemp(join(tmpdir(), 'sandbox-'));
    onTestFinished(() => rm(stateDir, { recursive: true, force: true }));
    const before = await start({ stateDir });
    const [queued, running] = [await submit(before, 'q [sandbox: stuck]'), await submit(before, 'r [sandbox: stuck]')];
    await before.call('PUT', queued.cancel_url);
    before.advance(5_000);
    await before.call('PUT', running.cancel_url);
    const tasks = before.sandbox.tasks();
    await before.sandbox.stop();

    // Twice, since the first restart writes the journal anew.
    for (const _ of [1, 2]) {
      const after = await start({ stateDir });
      after.advance(5_000);
      expect(after.sandbox.tasks()).toEqual(tasks);
      const look = async (id: string): Promise<Answer> => await after.call('GET', `/fal/${lora}/requests/${id}`);
      expect((await look(queued.request_id)).status).toBe(404);
      expect(await look(running.request_id)).toMatchObject({ body: { error_type: 'client_cancelled' } });
      await after.sandbox.stop();
    }
  });

  test('of an unknown request finds none', async () => {
    const { call } = await start();
    const answer = await call('PUT', `/fal/${lora}/requests/nothing/cancel`);
    expect(answer).toMatchObject({ status: 404, body: { status: 'NOT_FOUND' } });
  });
});

describe('a webhook', () => {
  async function told(word: string, early = 0): Promise<Http & { taken: Delivery[]; id: string }> {
    const { url, taken } = await startTaker();
    const http = await start();
    const path = `/fal/${lora}?fal_webhook=${encodeURIComponent(`${url}/hook`)}`;
    const { body } = await http.call('POST', path, { body: { prompt: `[sandbox: duration=10s, ${word}]` } });
    http.advance(5_500);
    await expect.poll(() => taken.length).toBe(early);
    http.advance(4_500);
    await expect.poll(() => taken.length).toBe(early + 1);
    return { ...http, taken, id: queuedSchema.parse(body).request_id };
  }

  test('tells the output, signed by a published key', async () => {
    const http = await told('ready');
    const [delivery] = http.taken;
    expect(delivery?.body).toMatchObject({
      request_id: http.id,
      status: 'OK',
      payload: { images: [{}], seed: expect.any(Number) },
    });
    expect(delivery === undefined ? 0 : await keysThatFit(http, delivery)).toBe(1);
    const tampered = { headers: delivery?.headers ?? {}, raw: `${delivery?.raw} `, body: null };
    expect(await keysThatFit(http, tampered)).toBe(0);
  });

  test('tells of an error', async () => {
    const { taken } = await told('error');
    expect(taken[0]?.body).toMatchObject({
      status: 'ERROR',
      error: expect.any(String),
      payload: { detail: expect.any(String) },
    });
  });

  test('that is forged bears no published key', async () => {
    const http = await told('webhook-forged', 1);
    const fits = await Promise.all(http.taken.map((delivery) => keysThatFit(http, delivery)));
    expect(fits).toEqual([0, 1]);
    expect(http.taken.map(({ body }) => body)).toMatchObject([{ status: 'ERROR' }, { status: 'OK' }]);
  });
});
