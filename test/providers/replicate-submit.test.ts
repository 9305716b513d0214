import { describe, expect, it } from 'vitest';
import type { SubmitRequest } from '../../src/providers/provider.js';
import { apiKey, startReplicate, trainedRequest, version } from './replicate.js';
import { never } from './scripted.js';
import type { Reply } from './upstream.js';

const image = { id: 'i', bytes: Buffer.from([0xff, 0xd8, 0xff, 0x00]) };
const uri = 'data:image/jpeg;base64,/9j/AA==';
const created = { status: 201, body: { id: 't1', status: 'starting' } };

function request(endpoint: string, more: Partial<SubmitRequest>): SubmitRequest {
  return { ...trainedRequest, model: 'm', endpoint, ...more };
}

const lora = { finetuneId: null, loraUrl: 'owner/name' } as const;

const cases: [string, SubmitRequest, string, object][] = [
  [
    'an own version, by owner, name and version',
    request('{finetuneId}', {
      parameters: { finetuneStrength: 0.9, steps: 28, guidance: 3, seed: 0, aspectRatio: '16:9', outputFormat: 'jpeg' },
    }),
    '/v1/predictions',
    {
      version,
      input: {
        lora_scale: 0.9,
        num_inference_steps: 28,
        guidance_scale: 3,
        seed: 0,
        aspect_ratio: '16:9',
        output_format: 'jpg',
      },
    },
  ],
  [
    'an own version, by its digits',
    request('{finetuneId}', { finetuneId: version.toUpperCase() }),
    '/v1/predictions',
    { version, input: {} },
  ],
  [
    'an own model, whose newest version is meant',
    request('{finetuneId}', { finetuneId: 'acme/shoes' }),
    '/v1/predictions',
    { version: 'acme/shoes', input: {} },
  ],
  [
    'a size, which goes before the ratio',
    request('{finetuneId}', { parameters: { width: 1024, height: 768, aspectRatio: '1:1' } }),
    '/v1/predictions',
    { version, input: { aspect_ratio: 'custom', width: 1024, height: 768 } },
  ],
  [
    'one side, completed by the ratio',
    request('{finetuneId}', { parameters: { width: 1024, aspectRatio: '16:9' } }),
    '/v1/predictions',
    { version, input: { aspect_ratio: 'custom', width: 1024, height: 576 } },
  ],
  [
    'the other side, within what is allowed',
    request('{finetuneId}', { parameters: { height: 1024, aspectRatio: '21:9' } }),
    '/v1/predictions',
    { version, input: { aspect_ratio: 'custom', width: 1440, height: 1024 } },
  ],
  [
    'an official model with a LoRA',
    request('black-forest-labs/flux-dev-lora', {
      ...lora,
      parameters: { finetuneStrength: 1, steps: 28, guidance: 3, outputFormat: 'webp' },
    }),
    '/v1/models/black-forest-labs/flux-dev-lora/predictions',
    {
      input: {
        lora_weights: 'owner/name',
        lora_scale: 1,
        num_inference_steps: 28,
        guidance: 3,
        output_format: 'webp',
      },
    },
  ],
  [
    'an official model with a finetune',
    request('black-forest-labs/flux-1.1-pro-ultra-finetuned', {
      finetuneId: 'my-finetune',
      parameters: { finetuneStrength: 1.2, safetyTolerance: 2, promptUpsampling: false, imagePromptStrength: 0.1 },
      images: { imagePrompt: image },
    }),
    '/v1/models/black-forest-labs/flux-1.1-pro-ultra-finetuned/predictions',
    {
      input: {
        finetune_id: 'my-finetune',
        finetune_strength: 1.2,
        safety_tolerance: 2,
        prompt_upsampling: false,
        image_prompt_strength: 0.1,
        image_prompt: uri,
      },
    },
  ],
  [
    'a community model that is controlled',
    request(`xlabs-ai/flux-dev-controlnet:${version}`, {
      ...lora,
      control: 'DEPTH',
      parameters: { finetuneStrength: 1, steps: 28, guidance: 3.5 },
      images: { controlImage: image },
    }),
    '/v1/predictions',
    {
      version,
      input: {
        lora_url: 'owner/name',
        lora_strength: 1,
        steps: 28,
        guidance_scale: 3.5,
        control_type: 'depth',
        control_image: uri,
      },
    },
  ],
];

describe('the body', () => {
  it.each(cases)('%s', async (_, asked, path, body) => {
    const { provider, upstream, account } = await startReplicate([created]);
    await provider.submit(account, asked, never);
    const [seen] = upstream.requests;
    const sent: { input?: object } = JSON.parse(seen?.body ?? '');
    expect(seen).toMatchObject({ method: 'POST', url: path });
    expect(sent).toEqual({ ...body, input: { prompt: 'TOK in the snow', ...Reflect.get(body, 'input') } });
    expect(JSON.stringify(provider.describe(asked))).not.toContain('base64');
  });

  it.each(['', 'my-finetune', 'a/b/c', `a/b:${version}0`, 'https://replicate.com/acme/shoes', 'a/b:latest', '../x'])(
    'is not sent for the finetune %j, which is no version',
    async (finetuneId) => {
      const { provider, upstream, account } = await startReplicate([]);
      const outcome = await provider.submit(account, { ...trainedRequest, finetuneId }, never);
      expect(outcome).toMatchObject({ kind: 'refused', code: 'PROVIDER_REFUSED', retry: 'never', httpStatus: null });
      expect(upstream.requests).toEqual([]);
    },
  );
});

