import Replicate, { validateWebhook } from 'replicate';
import { describe, expect, test } from 'vitest';
import { startTaker } from '../../sandbox/http.js';
import { still } from '../../sandbox/images.js';
import { paid, startUpstream } from './upstream.js';

const devLora = 'black-forest-labs/flux-dev-lora';

function clientOf(url: string, auth = 'token'): Replicate {
  return new Replicate({ auth, baseUrl: `${url}/replicate/v1` });
}

describe("Replicate's client", () => {
  test('runs a model and gets its pictures', async () => {
    const { url } = await startUpstream();
    const output = await clientOf(url).run(devLora, {
      input: { prompt: 'a boat [sandbox: duration=10s]', num_outputs: 2 },
    });
    expect(output).toEqual([expect.stringContaining(`${url}/delivery/`), expect.stringContaining('sample-2.webp')]);
    expect((await fetch(String(Object(output)[0]))).headers.get('content-type')).toBe('image/webp');
  });

  test('uploads a control image and runs a version', async () => {
    const { url, sandbox } = await startUpstream({ image: 'drawn' });
    const control_image = await still(64, 48);
    const seen: string[] = [];
    const replicate = clientOf(url);
    const { latest_version } = await replicate.models.get('xlabs-ai', 'flux-dev-controlnet');
    const output = await replicate.run(
      `xlabs-ai/flux-dev-controlnet:${latest_version?.id}`,
      {
        input: { prompt: 'a bottle [sandbox: duration=10s]', control_image, control_type: 'canny' },
        wait: { mode: 'poll', interval: 20 },
      },
      ({ status }) => seen.push(status),
    );
    expect(output).toHaveLength(1);
    expect([seen[0], seen.at(-1)]).toEqual(['starting', 'succeeded']);
    expect(sandbox.tasks()).toMatchObject([{ images: { control_image: expect.any(String) } }]);
  });

  test('creates, looks, lists and cancels', async () => {
    const { url } = await startUpstream();
    const replicate = clientOf(url);
    const made = await replicate.predictions.create({
      model: devLora,
      input: { prompt: '[sandbox: duration=1000s]' },
    });
    expect(made.status).toBe('starting');
    await expect.poll(async () => (await replicate.predictions.get(made.id)).status).toBe('processing');
    expect((await replicate.predictions.list()).results).toMatchObject([{ id: made.id }]);
    expect((await replicate.predictions.cancel(made.id)).status).toBe('canceled');
    expect((await replicate.wait(made, { interval: 20 })).status).toBe('canceled');
    expect(await replicate.accounts.current()).toMatchObject({ username: 'sandbox' });
  });

  test('verifies a webhook with the secret it gets', async () => {
    const { url } = await startUpstream();
    const taker = await startTaker();
    const replicate = clientOf(url);
    const input = { prompt: '[sandbox: duration=1s]' };
    const { id } = await replicate.predictions.create({
      model: devLora,
      input,
      webhook: taker.url,
      webhook_events_filter: ['completed'],
    });
    await expect.poll(() => taker.taken.length).toBe(1);
    const { key } = await replicate.webhooks.default.secret.get();
    const [delivery] = taker.taken;
    const headers = Object.fromEntries(
      Object.entries(delivery?.headers ?? {}).map(([name, value]) => [name, String(value)]),
    );
    const given = {
      id: headers['webhook-id'] ?? '',
      timestamp: headers['webhook-timestamp'] ?? '',
      signature: headers['webhook-signature'] ?? '',
    };
    const body = delivery?.raw ?? '';
    expect(JSON.parse(body)).toMatchObject({ id, status: 'succeeded' });
    expect(await validateWebhook({ ...given, body, secret: key })).toBe(true);
    expect(await validateWebhook({ ...given, body: `${body} `, secret: key })).toBe(false);
  });

  test('hears of a failure and of a wrong token', async () => {
    const { url } = await startUpstream({ keys: ['good'] });
    const input = { prompt: '[sandbox: moderated, duration=1s]' };
    await expect(clientOf(url, 'good').run(devLora, { input })).rejects.toThrow('NSFW');
    await expect(clientOf(url, 'bad').run(devLora, { input })).rejects.toThrow('401');
  });

  test('submits again when the answer is lost, and it is paid twice', async () => {
    const { url, sandbox } = await startUpstream();
    const prompt = 'a boat [sandbox: lost-reply=1, duration=1s]';
    expect(await clientOf(url).run(devLora, { input: { prompt } })).toHaveLength(1);
    expect(paid(sandbox, prompt)).toEqual({ submits: 2, tasks: 2 });
  });

  test('goes on submitting when every answer is lost', async () => {
    const { url, sandbox } = await startUpstream();
    const prompt = 'a boat [sandbox: lost-reply, duration=1s]';
    await expect(clientOf(url).run(devLora, { input: { prompt } })).rejects.toThrow('fetch failed');
    expect(paid(sandbox, prompt)).toEqual({ submits: 6, tasks: 6 });
  });
});
