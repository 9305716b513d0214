import { createHmac } from 'node:crypto';
import { createBflProvider } from '../../../src/providers/bfl/bfl.js';
import type { Contract } from './contract.js';

const apiKey = 'bfl-secret-key-0123456789';
const model = 'flux-pro-1.1-ultra-finetuned';
const sample = (home: string) => `${home}/results/a%2Fb.jpeg?sig=x%2By%3D`;
const status = (word: string, rest: object = {}) => [{ body: { id: 't1', status: word, ...rest } }];
const polling = (home: string) => `${home}/v1/get_result?id=t1&cluster=eu2`;
const task = (origin: string) => ({ taskId: 't1', pollingUrl: polling(origin), resultUrl: null, cancelUrl: null });
const none = 'BFL has no way to stop a task (OpenAPI, April 2026)';

/** Black Forest Labs' own API, by its OpenAPI of April 2026. */
export const bfl: Contract = {
  name: 'bfl',
  create: createBflProvider,
  account: (baseUrl) => ({ id: 'main', baseUrl, apiKey, hosts: [] }),
  credential: { header: 'x-key', value: apiKey },
  request: {
    key: '00000000-0000-8000-8000-000000000001',
    model,
    endpoint: model,
    control: 'NONE',
    prompt: 'TOK in the snow',
    finetuneId: 'my-finetune',
    loraUrl: null,
    parameters: { finetuneStrength: 1.2, aspectRatio: '16:9', outputFormat: 'jpeg', safetyTolerance: 2, seed: 42 },
    images: { imagePrompt: { id: 'image-1', bytes: Buffer.from([0xff, 0xd8, 0xff, 0x00]) } },
    webhook: null,
  },
  body: {
    prompt: 'TOK in the snow',
    finetune_id: 'my-finetune',
    finetune_strength: 1.2,
    aspect_ratio: '16:9',
    output_format: 'jpeg',
    safety_tolerance: 2,
    seed: 42,
    image_prompt: 'image-1',
  },
  size: { parameters: { width: 1024, height: 768 }, body: { width: 1024, height: 768 } },
  submit: {
    address: `POST /v1/${model}`,
    before: [],
    accepted: {
      plain: (home) => ({
        answers: [{ body: { id: 't1', polling_url: polling(home), cost: 4.5, input_mp: 0, output_mp: 1.98 } }],
        gives: { kind: 'accepted', task: task(home), costMicros: 45_000, look: null },
      }),
      'with a webhook, without a polling URL': () => ({
        answers: [{ body: { id: 't1', status: 'Pending', webhook_url: 'https://h.example', cost: null } }],
        gives: { kind: 'accepted', task: { ...task(''), pollingUrl: null }, costMicros: null, look: null },
      }),
    },
    error: () => ({
      answers: [{ body: { error: 'no such finetune' } }],
      gives: { kind: 'refused', code: 'PROVIDER_REFUSED', retry: 'never', httpStatus: 200 },
    }),
    nameless: { body: { polling_url: 'https://api.bfl.ai/v1/get_result' } },
    complaint: (text) => ({ detail: text }),
    statuses: {},
    others: {
      'a field named by a 422': () => ({
        answers: [{ status: 422, body: { detail: [{ loc: ['body', 'steps'], msg: 'too many', type: 'value' }] } }],
        gives: { kind: 'refused', message: 'the provider refused the request (HTTP 422): steps: too many' },
      }),
      '503 with Retry-After': () => ({
        answers: [{ status: 503, headers: { 'retry-after': '30' }, body: '' }],
        gives: { kind: 'refused', code: 'PROVIDER_BUSY', retry: 'later', retryAfterMs: 30_000 },
      }),
    },
  },
  look: {
    address: 'GET /v1/get_result?id=t1&cluster=eu2',
    task,
    elsewhere: task,
    follows: true,
    running: {
      Pending: () => ({ answers: status('Pending'), gives: { kind: 'running', known: true, word: 'Pending' } }),
      'Generating, with its progress': () => ({
        answers: status('Generating', { progress: 0.5 }),
        gives: { kind: 'running', known: true, progress: 0.5 },
      }),
    },
    strange: () => ({ answers: status('Warming up'), gives: { kind: 'running', word: 'Warming up' } }),
    ends: {
      ready: (home) => ({
        answers: status('Ready', { result: { sample: sample(home), seed: 42, end_time: 1767225607.5 }, cost: 4.5 }),
        gives: {
          kind: 'ready',
          image: { kind: 'url', url: sample(home) },
          seed: 42,
          costMicros: 45_000,
          finishedAt: new Date(1767225607500),
        },
      }),
      moderatedInput: () => ({
        answers: status('Request Moderated', { details: { 'Moderation Reasons': ['Violence'] } }),
        gives: { kind: 'moderated', stage: 'INPUT', reasons: ['Violence'] },
      }),
      moderatedOutput: () => ({
        answers: status('Content Moderated'),
        gives: { kind: 'moderated', stage: 'OUTPUT', reasons: [] },
      }),
      failed: () => ({
        answers: status('Error', { details: { message: `out of memory, ${apiKey}` } }),
        gives: { kind: 'failed', message: 'out of memory, [key]' },
      }),
      canceled: { none },
      removed: { none: 'BFL keeps the task and lets its URL expire' },
    },
    missing: () => ({ answers: status('Task not found'), gives: { kind: 'notFound' } }),
    error: () => ({ answers: [{ body: { error: 'overloaded' } }], gives: { kind: 'unavailable', httpStatus: 200 } }),
    complaint: (text) => ({ detail: text }),
    statuses: {},
  },
  atOnce: { none: 'BFL answers a submit before it has begun' },
  result: { url: sample, lifetimeMs: 10 * 60_000, keyAtHome: false },
  webhook: {
    told: ({ body }) => JSON.parse(body).webhook_url,
    account: (baseUrl) => ({ id: 'main', baseUrl, hosts: [], webhookSecret: null }),
    keys: [],
    secret: 'a secret of the attempt',
    deliver({ taskId, secret }) {
      const body = Buffer.from(
        JSON.stringify({ id: taskId, status: 'Ready', result: { sample: 'https://x.invalid/' } }),
      );
      const mac = createHmac('sha256', secret).update(body).digest('hex');
      return { headers: { 'x-bfl-signature': `sha256=${mac}` }, body };
    },
    unsigned: {
      deliver: (taskId) => ({ headers: {}, body: Buffer.from(JSON.stringify({ id: taskId, status: 'Ready' })) }),
      passes: true,
    },
    covers: 'body',
    ages: { none: 'the signature covers no time (BFL agent guide, February 2026)' },
  },
  cancel: { none },
  find: { none: 'BFL takes no key of the caller’s' },
  probe: {
    address: 'GET /v1/credits',
    well: () => ({ answers: [{ body: { credits: 250.5 } }], gives: { kind: 'well', creditMicros: 2_505_000 } }),
    refused: [401, 402, 403],
  },
  models: {
    plain: { id: 'bfl/flux-2-klein-9b-finetuned', status: 'ACTIVE' },
    canny: { id: 'bfl/flux-pro-1.0-canny-finetuned', status: 'RETIRED' },
    depth: { id: 'bfl/flux-pro-1.0-depth-finetuned', status: 'RETIRED' },
  },
};
