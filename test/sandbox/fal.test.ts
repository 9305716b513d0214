import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { recomputeCanny } from './canny.js';
import { finish, lora, outputSchema, queuedSchema, start, submit } from './fal.js';
import { startHttp, type Answer } from './http.js';
import { base64, pixels, still } from './images.js';

const control = `data:image/png;base64,${base64(await still(64, 48))}`;

describe('a request', () => {
  test('waits, runs, is completed and gives its picture', async () => {
    const http = await start();
    const { status_url, response_url, request_id } = await submit(http, 'a boat [sandbox: duration=10s]', { seed: 7 });
    const status = async (): Promise<unknown> => (await http.call('GET', `${status_url}?logs=1`)).body;
    expect(await status()).toMatchObject({ status: 'IN_QUEUE', queue_position: 0, request_id });
    expect(await http.call('GET', response_url)).toMatchObject({ status: 400 });
    http.advance(5_000);
    expect(await status()).toMatchObject({ status: 'IN_PROGRESS', logs: expect.arrayContaining([expect.anything()]) });
    http.advance(5_000);
    expect(await status()).toMatchObject({ status: 'COMPLETED', metrics: { inference_time: 9.2 } });
    const { status: code, body, headers } = await http.call('GET', response_url);
    expect([code, headers.get('x-fal-request-id')]).toEqual([200, request_id]);
    const { images, seed } = outputSchema.parse(body);
    expect(seed).toBe(7);
    expect(images).toMatchObject([{ width: 1024, height: 768, content_type: 'image/jpeg' }]);
    expect((await fetch(images[0]?.url ?? '')).headers.get('content-type')).toBe('image/jpeg');
  });

  test('has addresses with owner and alias only, and is not found under another path', async () => {
    const http = await start();
    const model = 'fal-ai/flux-pro/v1.1-ultra-finetuned';
    const fields = { finetune_id: 'f', finetune_strength: 1.2 };
    const { status_url, request_id } = await submit(http, 'p', fields, model);
    expect(status_url).toBe(`${http.url}/fal/fal-ai/flux-pro/requests/${request_id}/status`);
    expect((await http.call('GET', status_url)).status).toBe(200);
    for (const path of [model, 'fal-ai/flux']) {
      const answer = await http.call('GET', `/fal/${path}/requests/${request_id}/status`);
      expect({ path, status: answer.status }).toEqual({ path, status: 404 });
    }
  });

  test('makes as many pictures as asked for, each its own', async () => {
    const http = await start({ image: 'drawn' });
    const { body } = await finish(http, 'p', { num_images: 2, image_size: 'square', output_format: 'png' });
    const { images, has_nsfw_concepts } = outputSchema.parse(body);
    expect(has_nsfw_concepts).toEqual([false, false]);
    const [first, second] = await Promise.all(
      images.map(async ({ url }) => Buffer.from(await (await fetch(url)).arrayBuffer())),
    );
    expect(await sharp(first).metadata()).toMatchObject({ width: 512, height: 512, format: 'png' });
    expect(first?.equals(second ?? Buffer.alloc(0))).toBe(false);
    expect(http.sandbox.tasks()).toMatchObject([{ cost: 7, request: { lora_scale: 0.8 } }]);
  });

  test('gives a data URI in sync mode', async () => {
    const { body } = await finish(await start(), 'p', { sync_mode: true });
    expect(outputSchema.parse(body).images[0]?.url).toMatch(/^data:image\/jpeg;base64,\/9j/);
  });

  test('draws along the edges of the control image', async () => {
    const http = await start({ image: 'drawn' });
    const image = await still(480, 320);
    const fields = { image_url: `data:image/png;base64,${base64(image)}`, output_format: 'png' };
    const { body } = await finish(http, 'a bottle', fields, 'fal-ai/flux-lora-canny');
    const [picture] = outputSchema.parse(body).images;
    const drawn = Buffer.from(await (await fetch(picture?.url ?? '')).arrayBuffer());
    const { data, width, height } = await pixels(drawn);
    const { data: given } = await pixels(image);
    const edges = await recomputeCanny(given, width, height, 50, 200);
    expect([width, height]).toEqual([480, 320]);
    const isInk = (pixel: number): boolean => {
      const rgb = data.subarray(pixel * 3, pixel * 3 + 3);
      return rgb.every((value) => value < 28) || rgb.every((value) => value > 226);
    };
    const inked = edges.reduce((sum, value, pixel) => sum + (value !== 0 && isInk(pixel) ? 1 : 0), 0);
    const all = edges.reduce((sum, value) => sum + (value !== 0 ? 1 : 0), 0);
    expect(all).toBeGreaterThan(500);
    // The mark covers some.
    expect(inked / all).toBeGreaterThan(0.9);
  });

  test('streams its states until it is completed', async () => {
    const http = await start();
    const { status_url } = await submit(http, '[sandbox: duration=10s]');
    const text = http.call('GET', `${status_url}/stream`);
    http.advance(10_000);
    const events = String((await text).body)
      .trim()
      .split('\n\n')
      .map((line): unknown => JSON.parse(line.replace('data: ', '')));
    expect(events.at(-1)).toMatchObject({ status: 'COMPLETED' });
  });

  test.each([
    ['flux-control-lora-canny', { control_lora_image_url: control }],
    ['flux-control-lora-depth', { control_lora_image_url: 'https://images.invalid/a.png' }],
    ['flux-lora-depth', { image_url: control }],
    ['flux-general', { control_loras: [{ path: 'x', control_image_url: control, preprocess: 'canny' }] }],
    ['flux-pro/v1/fill-finetuned', { finetune_id: 'f', finetune_strength: 1, image_url: control, mask_url: control }],
    ['flux-2/klein/4b/lora', {}],
    ['flux-2/klein/9b/base/lora', { guidance_scale: 4 }],
  ])('to %s gives a picture', async (name, fields) => {
    const http = await start({ image: 'drawn' });
    const { status, body } = await finish(http, 'p', fields, `fal-ai/${name}`);
    expect(status).toBe(200);
    const { images } = outputSchema.parse(body);
    expect((await fetch(images[0]?.url ?? '')).status).toBe(200);
  });

  test.each(['fal-ai/flux-pro/v1/canny-finetuned', 'fal-ai/flux-pro/v1/depth-finetuned'])(
    'to %s is too late',
    async (id) => {
      const { call } = await start();
      const body = { detail: expect.stringContaining('no longer supported') };
      expect(await call('POST', `/fal/${id}`, { body: { prompt: 'p' } })).toMatchObject({ status: 404, body });
    },
  );

  test('with faults in it is taken, and the model finds them', async () => {
    const http = await start();
    const body = { prompt: 'p', num_inference_steps: 51, image_size: 'huge', loras: [{ scale: 1 }] };
    const { response_url, status_url } = queuedSchema.parse((await http.call('POST', `/fal/${lora}`, { body })).body);
    http.advance(2_000);
    expect((await http.call('GET', status_url)).body).toMatchObject({ status: 'COMPLETED' });
    const answer = await http.call('GET', response_url);
    expect(answer.status).toBe(422);
    expect(answer.body).toMatchObject({
      detail: [
        { loc: ['body', 'num_inference_steps'], type: 'less_than_equal' },
        { loc: ['body', 'image_size'] },
        { loc: ['body', 'loras', 0, 'path'], msg: 'Field required', type: 'missing' },
      ],
    });
    expect(http.sandbox.tasks()).toMatchObject([{ cost: 0 }]);
  });

  test('with bare base64 for an image is found wrong by the model', async () => {
    const http = await start();
    const answer = await finish(http, 'p', { image_url: control.slice(22) }, 'fal-ai/flux-lora-canny');
    expect(answer).toMatchObject({ status: 422, body: { detail: [{ loc: ['body', 'image_url'] }] } });
  });

  test('needs a key that is accepted', async () => {
    for (const authorization of [null, 'Key bad', 'Bearer good']) {
      const { call } = await startHttp(authorization, { keys: ['good'] });
      const answer = await call('POST', `/fal/${lora}`, { body: { prompt: 'p' } });
      expect(answer).toMatchObject({ status: 401, body: { detail: expect.any(String) } });
      expect((await call('GET', `/fal/${lora}/requests/x/status`)).status).toBe(401);
    }
  });
});

