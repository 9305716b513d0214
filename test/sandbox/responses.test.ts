import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startHttp, type Answer, type Http } from './http.js';
import { base64, pixels, still } from './images.js';

const model = 'flux-pro-finetuned';
const start = (options?: Parameters<typeof startHttp>[1]): Promise<Http> => startHttp('Bearer key', options);

/** Asks, and lets the time that it needs pass. */
async function respond(http: Http, input: unknown, more: Record<string, unknown> = {}): Promise<Answer> {
  const known = http.sandbox.log().length;
  const answer = http.call('POST', '/v1/responses', { body: { model, input, ...more } });
  await expect.poll(() => http.sandbox.log().length).toBeGreaterThan(known);
  await expect.poll(() => http.sandbox.log().at(-1)?.status !== null || http.sandbox.tasks().length > 0).toBe(true);
  http.advance(60_000);
  return await answer;
}

describe('a response', () => {
  test('in-text holds an address within text', async () => {
    const http = await start();
    const { body } = await respond(http, 'a boat [sandbox: in-text]');
    const content = z.tuple([z.looseObject({ type: z.literal('output_text'), text: z.string() })]);
    const { output } = z.object({ output: z.tuple([z.looseObject({ content })]) }).parse(body);
    const url = /!\[image\]\((\S+)\)/.exec(output[0].content[0].text)?.[1];
    expect((await fetch(url ?? '')).headers.get('content-type')).toBe('image/jpeg');
  });

  test('in-base64 holds the picture itself', async () => {
    const { body } = await respond(await start({ image: 'drawn' }), 'a boat [sandbox: in-base64]');
    expect(body).toMatchObject({
      object: 'response',
      status: 'completed',
      error: null,
      output: [{ type: 'image_generation_call', status: 'completed', size: '1024x768', output_format: 'jpeg' }],
    });
    const { output } = z.object({ output: z.tuple([z.looseObject({ result: z.string() })]) }).parse(body);
    expect(await pixels(Buffer.from(output[0].result, 'base64'))).toMatchObject({ width: 1024, height: 768 });
  });

  test('in-url holds an address of its own', async () => {
    const { body } = await respond(await start(), 'a boat [sandbox: in-url]');
    const content = z.tuple([z.object({ type: z.literal('output_image'), image_url: z.string() })]);
    const { output } = z.object({ output: z.tuple([z.looseObject({ content })]) }).parse(body);
    expect((await fetch(output[0].content[0].image_url)).status).toBe(200);
  });

  test('takes items with text and an image, and ignores what has no place', async () => {
    const http = await start();
    const image_url = `data:image/png;base64,${base64(await still(64, 48))}`;
    const content = [
      { type: 'input_text', text: 'a bottle' },
      { type: 'input_image', image_url },
    ];
    const input = [{ role: 'user', content }];
    const more = { model: 'flux-pro-1-0-canny-finetuned', finetune_id: 'my-finetune' };
    expect((await respond(http, input, more)).body).toMatchObject({ output: [{ type: 'message' }] });
    expect(http.sandbox.tasks()).toMatchObject([
      { width: 64, height: 48, images: { control_image: expect.any(String) } },
    ]);
    expect(http.sandbox.log()).toMatchObject([{ submit: { prompt: 'a bottle', ignored: ['finetune_id'] } }]);
  });

  test.each([
    ['error', 200, { status: 'failed', error: { code: 'server_error' }, output: [] }],
    ['canceled', 200, { status: 'cancelled', output: [] }],
    [
      'moderated',
      200,
      { status: 'completed', output: [{ status: 'failed', result: null }, { content: [{ type: 'refusal' }] }] },
    ],
    ['no-image', 200, { status: 'completed', output: [{ content: [{ type: 'output_text' }] }] }],
    ['unknown-status', 200, { status: 'finalizing' }],
    ['request-moderated', 400, { error: { code: 'moderation_blocked' } }],
    ['failed', 500, { error: { type: 'server_error' } }],
    ['not-found', 500, { error: { type: 'server_error' } }],
    ['timeout', 504, { error: { type: 'server_error' } }],
    ['401', 401, { error: { code: 'invalid_api_key' } }],
    ['402', 402, { error: { code: 'insufficient_quota' } }],
    ['429', 429, { error: { type: 'rate_limit_error' } }],
    ['quota-200', 200, { error: { code: 'insufficient_quota' } }],
  ])('to %s', async (word, status, body) => {
    expect(await respond(await start(), `[sandbox: ${word}]`)).toMatchObject({ status, body });
  });

  test('waits for the end, however long, until the sandbox stops', async () => {
    const http = await start();
    const waiting = http.call('POST', '/v1/responses', { body: { model, input: '[sandbox: stuck]' } });
    const failed = waiting.then(() => null, String);
    await expect.poll(() => http.sandbox.tasks().length).toBe(1);
    await http.sandbox.stop();
    expect(await failed).toContain('fetch failed');
  });

  test('is refused to a wrong key, an unknown model, a body without input', async () => {
    const { call } = await startHttp('Bearer bad', { keys: ['good'] });
    expect((await call('POST', '/v1/responses', { body: { model, input: 'p' } })).status).toBe(401);
    expect((await call('GET', '/v1/models')).status).toBe(401);
    const http = await start();
    const refused = async (body: unknown): Promise<unknown> => await http.call('POST', '/v1/responses', { body });
    expect(await refused({ model: 'gpt', input: 'p' })).toMatchObject({
      status: 404,
      body: { error: { code: 'model_not_found' } },
    });
    expect(await refused({ model })).toMatchObject({ status: 400, body: { error: { param: 'input' } } });
    expect(await refused({ input: 'p' })).toMatchObject({ status: 400, body: { error: { param: 'model' } } });
    expect(await refused({ model, input: 'p', stream: true })).toMatchObject({ status: 400 });
    expect(await refused({ model, input: '[sandbox: what]' })).toMatchObject({ status: 400 });
    expect((await http.call('GET', '/v1/models')).body).toMatchObject({
      data: expect.arrayContaining([{ id: model, object: 'model', created: 0, owned_by: 'sandbox' }]),
    });
  });
});
