import sharp from 'sharp';
import { describe, expect, test } from 'vitest';
import { startComfy, textGraph } from './comfyui.js';
import { still } from './images.js';

describe('an upload', () => {
  test('keeps its name, gets another where that is taken, and shares where bytes are the same', async () => {
    const { upload, get } = await startComfy();
    const [a, b] = [await still(32, 32), await still(40, 32)];
    expect((await upload(a, 'x.png')).body).toEqual({ name: 'x.png', subfolder: '', type: 'input' });
    expect((await upload(b, 'x.png')).body).toMatchObject({ name: 'x (1).png' });
    expect((await upload(a, 'x.png')).body).toMatchObject({ name: 'x.png' });
    expect((await upload(b, 'x.png')).body).toMatchObject({ name: 'x (1).png' });
    expect((await upload(b, 'x.png', { overwrite: 'true' })).body).toMatchObject({ name: 'x.png' });
    expect((await get('/view?filename=x.png&type=input')).bytes).toEqual(b);
    expect((await get('/object_info/LoadImage')).body).toMatchObject({
      LoadImage: { input: { required: { image: [['x (1).png', 'x.png'], { image_upload: true }] } } },
    });
  });

  test('goes into a folder of its own, and not out of ComfyUI', async () => {
    const { upload, get } = await startComfy();
    const bytes = await still(32, 32);
    expect((await upload(bytes, 'x.png', { subfolder: 'a/b', type: 'temp' })).body).toEqual({
      name: 'x.png',
      subfolder: 'a/b',
      type: 'temp',
    });
    expect((await get('/view?filename=x.png&subfolder=a/b&type=temp')).bytes).toEqual(bytes);
    for (const [name, subfolder] of [
      ['../x.png', ''],
      ['x.png', '../..'],
      ['/etc/x.png', ''],
      ['x.png', '/etc'],
    ] as const) {
      expect((await upload(bytes, name, { subfolder })).status).toBe(400);
    }
    expect((await upload(bytes, 'x.png', { type: 'elsewhere' })).status).toBe(500);
  });

  test('without a file is refused', async () => {
    const { url } = await startComfy();
    const form = new FormData();
    form.append('type', 'input');
    expect((await fetch(`${url}/upload/image`, { method: 'POST', body: form })).status).toBe(400);
  });

  test('of what is no image is taken, and fails when it is loaded', async () => {
    const { upload, prompt, advance, history } = await startComfy();
    await upload(Buffer.from('no image'), 'x.png');
    const id = await prompt({
      '1': { class_type: 'LoadImage', inputs: { image: 'x.png' } },
      '2': { class_type: 'PreviewImage', inputs: { images: ['1', 0] } },
    });
    advance(600_000);
    expect((await history(id))?.status.messages.at(-1)).toEqual([
      'execution_error',
      expect.objectContaining({ node_id: '1', exception_type: 'PIL.UnidentifiedImageError' }),
    ]);
  });
});

describe('a view', () => {
  test.each([
    ['', 404],
    ['?filename=none.png', 404],
    ['?filename=../flux_00001_.png', 400],
    ['?filename=/etc/passwd', 400],
    ['?filename=flux_00001_.png&type=models', 400],
    ['?filename=flux_00001_.png&subfolder=../input', 403],
    ['?filename=flux_00001_.png&type=input', 404],
    ['?filename=flux_00001_.png', 200],
    ['?filename=flux_00001_.png&type=output&subfolder=', 200],
  ])('of %s is answered %i', async (query, status) => {
    const { prompt, advance, get } = await startComfy();
    await prompt(textGraph('a'));
    advance(600_000);
    expect((await get(`/view${query}`)).status).toBe(status);
  });

  test('is a PNG with its graph inside, or a preview of it', async () => {
    const { prompt, advance, get } = await startComfy({ image: 'drawn' });
    const graph = textGraph('ein Café', { prefix: 'mine/%width%x%height%' });
    await prompt(graph, { extra_data: { extra_pnginfo: { workflow: { id: 'w' } } } });
    advance(600_000);
    const path = '/view?filename=256x192_00001_.png&subfolder=mine';
    const whole = await get(path);
    expect(whole.type).toBe('image/png');
    const { comments, ...found } = await sharp(whole.bytes).metadata();
    expect(found).toMatchObject({ format: 'png', width: 256, height: 192, hasAlpha: false });
    const texts = new Map(comments?.map(({ keyword, text }) => [keyword, JSON.parse(text) as unknown]));
    expect(texts.get('prompt')).toEqual(graph);
    expect(texts.get('workflow')).toEqual({ id: 'w' });
    for (const [more, format] of [
      ['preview=webp;50', 'webp'],
      ['preview=jpeg', 'jpeg'],
      ['channel=rgb', 'png'],
      ['channel=a', 'png'],
    ] as const) {
      const made = await get(`${path}&${more}`);
      expect(made.type).toBe(`image/${format}`);
      expect(await sharp(made.bytes).metadata()).toMatchObject({ format, width: 256, height: 192 });
    }
  });

  test('of a preview lasts until ComfyUI starts anew', async () => {
    const { prompt, advance, history, get, restart } = await startComfy();
    const graph = textGraph('a');
    const id = await prompt({ ...graph, '10': { class_type: 'PreviewImage', inputs: { images: ['9', 0] } } });
    advance(600_000);
    const image = (await history(id))?.outputs['10']?.images[0];
    expect(image).toMatchObject({ type: 'temp', filename: expect.stringMatching(/^ComfyUI_temp_\w+/) });
    const path = `/view?${new URLSearchParams(image).toString()}`;
    expect((await get(path)).status).toBe(200);
    await restart();
    expect((await get(path)).status).toBe(404);
  });
});

