import { describe, expect, it } from 'vitest';
import type { SubmitRequest } from '../../src/providers/provider.js';
import { apiKey, cannyRequest, named, never, startBench } from './bfl.js';

const bytes = Buffer.from([0xff, 0xd8, 0xff, 0x00]);
const base64 = '/9j/AA==';

const cases: [string, SubmitRequest, object, object][] = [
  [
    'canny, every parameter',
    {
      ...named('flux-pro-1.0-canny-finetuned'),
      prompt: 'ein fantastisches bild',
      loraUrl: null,
      finetuneId: 'my-finetune',
      parameters: {
        finetuneStrength: 1.1,
        cannyLowThreshold: 250,
        cannyHighThreshold: 251,
        promptUpsampling: false,
        seed: 42,
        steps: 50,
        outputFormat: 'jpeg',
        guidance: 30,
        safetyTolerance: 2,
      },
      images: { controlImage: { id: 'c', bytes } },
      webhook: null,
    },
    {
      finetune_id: 'my-finetune',
      finetune_strength: 1.1,
      prompt: 'ein fantastisches bild',
      canny_low_threshold: 250,
      canny_high_threshold: 251,
      control_image: base64,
      prompt_upsampling: false,
      seed: 42,
      steps: 50,
      output_format: 'jpeg',
      guidance: 30,
      safety_tolerance: 2,
    },
    { control_image: 'c' },
  ],
  [
    'ultra with a picture to go by',
    {
      ...named('flux-pro-1.1-ultra-finetuned'),
      prompt: '',
      loraUrl: null,
      finetuneId: 'f',
      parameters: { aspectRatio: '21:9', imagePromptStrength: 0, seed: 0 },
      images: { imagePrompt: { id: 'p', bytes } },
      webhook: null,
    },
    { finetune_id: 'f', prompt: '', aspect_ratio: '21:9', image_prompt_strength: 0, seed: 0, image_prompt: base64 },
    { image_prompt: 'p' },
  ],
  [
    'plain with a size',
    {
      ...named('flux-pro-finetuned'),
      prompt: 'a "quoted" ☃',
      loraUrl: null,
      finetuneId: 'f',
      parameters: { width: 1024, height: 768 },
      images: {},
      webhook: null,
    },
    { finetune_id: 'f', prompt: 'a "quoted" ☃', width: 1024, height: 768 },
    {},
  ],
  [
    'fill with a mask',
    {
      ...named('flux-pro-1.0-fill-finetuned'),
      prompt: 'p',
      loraUrl: null,
      finetuneId: 'f',
      parameters: {},
      images: { image: { id: 'i', bytes }, mask: { id: 'm', bytes: Buffer.from('mask') } },
      webhook: null,
    },
    { finetune_id: 'f', prompt: 'p', image: base64, mask: 'bWFzaw==' },
    { image: 'i', mask: 'm' },
  ],
  [
    'klein names the picture otherwise, and nothing is added',
    {
      ...named('flux-2-klein-9b-kv-finetuned'),
      prompt: 'p',
      loraUrl: null,
      finetuneId: 'org/lora-name',
      parameters: { width: 0 },
      images: { imagePrompt: { id: 'p', bytes } },
      webhook: null,
    },
    { finetune_id: 'org/lora-name', prompt: 'p', width: 0, input_image: base64 },
    { input_image: 'p' },
  ],
  [
    'no finetune',
    {
      ...named('flux-pro-finetuned'),
      loraUrl: null,
      prompt: 'p',
      finetuneId: null,
      parameters: {},
      images: {},
      webhook: null,
    },
    { prompt: 'p' },
    {},
  ],
];

describe('the body', () => {
  it.each(cases)('%s', async (_, request, wire, described) => {
    const { provider, upstream, account } = await startBench([{ body: { id: 't' } }]);
    await provider.submit(account, request, never);
    expect(JSON.parse(upstream.requests[0]?.body ?? '')).toEqual(wire);
    expect(provider.describe(request)).toEqual({ ...wire, ...described });
  });
});

describe('the request', () => {
  it('goes to the endpoint below the base URL, with the key and no more than needed', async () => {
    const { provider, upstream, account } = await startBench([{ body: { id: 't' } }]);
    await provider.submit({ ...account, baseUrl: `${upstream.origin}/prefix` }, cannyRequest, never);
    const [request] = upstream.requests;
    expect(request).toMatchObject({ method: 'POST', url: '/prefix/v1/flux-pro-1.0-canny-finetuned' });
    expect(request?.headers).toEqual({
      host: `127.0.0.1:${upstream.port}`,
      connection: 'close',
      'user-agent': 'darkroom',
      'accept-encoding': 'identity',
      accept: 'application/json',
      'content-type': 'application/json',
      'content-length': String(request?.body.length),
      'x-key': apiKey,
    });
  });

  it('cannot leave its place by the name of the model', async () => {
    const { provider, upstream, account } = await startBench([{ body: { id: 't' } }]);
    await provider.submit(account, { ...cannyRequest, endpoint: '../credits?x=1#y' }, never);
    expect(upstream.requests[0]?.url).toBe('/v1/..%2Fcredits%3Fx%3D1%23y');
  });
});
