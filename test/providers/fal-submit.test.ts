import { describe, expect, it } from 'vitest';
import type { SubmitRequest } from '../../src/providers/provider.js';
import { apiKey, loraRequest, startFal } from './fal.js';
import { never } from './scripted.js';

const bytes = Buffer.from([0xff, 0xd8, 0xff, 0x00]);
const uri = 'data:image/jpeg;base64,/9j/AA==';
const image = { id: 'i', bytes };
const { model: _model, ...plain } = loraRequest;

function request(endpoint: string, more: Partial<SubmitRequest>): SubmitRequest {
  return { ...plain, model: 'm', endpoint, ...more };
}

const pro = { finetuneId: 'my-finetune', loraUrl: null } as const;

const cases: [string, SubmitRequest, object][] = [
  [
    'a LoRA with its scale, and a size',
    request('fal-ai/flux-lora', {
      parameters: { finetuneStrength: 0.8, width: 1024, height: 768, steps: 28, guidance: 3.5, seed: 0 },
    }),
    {
      loras: [{ path: 'https://weights.example/lora.safetensors', scale: 0.8 }],
      image_size: { width: 1024, height: 768 },
      num_inference_steps: 28,
      guidance_scale: 3.5,
      seed: 0,
    },
  ],
  [
    'a LoRA without a scale, and nothing is added',
    request('fal-ai/flux-2/klein/4b/lora', { loraUrl: 'owner/name' }),
    { loras: [{ path: 'owner/name' }] },
  ],
  [
    'half a size is none',
    request('fal-ai/flux-lora', { loraUrl: 'owner/name', parameters: { width: 1024 } }),
    { loras: [{ path: 'owner/name' }] },
  ],
  [
    'the older control endpoint takes the control image as its image, and the picture gets its shape',
    request('fal-ai/flux-lora-canny', {
      loraUrl: 'owner/name',
      images: { controlImage: { ...image, width: 2000, height: 1000 } },
    }),
    { loras: [{ path: 'owner/name' }], image_url: uri, image_size: { width: 1440, height: 720 } },
  ],
  [
    'a size asked for goes before the shape',
    request('fal-ai/flux-control-lora-depth', {
      loraUrl: 'owner/name',
      parameters: { width: 512, height: 512 },
      images: { controlImage: { ...image, width: 2000, height: 1000 } },
    }),
    { loras: [{ path: 'owner/name' }], control_lora_image_url: uri, image_size: { width: 512, height: 512 } },
  ],
  [
    'ultra: the tolerance is a text',
    request('fal-ai/flux-pro/v1.1-ultra-finetuned', {
      ...pro,
      parameters: {
        finetuneStrength: 1.2,
        aspectRatio: '21:9',
        imagePromptStrength: 0.1,
        promptUpsampling: false,
        safetyTolerance: 6,
        outputFormat: 'png',
      },
      images: { imagePrompt: image },
    }),
    {
      finetune_id: 'my-finetune',
      finetune_strength: 1.2,
      aspect_ratio: '21:9',
      image_prompt_strength: 0.1,
      enhance_prompt: false,
      safety_tolerance: '6',
      output_format: 'png',
      image_url: uri,
    },
  ],
  [
    'fill: image and mask',
    request('fal-ai/flux-pro/v1/fill-finetuned', { ...pro, images: { image, mask: { ...image, id: 'm' } } }),
    { finetune_id: 'my-finetune', image_url: uri, mask_url: uri },
  ],
  [
    'the retired control endpoints have a word of their own',
    request('fal-ai/flux-pro/v1/canny-finetuned', { ...pro, images: { controlImage: image } }),
    { finetune_id: 'my-finetune', control_image_url: uri },
  ],
];

describe('the body', () => {
  it.each(cases)('%s', async (_, asked, wire) => {
    const { provider, upstream, account } = await startFal([{ body: { request_id: 't1' } }]);
    await provider.submit(account, asked, never);
    expect(upstream.requests[0]?.url).toBe(`/${asked.endpoint}`);
    expect(JSON.parse(upstream.requests[0]?.body ?? '')).toEqual({ prompt: 'TOK in the snow', ...wire });
    expect(JSON.stringify(provider.describe(asked))).not.toContain('base64');
  });
});

