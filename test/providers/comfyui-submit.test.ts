import { describe, expect, it } from 'vitest';
import { cannyRequest, key, loras, never, startBench, uploaded } from './comfyui.js';
import type { Reply } from './upstream.js';

const accepted: Reply = { body: { prompt_id: key, number: 1, node_errors: {} } };
const plainRequest = {
  ...cannyRequest,
  model: 'flux-lora',
  endpoint: 'flux-lora',
  control: 'NONE',
  images: {},
} as const;
const bodyOf = (text: string | undefined) => JSON.parse(text ?? '{}');

describe('the input image', () => {
  it('is uploaded first, under a name of its content, and overwrites nothing', async () => {
    const { provider, account, upstream, asked } = await startBench([loras, uploaded, accepted, uploaded, accepted]);
    await provider.submit(account, cannyRequest, never);
    await provider.submit(account, cannyRequest, never);
    expect(asked()).toEqual([
      'GET /models/loras',
      'POST /upload/image',
      'POST /prompt',
      'POST /upload/image',
      'POST /prompt',
    ]);
    const [, first, prompt, second] = upstream.requests;
    expect(first?.body).toContain('name="image"; filename="');
    expect(first?.body).toMatch(/name="subfolder"\r\n\r\ndarkroom\r\n/);
    expect(first?.body).toMatch(/name="type"\r\n\r\ninput\r\n/);
    expect(first?.body).not.toContain('overwrite');
    expect(first?.body).toMatch(/filename="[0-9a-f]{32}\.jpg"\r\nContent-Type: image\/jpeg\r\n\r\n/);
    // The same image again is the same request.
    expect(second?.body).toBe(first?.body);
    expect(bodyOf(prompt?.body).prompt['13'].inputs.image).toBe('darkroom/abc.jpg');
  });

  it('goes by the name that the server gave it', async () => {
    const renamed: Reply = { body: { name: 'abc (1).jpg', subfolder: '', type: 'input' } };
    const { provider, account, upstream } = await startBench([loras, renamed, accepted]);
    await provider.submit(account, cannyRequest, never);
    expect(bodyOf(upstream.requests[2]?.body).prompt['13'].inputs.image).toBe('abc (1).jpg');
  });

  it.each<[string, Reply, object]>([
    ['an error of the server', { status: 500, body: '' }, { code: 'PROVIDER_UNREACHABLE', retry: 'later' }],
    ['a lost answer', { cut: 'read' }, { code: 'PROVIDER_UNREACHABLE', retry: 'later' }],
    ['an answer without a name', { body: {} }, { code: 'PROVIDER_UNREACHABLE', retry: 'later' }],
    ['no such route', { status: 405, body: '' }, { code: 'PROVIDER_UNREACHABLE', retry: 'account' }],
    ['a bad key', { status: 401, body: '' }, { code: 'PROVIDER_UNAUTHORIZED', retry: 'account' }],
    ['an image too large', { status: 413, body: '' }, { code: 'PROVIDER_REFUSED', retry: 'never' }],
    ['an image that is none', { status: 400, body: '' }, { code: 'PROVIDER_REFUSED', retry: 'never' }],
  ])('%s there is a refusal: nothing was submitted', async (_, reply, gives) => {
    const { provider, account, asked } = await startBench([loras, reply]);
    expect(await provider.submit(account, cannyRequest, never)).toMatchObject({ kind: 'refused', ...gives });
    expect(asked()).toEqual(['GET /models/loras', 'POST /upload/image']);
  });
});

