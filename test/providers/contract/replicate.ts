import { Webhook } from 'standardwebhooks';
import { createReplicateProvider } from '../../../src/providers/replicate/replicate.js';
import type { Reply } from '../upstream.js';
import type { Contract, Ends } from './contract.js';

const apiKey = 'r8_replicate-token-0123456789';
const version = '9a8db105db745f8b11ad3afe5c8bd892428b2a43ade0b67edc4e0ccd52ff2fda';
const picture = (home: string) => `${home}/pbxt/a%2Fb/out-0.jpg?sig=x%2By%3D`;
const task = (origin: string) => ({
  taskId: 't1',
  pollingUrl: `${origin}/v1/predictions/t1`,
  resultUrl: null,
  cancelUrl: `${origin}/v1/predictions/t1/cancel`,
});
const prediction = (home: string, status: string, rest: object = {}) => ({
  id: 't1',
  model: 'xlabs-ai/flux-dev-controlnet',
  version,
  input: { prompt: 'TOK in the snow', seed: 42 },
  output: null,
  error: null,
  logs: '',
  status,
  source: 'api',
  data_removed: false,
  metrics: {},
  created_at: '2026-01-01T00:00:00.000Z',
  started_at: null,
  completed_at: null,
  urls: { get: `${home}/v1/predictions/t1`, cancel: `${home}/v1/predictions/t1/cancel` },
  ...rest,
});
const done = { started_at: '2026-01-01T00:00:01.250Z', completed_at: '2026-01-01T00:00:07.5Z' };
const body = (home: string, status: string, rest: object = {}): Reply => ({ body: prediction(home, status, rest) });
const secret = `whsec_${Buffer.from('what Replicate signs with').toString('base64')}`;

const ends: Ends = {
  ready: (home) => ({
    answers: [body(home, 'succeeded', { ...done, output: [picture(home)], metrics: { predict_time: 6.25 } })],
    gives: {
      kind: 'ready',
      image: { kind: 'url', url: picture(home) },
      seed: 42,
      costMicros: null,
      startedAt: new Date('2026-01-01T00:00:01.250Z'),
      finishedAt: new Date('2026-01-01T00:00:07.500Z'),
    },
  }),
  moderatedInput: (home) => ({
    answers: [body(home, 'failed', { error: 'Your prompt was flagged as sensitive.' })],
    gives: { kind: 'moderated', stage: 'INPUT', reasons: ['Your prompt was flagged as sensitive.'] },
  }),
  moderatedOutput: (home) => ({
    answers: [body(home, 'failed', { error: 'NSFW content detected. Try running it again.' })],
    gives: { kind: 'moderated', stage: 'OUTPUT' },
  }),
  failed: (home) => ({
    answers: [body(home, 'failed', { error: `CUDA out of memory, ${apiKey}` })],
    gives: { kind: 'failed', message: 'CUDA out of memory, [key]' },
  }),
  canceled: (home) => ({
    answers: [body(home, 'canceled', { completed_at: done.completed_at })],
    gives: { kind: 'canceled' },
  }),
  removed: (home) => ({
    answers: [body(home, 'succeeded', { ...done, data_removed: true, input: {}, logs: null })],
    gives: { kind: 'removed' },
  }),
};