describe('the request', () => {
  it('goes below the base URL, with the key, how long the files shall live, and the webhook in its address', async () => {
    const { provider, upstream, account } = await startFal([{ body: { request_id: 't1' } }]);
    const webhook = { url: 'https://darkroom.example/webhooks/fal/token?of=ours&x=ü', secret: 'unused' };
    const home = { ...account, baseUrl: `${upstream.origin}/fal` };
    const outcome = await provider.submit(home, { ...loraRequest, webhook }, never);
    const [seen] = upstream.requests;
    const url = new URL(seen?.url ?? '', 'http://home');
    expect(url.pathname).toBe('/fal/fal-ai/flux-lora');
    expect([...url.searchParams]).toEqual([['fal_webhook', webhook.url]]);
    expect(seen?.headers).toEqual({
      host: `127.0.0.1:${upstream.port}`,
      connection: 'close',
      'user-agent': 'darkroom',
      'accept-encoding': 'identity',
      accept: 'application/json',
      'content-type': 'application/json',
      'content-length': String(Buffer.byteLength(seen?.body ?? '')),
      authorization: `Key ${apiKey}`,
      'x-fal-object-lifecycle-preference': '{"expiration_duration_seconds":86400}',
    });
    const address = `${home.baseUrl}/fal-ai/flux-lora/requests/t1`;
    expect(outcome).toEqual({
      kind: 'accepted',
      task: { taskId: 't1', pollingUrl: `${address}/status`, resultUrl: address, cancelUrl: `${address}/cancel` },
      costMicros: null,
      look: null,
    });
  });

  it('has only owner and alias in the addresses that are built', async () => {
    const { provider, upstream, account } = await startFal([{ body: { request_id: 'a/b?' } }]);
    const endpoint = 'fal-ai/flux-2/klein/9b/base/lora';
    const outcome = await provider.submit(account, { ...loraRequest, endpoint }, never);
    const pollingUrl = `${upstream.origin}/fal-ai/flux-2/requests/a%2Fb%3F/status`;
    expect(outcome).toMatchObject({ task: { taskId: 'a/b?', pollingUrl } });
  });
});

describe('the answer', () => {
  it.each<[string, object, object]>([
    ['addresses that are none', { request_id: 't1', status_url: 'status', response_url: 7, cancel_url: null }, {}],
    ['an error that is none', { request_id: 't1', error: null }, {}],
  ])('is a success with %s', async (_, body, task) => {
    const { provider, account } = await startFal([{ body }]);
    const outcome = await provider.submit(account, loraRequest, never);
    expect(outcome).toMatchObject({ kind: 'accepted', task: { taskId: 't1', ...task } });
    expect(outcome).toHaveProperty('task.pollingUrl', expect.stringContaining('/requests/t1/status'));
  });

  it.each([
    [{ request_id: '' }, 'names no request'],
    [{ request_id: 'a b' }, 'names no request'],
    [{ request_id: {}, detail: 'odd' }, 'names no request'],
    [{ request_id: 't1', error: 'odd' }, 'names a request and an error: odd'],
  ])('proves nothing: %j', async (body, says) => {
    const { provider, account } = await startFal([{ body }]);
    const outcome = await provider.submit(account, loraRequest, never);
    expect(outcome).toMatchObject({ kind: 'unknown', message: expect.stringContaining(says) });
  });

  it.each([
    ['User is locked. Reason: Exhausted balance. Top up your balance.', 'PROVIDER_OUT_OF_CREDITS'],
    ['Access denied', 'PROVIDER_UNAUTHORIZED'],
  ])('403, %s', async (detail, code) => {
    const { provider, account } = await startFal([{ status: 403, body: { detail } }]);
    const outcome = await provider.submit(account, loraRequest, never);
    expect(outcome).toMatchObject({ kind: 'refused', code, retry: 'account' });
  });
});