describe('an outcome', () => {
  test.each([
    ['error', 500, { error_type: 'runner_server_error' }, 'true'],
    ['timeout', 504, { error_type: 'startup_timeout' }, 'true'],
    ['canceled', 499, { error_type: 'client_cancelled' }, 'false'],
    ['failed', 422, { detail: expect.any(String) }, 'false'],
    ['request-moderated', 422, { detail: [{ type: 'content_policy_violation' }] }, 'false'],
  ])('%s is COMPLETED and fails in the result', async (word, status, body, retryable) => {
    const http = await start();
    const { status_url, response_url } = await submit(http, `[sandbox: ${word}]`);
    http.advance(60_000);
    expect((await http.call('GET', status_url)).body).toMatchObject({ status: 'COMPLETED' });
    const answer = await http.call('GET', response_url);
    expect(answer).toMatchObject({ status, body });
    expect(answer.headers.get('x-fal-retryable')).toBe(retryable);
  });

  test('moderated gives a black picture and says so', async () => {
    const { body } = await finish(await start({ image: 'drawn' }), '[sandbox: moderated]', { image_size: 'square' });
    const { images, has_nsfw_concepts } = outputSchema.parse(body);
    expect(has_nsfw_concepts).toEqual([true]);
    const { data } = await pixels(Buffer.from(await (await fetch(images[0]?.url ?? '')).arrayBuffer()));
    expect(data.subarray(0, 3 * 512 * 200).every((value) => value < 8)).toBe(true);
  });

  test('no-image gives none', async () => {
    expect((await finish(await start(), '[sandbox: no-image]')).body).toMatchObject({ images: [] });
  });

  test.each(['400', '401', '402', '403', '404', '422', '429', '500', '503', '504'])('%s refuses', async (word) => {
    const { call, sandbox } = await start();
    const answer = await call('POST', `/fal/${lora}`, { body: { prompt: `[sandbox: ${word}]` } });
    expect(answer).toMatchObject({ status: Number(word), body: { detail: expect.anything() } });
    expect(answer.headers.has('x-fal-error-type')).toBe(Number(word) >= 500 || word === '400');
    expect(sandbox.tasks()).toEqual([]);
  });

  test('late-task, unknown-status and foreign-polling-url show', async () => {
    const http = await start();
    const { status_url, request_id } = await submit(
      http,
      '[sandbox: late-task=1, unknown-status, foreign-polling-url, duration=10s]',
    );
    expect(status_url).toMatch(/^https:\/\/[^/]+\.invalid/);
    const look = (): Promise<Answer> => http.call('GET', `/fal/${lora}/requests/${request_id}/status`);
    expect((await look()).status).toBe(404);
    expect((await look()).body).toMatchObject({ status: 'SCHEDULED' });
    http.advance(5_000);
    expect((await look()).body).toMatchObject({ status: 'WARMING_UP' });
  });
});