describe('a large image', () => {
  const large = { id: 'l', bytes: Buffer.concat([Buffer.from([0xff, 0xd8, 0xff]), Buffer.alloc(256_000, 7)]) };
  const asked = request('black-forest-labs/flux-pro-finetuned', { images: { imagePrompt: large } });

  it('is uploaded first, and goes by its address', async () => {
    const { provider, upstream, account } = await startReplicate([]);
    const get = `${upstream.origin}/v1/files/f1`;
    upstream.queue.push({ status: 201, body: { id: 'f1', urls: { get } } }, created);
    expect(await provider.submit(account, asked, never)).toMatchObject({ kind: 'accepted' });
    const [file, submit] = upstream.requests;
    expect(file).toMatchObject({ method: 'POST', url: '/v1/files' });
    expect(file?.headers).toMatchObject({ authorization: `Bearer ${apiKey}` });
    expect(file?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=darkroom-[0-9a-f]{64}$/);
    expect(file?.body).toMatch(/name="content"; filename="[0-9a-f]{32}\.jpeg"\r\nContent-Type: image\/jpeg\r\n\r\n/);
    expect(JSON.parse(submit?.body ?? '')).toMatchObject({ input: { image_prompt: get } });
  });

  it.each<[string, Reply]>([
    ['is not possible', { status: 404, body: { detail: 'Not found.' } }],
    ['is not answered', { cut: 'read' }],
    ['has no address', { status: 201, body: { id: 'f1' } }],
    ['has an odd address', { status: 201, body: { urls: { get: 'file:///etc/passwd' } } }],
  ])('goes along when its upload %s, and the submit is still only one', async (_, reply) => {
    const { provider, upstream, account } = await startReplicate([reply, created]);
    expect(await provider.submit(account, asked, never)).toMatchObject({ kind: 'accepted' });
    const submits = upstream.requests.filter(({ url }) => url.endsWith('/predictions'));
    expect(submits).toHaveLength(1);
    expect(JSON.parse(submits[0]?.body ?? '').input.image_prompt).toMatch(/^data:image\/jpeg;base64,/);
  });
});

describe('the request', () => {
  it.each(['', '/v1', '/v1/', '/replicate'])('goes below a base URL that ends with %j', async (end) => {
    const { provider, upstream, account } = await startReplicate([created]);
    const webhook = { url: 'https://darkroom.example/webhooks/replicate/token', secret: 'unused' };
    const home = { ...account, baseUrl: `${upstream.origin}${end}` };
    await provider.submit(home, { ...trainedRequest, webhook }, never);
    const [seen] = upstream.requests;
    expect(seen?.url).toBe(end === '/replicate' ? '/replicate/v1/predictions' : '/v1/predictions');
    expect(seen?.headers).toMatchObject({ authorization: `Bearer ${apiKey}`, connection: 'close' });
    // No waiting, and no deadline that it did not ask for.
    expect(Object.keys(seen?.headers ?? {})).not.toEqual(expect.arrayContaining(['prefer']));
    expect(JSON.parse(seen?.body ?? '')).toMatchObject({ webhook: webhook.url, webhook_events_filter: ['completed'] });
  });
});

describe('the answer', () => {
  it.each<[string, object]>([
    ['odd addresses', { id: 't1', urls: { get: 'predictions/t1', cancel: 7 } }],
    ['no addresses', { id: 't1', urls: null }],
    ['an error that is none', { id: 't1', status: 'starting', error: null }],
  ])('is a success with %s', async (_, body) => {
    const { provider, account } = await startReplicate([{ status: 202, body }]);
    const outcome = await provider.submit(account, trainedRequest, never);
    const none = { taskId: 't1', pollingUrl: null, resultUrl: null, cancelUrl: null };
    expect(outcome).toEqual({ kind: 'accepted', task: none, costMicros: null, look: null });
  });

  it.each<[number, string, string, number | null]>([
    [429, 'Request was throttled. Your rate limit resets in ~30s.', 'PROVIDER_BUSY', 30_000],
    [429, 'Your rate limit resets in 1.5s', 'PROVIDER_BUSY', 1500],
    [429, 'Your rate limit resets in 2m', 'PROVIDER_BUSY', 120_000],
    [429, 'Your rate limit resets in 250ms', 'PROVIDER_BUSY', 250],
    [429, 'Your rate limit resets in 99h', 'PROVIDER_BUSY', 3_600_000],
    [429, 'Slow down', 'PROVIDER_BUSY', null],
    [402, 'You have insufficient credit; it resets in 5s', 'PROVIDER_OUT_OF_CREDITS', null],
  ])('%i, %s', async (status, detail, code, retryAfterMs) => {
    const { provider, account } = await startReplicate([{ status, body: { detail } }]);
    const outcome = await provider.submit(account, trainedRequest, never);
    expect(outcome).toMatchObject({ kind: 'refused', code, retryAfterMs });
  });

  it('believes Retry-After before the words', async () => {
    const reply = { status: 429, headers: { 'retry-after': '7' }, body: { detail: 'resets in ~30s' } };
    const { provider, account } = await startReplicate([reply]);
    expect(await provider.submit(account, trainedRequest, never)).toMatchObject({ retryAfterMs: 7000 });
  });
});