/** Replicate's HTTP API, by its documentation and its client 1.4.0 (2026). */
export const replicate: Contract = {
  name: 'replicate',
  create: createReplicateProvider,
  account: (baseUrl) => ({ id: 'main', baseUrl, apiKey, hosts: [] }),
  credential: { header: 'authorization', value: `Bearer ${apiKey}` },
  request: {
    key: '00000000-0000-8000-8000-000000000001',
    model: 'flux-dev-controlnet-canny',
    endpoint: `xlabs-ai/flux-dev-controlnet:${version}`,
    control: 'CANNY',
    prompt: 'TOK in the snow',
    finetuneId: null,
    loraUrl: 'https://weights.example/lora.safetensors',
    parameters: { finetuneStrength: 0.9, steps: 28, guidance: 3.5, outputFormat: 'jpeg', seed: 42 },
    images: { controlImage: { id: 'image-1', bytes: Buffer.from([0xff, 0xd8, 0xff, 0x00]) } },
    webhook: null,
  },
  body: {
    version,
    input: {
      prompt: 'TOK in the snow',
      lora_url: 'https://weights.example/lora.safetensors',
      lora_strength: 0.9,
      steps: 28,
      guidance_scale: 3.5,
      output_format: 'jpg',
      seed: 42,
      control_type: 'canny',
      control_image: 'image-1',
    },
  },
  size: {
    parameters: { width: 1024, height: 768, aspectRatio: '1:1' },
    body: { input: { width: 1024, height: 768, aspect_ratio: 'custom' } },
  },
  submit: {
    address: 'POST /v1/predictions',
    before: [],
    accepted: {
      plain: (home) => ({
        answers: [{ status: 201, body: prediction(home, 'starting') }],
        gives: { kind: 'accepted', task: task(home), costMicros: null, look: null },
      }),
      '202, without addresses': () => ({
        answers: [{ status: 202, body: { id: 't1', status: 'starting' } }],
        gives: { kind: 'accepted', task: { ...task(''), pollingUrl: null, cancelUrl: null }, look: null },
      }),
    },
    error: { none: 'every prediction has an error of its own; without an id nothing is proven' },
    nameless: { status: 201, body: { status: 'starting', urls: {} } },
    complaint: (text) => ({ title: 'Error', detail: text, status: 400 }),
    statuses: {},
    others: {
      'a throttle told in words': () => ({
        answers: [{ status: 429, body: { detail: 'Request was throttled. Your rate limit resets in ~30s.' } }],
        gives: { kind: 'refused', code: 'PROVIDER_BUSY', retry: 'later', retryAfterMs: 30_000 },
      }),
      'an unknown version': () => ({
        answers: [
          {
            status: 422,
            body: { title: 'Invalid version or not permitted', detail: 'The specified version does not exist' },
          },
        ],
        gives: {
          kind: 'refused',
          message: 'the provider refused the request (HTTP 422): The specified version does not exist',
        },
      }),
    },
  },
  look: {
    address: 'GET /v1/predictions/t1',
    task,
    elsewhere: task,
    follows: false,
    running: {
      starting: (home) => ({
        answers: [body(home, 'starting')],
        gives: { kind: 'running', known: true, word: 'starting' },
      }),
      processing: (home) => ({
        answers: [body(home, 'processing')],
        gives: { kind: 'running', known: true, word: 'processing' },
      }),
    },
    strange: (home) => ({ answers: [body(home, 'booting')], gives: { kind: 'running', word: 'booting' } }),
    ends,
    missing: () => ({
      answers: [{ status: 404, body: { title: 'Not found', detail: 'Not found.', status: 404 } }],
      gives: { kind: 'notFound' },
    }),
    error: () => ({
      answers: [{ body: { error: 'overloaded' } }],
      gives: { kind: 'unavailable', httpStatus: 200 },
    }),
    complaint: (text) => ({ title: 'Error', detail: text }),
    statuses: { 404: { kind: 'notFound' } },
  },
  atOnce: ends,
  result: { url: picture, lifetimeMs: 60 * 60_000, keyAtHome: false },
  webhook: {
    told: ({ body: sent }) => JSON.parse(sent).webhook,
    account: (baseUrl) => ({ id: 'main', baseUrl, hosts: [], webhookSecret: secret }),
    keys: [],
    secret,
    deliver({ taskId, secret: given, at }) {
      const content = JSON.stringify({ id: taskId, status: 'succeeded', output: null });
      // A forger's secret: what comes after the last sign of a base64 text is not part of it.
      const signer = new Webhook(given === secret ? secret : `whsec_${Buffer.from(given).toString('base64')}`);
      const seconds = String(Math.floor(at / 1000));
      return {
        headers: {
          'webhook-id': 'msg_1',
          'webhook-timestamp': seconds,
          'webhook-signature': signer.sign('msg_1', new Date(at), content),
        },
        body: Buffer.from(content),
      };
    },
    unsigned: {
      deliver: (taskId) => ({ headers: {}, body: Buffer.from(JSON.stringify({ id: taskId, status: 'succeeded' })) }),
      passes: false,
    },
    covers: 'body',
    ages: { mostMs: 300_000 },
  },
  cancel: {
    address: 'POST /v1/predictions/t1/cancel',
    queued: [{ body: { id: 't1', status: 'starting' } }],
    running: [{ body: { id: 't1', status: 'canceled' } }],
    finished: [{ body: { id: 't1', status: 'succeeded' } }],
    broken: { status: 502, body: '<html></html>' },
  },
  find: { none: 'Replicate takes no key of the caller’s' },
  probe: {
    address: 'GET /v1/account',
    well: () => ({
      answers: [{ body: { type: 'organization', username: 'acme', name: 'Acme' } }],
      gives: { kind: 'well', creditMicros: null },
    }),
    refused: [401, 402, 403],
  },
  models: {
    plain: { id: 'replicate/flux-dev-lora', status: 'ACTIVE' },
    canny: { id: 'replicate/flux-dev-controlnet-canny', status: 'ACTIVE' },
    depth: { id: 'replicate/flux-dev-controlnet-depth', status: 'ACTIVE' },
  },
};
