import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { startHttp, startTaker, type Answer, type Http } from './http.js';
import { base64, still } from './images.js';

const base = '/flux/v1';
const canny = 'flux-pro-1-0-canny-finetuned';
const body = { finetune_id: 'my-finetune', prompt: 'a boat' };
const control_image = base64(await still(64, 48));
const acceptedSchema = z.looseObject({ id: z.string(), polling_url: z.string() });
const envelope = z.strictObject({
  error: z.strictObject({
    message: z.string().regex(/ \(request id: [0-9a-f]+\)$/),
    type: z.literal('comet_api_error'),
    param: z.string(),
    code: z.string(),
  }),
});

const start = (options?: Parameters<typeof startHttp>[1]): Promise<Http> => startHttp('Bearer key', options);

async function submit({ call }: Http, words: string): Promise<z.infer<typeof acceptedSchema>> {
  const prompt = `a boat [sandbox: ${words}]`;
  return acceptedSchema.parse((await call('POST', `${base}/flux-pro-finetuned`, { body: { ...body, prompt } })).body);
}

async function refusal(http: Http, words: string): Promise<Answer> {
  return await http.call('POST', `${base}/flux-pro-finetuned`, { body: { ...body, prompt: `[sandbox: ${words}]` } });
}

describe('a generation', () => {
  test.each([canny, 'flux-pro-1.0-canny-finetuned'])('by %s runs from submit to picture', async (model) => {
    const http = await start();
    const control = `data:image/png;base64,${control_image}`;
    const { body: made } = await http.call('POST', `${base}/${model}`, {
      body: { ...body, control_image: control, seed: 7 },
    });
    const { id, polling_url } = acceptedSchema.parse(made);
    expect(made).toEqual({ id, polling_url: `${http.url}${base}/get_result?id=${id}` });
    expect((await http.call('GET', polling_url)).body).toEqual({ id, status: 'Pending', result: null });
    http.advance(60_000);
    const ready = await http.call('GET', polling_url);
    expect(ready.body).toMatchObject({ id, status: 'Ready', result: { seed: 7, prompt: 'a boat' } });
    const { result } = z.object({ result: z.object({ sample: z.string() }) }).parse(ready.body);
    expect((await fetch(result.sample)).headers.get('content-type')).toBe('image/jpeg');
    expect(http.sandbox.tasks()).toMatchObject([{ model, cost: 9.6, dialect: 'flux-gateway' }]);
  });

  test('may be ready at the submit', async () => {
    const http = await start();
    expect(await submit(http, 'ready-at-once')).toMatchObject({
      status: 'Ready',
      result: { sample: expect.any(String) },
    });
    const { id } = await submit(http, 'ready-at-once, error');
    expect((await http.call('GET', `${base}/get_result?id=${id}`)).body).toMatchObject({ status: 'Error' });
  });

  test.each([
    ['error', 'Error'],
    ['failed', 'Failed'],
    ['moderated', 'Content Moderated'],
    ['request-moderated', 'Request Moderated'],
    ['not-found', 'Task not found'],
  ])('that is %s says so', async (word, status) => {
    const http = await start();
    const { id } = await submit(http, word);
    http.advance(60_000);
    expect((await http.call('GET', `${base}/get_result?id=${id}`)).body).toMatchObject({ id, status });
  });

  test('with error has a message, and odd words come from this family', async () => {
    const http = await start();
    const { id, polling_url } = await submit(http, 'error, unknown-status, foreign-polling-url, duration=10s');
    expect(polling_url).toMatch(/^https:\/\/[^/]+\.invalid\/v1\/get_result/);
    const look = async (): Promise<unknown> => (await http.call('GET', `${base}/get_result?id=${id}`)).body;
    expect(await look()).toMatchObject({ status: 'Processing' });
    http.advance(10_000);
    expect(await look()).toMatchObject({ status: 'Error', result: { message: expect.any(String) } });
  });
});

describe('a refusal', () => {
  test.each(['400', '401', '402', '403', '404', '429', '500', '503', '504'])(
    '%s comes in the envelope',
    async (word) => {
      const answer = await refusal(await start(), word);
      expect(answer.status).toBe(Number(word));
      envelope.parse(answer.body);
    },
  );

  test('for a spent quota may come with 200 and no id', async () => {
    const http = await start();
    const answer = await refusal(http, 'quota-200');
    expect(answer.status).toBe(200);
    expect(envelope.parse(answer.body).error.code).toBe('insufficient_quota');
    expect(http.sandbox.tasks()).toEqual([]);
  });

  test('of a body says what is wrong, and blames the client for what is no JSON', async () => {
    const { call, url } = await start();
    const answer = await call('POST', `${base}/${canny}`, { body: { ...body, steps: 99 } });
    expect(answer).toMatchObject({
      status: 400,
      body: { error: { message: expect.stringMatching(/control_image.*steps/) } },
    });
    const headers = { authorization: 'Bearer key' };
    const torn = await fetch(`${url}${base}/${canny}`, { method: 'POST', headers, body: '{' });
    expect([torn.status, envelope.parse(await torn.json()).error.code]).toEqual([500, 'invalid_request']);
  });

  test('of a key or a model', async () => {
    const { call } = await startHttp('Bearer bad', { keys: ['good'] });
    const paths = [`${base}/${canny}`, `${base}/nothing`];
    for (const path of paths) expect((await call('POST', path, { body })).status).toBe(401);
    expect((await call('GET', `${base}/get_result?id=x`)).status).toBe(401);
    const answer = await (await start()).call('POST', `${base}/flux-pro-1.0-canny`, { body });
    expect(answer).toMatchObject({ status: 404, body: { error: { code: 'model_not_found' } } });
  });

  test('of a wrong path is a page or a way to one', async () => {
    const { call, url } = await start();
    const page = await call('GET', '/flux/v2/get_result');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8']);
    const away = await call('POST', '/flux/flux-pro-finetuned', { body });
    expect([away.status, away.headers.get('location')]).toEqual([301, `${url}/`]);
  });
});

test('a webhook has the secret in its body', async () => {
  const { url, taken } = await startTaker();
  const http = await start();
  const hook = {
    webhook_url: `${url}/hook`,
    webhook_secret: 'hush',
    prompt: '[sandbox: webhook-forged, duration=10s]',
  };
  const { body: made } = await http.call('POST', `${base}/flux-pro-finetuned`, { body: { ...body, ...hook } });
  const { id } = acceptedSchema.parse(made);
  http.advance(6_000);
  await expect.poll(() => taken.length).toBe(1);
  http.advance(4_000);
  await expect.poll(() => taken.length).toBe(2);
  expect(taken.map((delivery) => delivery.body)).toMatchObject([
    { id, status: 'Error', webhook_secret: 'not hush' },
    { id, status: 'Ready', result: { sample: expect.any(String) }, webhook_secret: 'hush' },
  ]);
});
