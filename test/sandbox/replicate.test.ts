import { randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import catalogue from '../../src/catalogue/replicate.json' with { type: 'json' };
import { modelOfVersion } from '../../src/sandbox/replicate/models.js';
import { startHttp } from './http.js';
import { base64, still } from './images.js';
import { api, devLora, look, predict, predictionSchema, start } from './replicate.js';

const control_image = `data:image/png;base64,${base64(await still(64, 48))}`;
const finetune = { finetune_id: 'my-finetune' };
const hour = 3_600_000;

async function formatAt(url: string): Promise<unknown> {
  return (await sharp(Buffer.from(await (await fetch(url)).arrayBuffer())).metadata()).format;
}

describe('a prediction', () => {
  test('starts, is processed and succeeds with a list of addresses', async () => {
    const http = await start();
    const { id, status, version, urls } = await predict(http, 'a boat [sandbox: duration=10s]', { num_outputs: 2 });
    expect([status, version, urls.get]).toEqual(['starting', 'hidden', `${http.url}${api}/predictions/${id}`]);
    http.advance(5_000);
    const running = await look(http, id);
    expect(running).toMatchObject({ status: 'processing', output: null, completed_at: null });
    expect(running.logs).toMatch(/\n45%\|████ {6}\| 12\/28 /);
    http.advance(5_000);
    const { status: end, output, ...rest } = await look(http, id);
    expect(end).toBe('succeeded');
    expect(rest).toMatchObject({ error: null, data_removed: false, metrics: { predict_time: 9.2, total_time: 10 } });
    const urlsOut = z.array(z.string()).length(2).parse(output);
    expect(urlsOut[1]).toMatch(/sample-2\.webp$/);
    expect(await formatAt(urlsOut[1] ?? '')).toBe('webp');
  });

  test.each(['flux-pro-finetuned', 'flux-1.1-pro-ultra-finetuned'])('of %s gives one address', async (name) => {
    const http = await start();
    const { id } = await predict(http, 'p', finetune, `black-forest-labs/${name}`);
    http.advance(60_000);
    expect(await formatAt(z.string().parse((await look(http, id)).output))).toBe('jpeg');
  });

  test.each(['canny', 'depth'])('of flux-%s-dev draws from its control image', async (kind) => {
    const http = await start({ image: 'drawn' });
    const fields = { control_image, megapixels: 'match_input', output_format: 'png' };
    const { id, input } = await predict(http, 'p', fields, `black-forest-labs/flux-${kind}-dev`);
    expect(input['control_image']).toMatch(/^sha256:/);
    http.advance(60_000);
    const [url] = z.array(z.string()).parse((await look(http, id)).output);
    const picture = Buffer.from(await (await fetch(url ?? '')).arrayBuffer());
    expect(await sharp(picture).metadata()).toMatchObject({ width: 64, height: 48, format: 'png' });
  });

  test('runs by version: a community model by name or id, and any that was trained', async () => {
    const http = await start();
    const name = 'xlabs-ai/flux-dev-controlnet';
    const run = async (version: string) =>
      await http.call('POST', `${api}/predictions`, { body: { version, input: { prompt: 'p', control_image } } });
    const known = await run(name);
    expect(known).toMatchObject({
      status: 201,
      body: { model: name, version: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const { version } = predictionSchema.parse(known.body);
    expect(await run(version)).toMatchObject({ status: 201, body: { model: name } });
    const own = randomBytes(32).toString('hex');
    expect(await run(`me/mine:${own}`)).toMatchObject({ status: 201, body: { model: 'me/mine', version: own } });
    expect(await run('me/mine')).toMatchObject({ status: 422, body: { title: 'Invalid version or not permitted' } });
    expect(await http.call('POST', `${api}/models/${name}/predictions`, { body: { input: {} } })).toMatchObject({
      status: 404,
    });
  });

  test('knows the versions that the catalogue names', () => {
    const versions = catalogue.models.map(({ name }) => name).filter((name) => name.includes(':'));
    expect(versions).not.toEqual([]);
    for (const version of versions) expect(modelOfVersion(version)?.name).toBe(version.split(':')[0]);
  });

  test('with Prefer: wait is answered when it is over, or when the wait is', async () => {
    const http = await start();
    const wait = async (prompt: string) => {
      const headers = { prefer: 'wait=5' };
      const answer = http.call('POST', `${api}/models/${devLora}/predictions`, {
        body: { input: { prompt } },
        headers,
      });
      await expect.poll(() => http.sandbox.tasks().some(({ request }) => request['prompt'] === prompt)).toBe(true);
      http.advance(5_000);
      return await answer;
    };
    expect(await wait('[sandbox: duration=4s]')).toMatchObject({ status: 201, body: { status: 'succeeded' } });
    expect(await wait('[sandbox: duration=60s]')).toMatchObject({
      status: 202,
      body: { status: 'processing', output: null },
    });
  });

  test('loses input, output and logs after an hour, and all of it later', async () => {
    const http = await start();
    const { id } = await predict(http, '[sandbox: duration=1s]');
    http.advance(1_000 + hour);
    const gone = { data_removed: true, output: null, input: {}, logs: '', status: 'succeeded' };
    expect(await look(http, id)).toMatchObject(gone);
    const { id: early } = await predict(http, '[sandbox: duration=1s, expired]');
    http.advance(1_000);
    expect(await look(http, early)).toMatchObject(gone);
    http.advance(hour);
    expect((await http.call('GET', `${api}/predictions/${id}`)).status).toBe(404);
  });

  test('takes an uploaded file for an image', async () => {
    const http = await start();
    const form = new FormData();
    form.append('content', new Blob([new Uint8Array(await still(64, 48))], { type: 'image/png' }), 'a.png');
    const headers = { authorization: 'Bearer token' };
    const uploaded = await fetch(`${http.url}${api}/files`, { method: 'POST', headers, body: form });
    expect(uploaded.status).toBe(201);
    const { urls } = z.object({ urls: z.object({ get: z.string() }) }).parse(await uploaded.json());
    expect((await http.call('GET', urls.get)).body).toMatchObject({ name: 'a.png', content_type: 'image/png' });
    const { input } = await predict(http, 'p', { control_image: urls.get }, 'black-forest-labs/flux-canny-dev');
    expect(input['control_image']).toMatch(/^sha256:/);
  });

  test('is listed, newest first, a hundred a page', async () => {
    const http = await start({ activeLimit: 1_000 });
    for (let i = 0; i < 101; i++) await predict(http, `${i}`);
    const page = z.object({ results: z.array(predictionSchema), next: z.string().nullable() });
    const first = page.parse((await http.call('GET', `${api}/predictions`)).body);
    expect(first.results.map(({ input }) => input['prompt']).slice(0, 2)).toEqual(['100', '99']);
    expect(first.results).toHaveLength(100);
    const second = page.parse((await http.call('GET', first.next ?? '')).body);
    expect([second.results.length, second.next]).toEqual([1, null]);
  });
});

describe('a submit', () => {
  test('hears of its faults', async () => {
    const { call } = await start();
    const path = `${api}/models/black-forest-labs/flux-canny-dev/predictions`;
    const body = { input: { control_image: 'abc', guidance: 101 }, colour: 'blue' };
    expect(await call('POST', path, { body })).toMatchObject({
      status: 422,
      body: { invalid_fields: [{ description: 'Additional property colour is not allowed' }] },
    });
    expect(await call('POST', path, { body: { input: body.input } })).toMatchObject({
      status: 422,
      body: {
        title: 'Input validation failed',
        detail: expect.stringContaining('- input.prompt: Field required\n'),
        invalid_fields: [
          { field: 'input.prompt', type: 'missing' },
          { field: 'input.guidance', type: 'less_than_equal' },
        ],
      },
    });
    const bare = await call('POST', path, {
      body: { input: { prompt: 'p', control_image: base64(await still(8, 8)) } },
    });
    expect(bare).toMatchObject({ status: 422, body: { invalid_fields: [{ field: 'input.control_image' }] } });
  });

  test.each(['400', '401', '402', '403', '404', '422', '429', '500', '503', '504'])('%s refuses', async (word) => {
    const { call, sandbox } = await start();
    const answer = await call('POST', `${api}/models/${devLora}/predictions`, {
      body: { input: { prompt: `[sandbox: ${word}]` } },
    });
    expect(answer).toMatchObject({ status: Number(word), body: { detail: expect.any(String), status: Number(word) } });
    expect(sandbox.tasks()).toEqual([]);
  });

  test('too many say when to come back', async () => {
    const { call } = await start({ activeLimit: 0 });
    const answer = await call('POST', `${api}/models/${devLora}/predictions`, { body: { input: { prompt: 'p' } } });
    expect(answer).toMatchObject({ status: 429, body: { detail: expect.stringContaining('resets in ~30s') } });
  });

  test('needs a token that is accepted, as everything does', async () => {
    const { call } = await startHttp('Bearer bad', { keys: ['good'] });
    const paths = ['account', 'predictions', 'predictions/x', 'webhooks/default/secret', 'files/x'];
    for (const path of paths) expect(await call('GET', `${api}/${path}`)).toMatchObject({ status: 401 });
    for (const path of [`models/${devLora}/predictions`, 'predictions', 'predictions/x/cancel', 'files'])
      expect(await call('POST', `${api}/${path}`, { body: {} })).toMatchObject({
        status: 401,
        body: { title: 'Unauthenticated' },
      });
  });

  test('to a path that is none is not found', async () => {
    const { call } = await start();
    expect(await call('GET', `${api}/nothing`)).toMatchObject({ status: 404, body: { status: 404 } });
    expect((await call('GET', `${api}/account`)).body).toMatchObject({ username: 'sandbox' });
  });
});