describe('the LoRA', () => {
  it('goes in the server’s own spelling', async () => {
    const windows: Reply = { body: ['style\\my-style.safetensors'] };
    const { provider, account, upstream } = await startBench([windows, accepted]);
    await provider.submit(account, plainRequest, never);
    expect(bodyOf(upstream.requests[1]?.body).prompt['4'].inputs.lora_name).toBe('style\\my-style.safetensors');
  });

  it('that the server does not have is refused in clear words, and asked for again the next time', async () => {
    const { provider, account, asked } = await startBench([{ body: ['other.safetensors'] }, loras, accepted]);
    expect(await provider.submit(account, plainRequest, never)).toEqual({
      kind: 'refused',
      code: 'FINETUNE_UNKNOWN',
      message: 'the server has no LoRA file style/my-style.safetensors',
      httpStatus: null,
      retry: 'never',
      retryAfterMs: null,
    });
    expect(asked()).toEqual(['GET /models/loras']);
    expect(await provider.submit(account, plainRequest, never)).toMatchObject({ kind: 'accepted' });
  });

  it('is left to the server where it lists none', async () => {
    const none: Reply = { status: 404, body: '' };
    const { provider, account } = await startBench([none, none, accepted]);
    expect(await provider.submit(account, plainRequest, never)).toMatchObject({ kind: 'accepted' });
  });

  it.each(['../up.safetensors', 'a/../../b', '/etc/passwd', 'C:\\x', '\\\\host\\x', 'a//b', 'a/', './a', 'a\nb', ''])(
    'with the name %j is refused before anything is asked',
    async (finetuneId) => {
      const { provider, account, asked } = await startBench([]);
      const outcome = await provider.submit(account, { ...plainRequest, finetuneId }, never);
      expect(outcome).toMatchObject({ kind: 'refused', code: 'PROVIDER_REFUSED', retry: 'never' });
      expect(asked()).toEqual([]);
    },
  );
});

describe('POST /prompt', () => {
  it('has our id, our name and no Origin', async () => {
    const { provider, account, upstream } = await startBench([loras, accepted, accepted]);
    await provider.submit(account, plainRequest, never);
    await provider.submit(account, plainRequest, never);
    const [first, second] = upstream.requests.slice(1).map(({ body }) => bodyOf(body));
    expect(first).toMatchObject({ prompt_id: key, extra_data: { darkroom: { key, seed: 42, output: '11' } } });
    expect(first.client_id).toMatch(/^[0-9a-f-]{36}$/);
    expect(second.client_id).toBe(first.client_id);
    for (const { headers } of upstream.requests) expect(headers).not.toHaveProperty('origin');
  });

  it.each([
    [
      'now',
      {
        type: 'missing_node_type',
        message: "Node 'DepthAnythingV2Preprocessor' not found. The custom node may not be installed.",
        details: "Node ID '#15'",
        extra_info: { node_id: '15', class_type: 'DepthAnythingV2Preprocessor' },
      },
    ],
    [
      'formerly',
      {
        type: 'invalid_prompt',
        message: 'Cannot execute because node DepthAnythingV2Preprocessor does not exist.',
        details: "Node ID '#15'",
        extra_info: {},
      },
    ],
  ])('a node type that the server lacks is named, as servers say it %s', async (_, error) => {
    const refused: Reply = { status: 400, body: { error, node_errors: {} } };
    const { provider, account } = await startBench([loras, refused]);
    expect(await provider.submit(account, plainRequest, never)).toMatchObject({
      kind: 'refused',
      code: 'PROVIDER_REFUSED',
      retry: 'never',
      message: expect.stringContaining('the server has no node type DepthAnythingV2Preprocessor'),
    });
  });

  it('a wrong value is told with its node and input', async () => {
    const errors = [
      {
        type: 'value_bigger_than_max',
        message: 'Value 20000 bigger than max of 10000',
        details: 'steps',
        extra_info: { input_name: 'steps' },
      },
    ];
    const refused: Reply = {
      status: 400,
      body: { node_errors: { '9': { class_type: 'KSampler', dependent_outputs: ['11'], errors } } },
    };
    const { provider, account } = await startBench([loras, refused]);
    const message = 'node 9 (KSampler), input steps: Value 20000 bigger than max of 10000: steps (HTTP 400)';
    expect(await provider.submit(account, plainRequest, never)).toMatchObject({ kind: 'refused', message });
  });

  it('taken without our picture it is refused, and taken off again', async () => {
    const partial: Reply = {
      body: {
        prompt_id: key,
        number: 1,
        node_errors: { '3': { class_type: 'VAELoader', dependent_outputs: ['11'], errors: [] } },
      },
    };
    const { provider, account, asked } = await startBench([loras, partial, { body: { cancelled: true } }]);
    const outcome = await provider.submit(account, plainRequest, never);
    expect(outcome).toMatchObject({ kind: 'refused', code: 'PROVIDER_REFUSED', retry: 'never' });
    expect(asked().at(-1)).toBe(`POST /api/jobs/${key}/cancel`);
  });
});

it('a model without a workflow is refused', async () => {
  const { provider, account } = await startBench([]);
  const request = { ...plainRequest, endpoint: 'flux-unknown' };
  expect(provider.describe(request)).toEqual({});
  expect(await provider.submit(account, request, never)).toMatchObject({
    kind: 'refused',
    message: 'there is no workflow for flux-unknown',
  });
});
