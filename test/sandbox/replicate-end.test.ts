import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startTaker, type Answer, type Delivery, type Http } from './http.js';
import { api, devLora, look, predict, start, type Prediction } from './replicate.js';

describe('an outcome', () => {
  test.each([
    ['ready', 'succeeded', 'none'],
    ['error', 'failed', 'CUDA'],
    ['failed', 'failed', 'failed'],
    ['request-moderated', 'failed', 'flagged as sensitive'],
    ['moderated', 'failed', 'NSFW'],
    ['canceled', 'canceled', 'none'],
    ['timeout', 'aborted', 'none'],
  ])('%s ends as %s', async (word, status, error) => {
    const http = await start();
    const { id } = await predict(http, `[sandbox: ${word}]`);
    http.advance(60_000);
    const end = await look(http, id);
    expect(end.status).toBe(status);
    expect(end.error ?? 'none').toContain(error);
    expect(end.output === null).toBe(status !== 'succeeded');
  });

  test('no-image succeeds with nothing', async () => {
    const http = await start();
    const { id } = await predict(http, '[sandbox: no-image]');
    http.advance(60_000);
    expect(await look(http, id)).toMatchObject({ status: 'succeeded', output: null, data_removed: false });
  });

  test('late-task, unknown-status and foreign-polling-url show', async () => {
    const http = await start();
    const { id, urls } = await predict(
      http,
      '[sandbox: late-task=1, unknown-status, foreign-polling-url, duration=10s]',
    );
    expect(urls.get).toMatch(/^https:\/\/[^/]+\.invalid\//);
    expect((await http.call('GET', `${api}/predictions/${id}`)).status).toBe(404);
    expect((await look(http, id)).status).toBe('booting');
    http.advance(5_000);
    expect((await look(http, id)).status).toBe('uploading');
  });
});

describe('a cancel', () => {
  async function cancelAfter(ms: number, word = 'ready'): Promise<Http & { cancel: Answer; after: Prediction }> {
    const http = await start();
    const { id, urls } = await predict(http, `[sandbox: duration=10s, ${word}]`);
    http.advance(ms);
    const cancel = await http.call('POST', urls.cancel);
    return { ...http, cancel, after: await look(http, id) };
  }

  test('before the start aborts, and it is not billed', async () => {
    const { after, cancel, sandbox } = await cancelAfter(0);
    expect(cancel).toMatchObject({ status: 200, body: { status: 'aborted' } });
    expect(after).toMatchObject({ status: 'aborted', started_at: null, output: null });
    expect(Object.values(sandbox.stats().keys)).toMatchObject([{ active: 0 }]);
  });

  test('while it runs cancels', async () => {
    const { after } = await cancelAfter(5_000);
    expect(after).toMatchObject({ status: 'canceled', metrics: { predict_time: 4.2, total_time: 5 } });
  });

  test('after the end changes nothing', async () => {
    const { cancel } = await cancelAfter(10_000);
    expect(cancel).toMatchObject({ status: 200, body: { status: 'succeeded' } });
  });

  test.each(['cancel-ignored', 'cancel-refused'])('with %s changes nothing', async (word) => {
    const { after, cancel } = await cancelAfter(5_000, word);
    expect([cancel.status, after.status]).toEqual([200, 'processing']);
  });

  test('whose answer is lost has been done', async () => {
    const http = await start();
    const { id, urls } = await predict(http, '[sandbox: duration=10s, cancel-lost]');
    await expect(http.call('POST', urls.cancel)).rejects.toThrow('fetch failed');
    expect((await look(http, id)).status).toBe('aborted');
  });

  test.each([
    ['[sandbox: duration=100s]', 'aborted'],
    ['[sandbox: duration=20s]', 'canceled'],
    ['[sandbox: duration=4s]', 'succeeded'],
  ])('by deadline of %s: %s', async (prompt, status) => {
    const http = await start();
    const headers = { 'cancel-after': '5s' };
    await http.call('POST', `${api}/models/${devLora}/predictions`, { body: { input: { prompt } }, headers });
    const [task] = http.sandbox.tasks();
    expect(Object.values(http.sandbox.stats().keys)).toMatchObject([{ active: 1 }]);
    http.advance(5_000);
    expect((await look(http, task?.id ?? '')).status).toBe(status);
    expect(Object.values(http.sandbox.stats().keys)).toMatchObject([{ active: 0 }]);
  });
});

describe('a webhook', () => {
  async function asked(
    word: string,
    events?: string[],
  ): Promise<Http & { taken: Delivery[]; id: string; secret: string }> {
    const { url, taken } = await startTaker();
    const http = await start();
    const outer = { webhook: `${url}/hook`, ...(events === undefined ? {} : { webhook_events_filter: events }) };
    const { id } = await predict(http, `[sandbox: duration=10s, ${word}]`, {}, devLora, outer);
    const { key } = z
      .object({ key: z.string() })
      .parse((await http.call('GET', `${api}/webhooks/default/secret`)).body);
    return { ...http, taken, id, secret: key };
  }

  function verify({ headers, raw }: Delivery, secret: string): unknown {
    const given = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
    // The sandbox's clock is ahead of the real one here, which the library would mind.
    const at = Number(given['webhook-timestamp']);
    const signed = new Webhook(secret).sign(given['webhook-id'] ?? '', new Date(at * 1000), raw);
    return signed === given['webhook-signature'];
  }

  test('tells start and end, signed with the secret', async () => {
    const { taken, advance, id, secret } = await asked('ready');
    expect(secret).toMatch(/^whsec_/);
    advance(5_000);
    await expect.poll(() => taken.length).toBe(1);
    advance(5_000);
    await expect.poll(() => taken.length).toBe(2);
    expect(taken.map(({ body }) => body)).toMatchObject([
      { id, status: 'processing', output: null },
      { id, status: 'succeeded', output: [expect.any(String)] },
    ]);
    expect(taken.map((delivery) => verify(delivery, secret))).toEqual([true, true]);
    expect(new Set(taken.map(({ headers }) => headers['webhook-id'])).size).toBe(2);
  });

  test('tells the end only when asked for that, and a forged one is not signed with the secret', async () => {
    const { taken, advance, secret } = await asked('webhook-forged', ['completed']);
    advance(6_000);
    await expect.poll(() => taken.length).toBe(1);
    advance(4_000);
    await expect.poll(() => taken.length).toBe(2);
    expect(taken.map(({ body }) => body)).toMatchObject([{ status: 'failed' }, { status: 'succeeded' }]);
    expect(taken.map((delivery) => verify(delivery, secret))).toEqual([false, true]);
  });

  test('tells of a cancel at once, and nothing after', async () => {
    const { taken, advance, call, id, sandbox } = await asked('ready', ['completed']);
    advance(5_000);
    await call('POST', `${api}/predictions/${id}/cancel`);
    await expect.poll(() => taken.length).toBe(1);
    expect(taken[0]?.body).toMatchObject({ status: 'canceled' });
    advance(60_000);
    await expect.poll(() => sandbox.stats().webhooks.waiting).toBe(0);
    expect(taken).toHaveLength(1);
  });
});