test('a name that leads out of the output folder fails at saving', async () => {
  const { prompt, advance, history } = await startComfy();
  const id = await prompt(textGraph('a', { prefix: '../../x' }));
  advance(600_000);
  expect((await history(id))?.status.messages.at(-1)?.[1]).toMatchObject({
    node_id: '10',
    exception_message: expect.stringContaining('outside the output folder'),
  });
});

test('what is installed can be asked for', async () => {
  const { get } = await startComfy({ finetunes: ['house'] });
  const loras = ['flux1-canny-dev-lora.safetensors', 'flux1-depth-dev-lora.safetensors', 'house.safetensors'];
  expect((await get('/models/loras')).body).toEqual(loras);
  expect((await get('/models')).body).toContain('diffusion_models');
  expect((await get('/models/nothing')).status).toBe(404);
  const all = (await get('/api/object_info')).body as Record<string, unknown>;
  expect(Object.keys(all)).toEqual(
    expect.arrayContaining(['KSampler', 'Canny', 'DepthAnythingV2Preprocessor', 'SaveImage']),
  );
  expect(all['LoraLoaderModelOnly']).toMatchObject({
    input: {
      required: {
        model: ['MODEL'],
        lora_name: [loras],
        strength_model: ['FLOAT', { default: 1, min: -100, max: 100 }],
      },
    },
    input_order: { required: ['model', 'lora_name', 'strength_model'] },
    output: ['MODEL'],
    output_node: false,
  });
  expect((await get('/object_info/KSamplerSelect')).body).toMatchObject({
    KSamplerSelect: {
      input: { required: { sampler_name: ['COMBO', { options: expect.arrayContaining(['euler']) }] } },
    },
  });
  expect((await get('/object_info/Nothing')).body).toEqual({});
  expect((await get('/system_stats')).body).toMatchObject({ system: { os: 'linux' }, devices: [{ type: 'cuda' }] });
  expect((await get('/features')).body).toEqual({ supports_preview_metadata: true, max_upload_size: 104_857_600 });
  expect(await get('/nothing')).toMatchObject({ status: 404, body: '404: Not Found' });
});

describe('the guard against web pages', () => {
  test.each([
    [{}, 200],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'http://127.0.0.1:1' }, 403],
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-origin' }, 200],
  ])('answers %o with %i', async (headers, status) => {
    const { get } = await startComfy();
    expect((await get('/queue', headers as Record<string, string>)).status).toBe(status);
  });

  test('lets its own pages pass', async () => {
    const { get, url } = await startComfy();
    expect((await get('/queue', { origin: new URL(url).origin })).status).toBe(200);
  });
});

test('with keys, the proxy in front asks for one', async () => {
  const { get, sandbox } = await startComfy({ keys: ['secret'] });
  expect((await get('/queue')).status).toBe(401);
  expect((await get('/queue', { authorization: 'Bearer wrong' })).status).toBe(401);
  expect((await get('/queue', { authorization: 'Bearer secret' })).status).toBe(200);
  expect(sandbox.log().map(({ key }) => key === null)).toEqual([true, false, false]);
});
