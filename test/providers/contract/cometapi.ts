import { createCometApiProvider } from '../../../src/providers/cometapi/cometapi.js';
import type { Contract } from './contract.js';

const apiKey = 'sk-comet-secret-0123456789';
const model = 'flux-pro-1-0-canny-finetuned';
const sample = (home: string) => `${home}/results/a%2Fb.jpeg?sig=x%2By%3D`;
const status = (word: string, rest: object = {}) => [{ body: { id: 't1', status: word, ...rest } }];
const polling = (origin: string) => `${origin}/flux/v1/get_result?id=t1`;
const task = (origin: string) => ({ taskId: 't1', pollingUrl: polling(origin), resultUrl: null, cancelUrl: null });
const envelope = (message: string, code = '') => ({ error: { message, type: 'comet_api_error', param: '', code } });
const none = 'CometAPI documents no cancel (documentation, 2026)';
const ready = (home: string) => ({ result: { sample: sample(home), seed: 42, prompt: 'p', duration: 7.25 } });

/** CometAPI's `/flux/v1`, by its documentation of 2026 and by callers of gateways of this form. */
export const cometapi: Contract = {
  name: 'cometapi',
  create: createCometApiProvider,
  account: (baseUrl) => ({ id: 'main', baseUrl, apiKey, hosts: ['.bfl.ai'] }),
  credential: { header: 'authorization', value: `Bearer ${apiKey}` },
  request: {
    key: '00000000-0000-8000-8000-000000000001',
    model,
    endpoint: model,
    control: 'CANNY',
    prompt: 'TOK in the snow',
    finetuneId: 'my-finetune',
    loraUrl: null,
    parameters: {
      finetuneStrength: 1.1,
      cannyLowThreshold: 50,
      cannyHighThreshold: 200,
      promptUpsampling: false,
      steps: 50,
      guidance: 30,
    },
    images: { controlImage: { id: 'image-1', bytes: Buffer.from([0xff, 0xd8, 0xff, 0x00]) } },
    webhook: null,
  },
  body: {
    prompt: 'TOK in the snow',
    finetune_id: 'my-finetune',
    finetune_strength: 1.1,
    canny_low_threshold: 50,
    canny_high_threshold: 200,
    prompt_upsampling: false,
    steps: 50,
    guidance: 30,
    control_image: 'image-1',
  },
  size: { parameters: { width: 1024, height: 768 }, body: { width: 1024, height: 768 } },
  submit: {
    address: `POST /flux/v1/${model}`,
    before: [],
    accepted: {
      plain: (home) => ({
        answers: [{ body: { id: 't1', polling_url: polling(home) } }],
        gives: { kind: 'accepted', task: task(home), costMicros: null, look: null },
      }),
      'with an address of BFL’s, and a cost that is BFL’s': () => ({
        answers: [{ body: { id: 't1', polling_url: 'https://api.us1.bfl.ai/v1/get_result?id=t1', cost: 6 } }],
        gives: {
          kind: 'accepted',
          task: { ...task(''), pollingUrl: 'https://api.us1.bfl.ai/v1/get_result?id=t1' },
          costMicros: null,
          look: null,
        },
      }),
      'Ready without a picture yet': () => ({
        answers: [{ body: { id: 't1', status: 'Ready' } }],
        gives: { kind: 'accepted', look: null },
      }),
    },
    error: () => ({
      answers: [{ body: envelope('insufficient user quota (request id: 2026030112)', 'insufficient_user_quota') }],
      gives: { kind: 'refused', code: 'PROVIDER_OUT_OF_CREDITS', retry: 'account', httpStatus: 200 },
    }),
    nameless: { body: { polling_url: 'https://api.cometapi.com/flux/v1/get_result' } },
    complaint: (text) => envelope(`${text} (request id: 2026030112)`),
    statuses: {},
    others: {
      'another error in a 200': () => ({
        answers: [{ body: envelope('no channel for this model', 'model_not_found') }],
        gives: { kind: 'refused', code: 'PROVIDER_REFUSED', retry: 'never', httpStatus: 200 },
      }),
      '500 with invalid_request is the request’s fault': () => ({
        answers: [{ status: 500, body: envelope('prompt is required', 'invalid_request') }],
        gives: {
          kind: 'refused',
          code: 'PROVIDER_REFUSED',
          retry: 'never',
          message: 'the provider refused the request (HTTP 500): prompt is required',
        },
      }),
      '500 with another code is not': () => ({
        answers: [{ status: 500, body: envelope('upstream', 'do_request_failed') }],
        gives: { kind: 'unknown', message: 'HTTP 500: upstream' },
      }),
      '403 for an exhausted balance': () => ({
        answers: [{ status: 403, body: envelope('quota', 'insufficient_user_quota') }],
        gives: { kind: 'refused', code: 'PROVIDER_OUT_OF_CREDITS', retry: 'account' },
      }),
      'an id and an error': () => ({
        answers: [{ body: { id: 't1', ...envelope('odd') } }],
        gives: { kind: 'unknown', message: 'the answer names a task and an error: odd' },
      }),
    },
  },
  look: {
    address: 'GET /flux/v1/get_result?id=t1',
    task,
    elsewhere: (origin) => ({ ...task(origin), pollingUrl: `${origin}/v1/get_result?id=t1` }),
    follows: false,
    running: {
      Pending: () => ({ answers: status('Pending'), gives: { kind: 'running', known: true, word: 'Pending' } }),
      'Processing, of a gateway': () => ({
        answers: status('PROCESSING', { progress: 45 }),
        gives: { kind: 'running', known: true, progress: 0.45 },
      }),
    },
    strange: () => ({ answers: status('Warming up'), gives: { kind: 'running', word: 'Warming up' } }),
    ends: {
      ready: (home) => ({
        answers: status('READY', ready(home)),
        gives: { kind: 'ready', image: { kind: 'url', url: sample(home) }, seed: 42, costMicros: null },
      }),
      moderatedInput: () => ({
        answers: status('Request Moderated', { details: { 'Moderation Reasons': ['Violence'] } }),
        gives: { kind: 'moderated', stage: 'INPUT', reasons: ['Violence'] },
      }),
      moderatedOutput: () => ({
        answers: status('content moderated'),
        gives: { kind: 'moderated', stage: 'OUTPUT', reasons: [] },
      }),
      failed: () => ({
        answers: status('Failed', { result: { message: `out of memory, ${apiKey}` } }),
        gives: { kind: 'failed', message: 'out of memory, [key]' },
      }),
      canceled: { none },
      removed: { none: 'it expires as an unknown task, or with its URL' },
    },
    missing: () => ({ answers: status('Task not found', { result: null }), gives: { kind: 'notFound' } }),
    error: () => ({
      answers: [{ body: envelope('overloaded') }],
      gives: { kind: 'unavailable', httpStatus: 200, message: 'HTTP 200: overloaded' },
    }),
    complaint: (text) => envelope(text),
    statuses: {},
  },
  atOnce: {
    ready: (home) => ({
      answers: status('Ready', ready(home)),
      gives: { kind: 'ready', image: { kind: 'url', url: sample(home) }, seed: 42 },
    }),
    moderatedInput: () => ({
      answers: status('Request Moderated'),
      gives: { kind: 'moderated', stage: 'INPUT', reasons: [] },
    }),
    moderatedOutput: () => ({
      answers: status('Content Moderated'),
      gives: { kind: 'moderated', stage: 'OUTPUT', reasons: [] },
    }),
    failed: () => ({
      answers: status('Failed', envelope('no finetune of that name')),
      gives: { kind: 'failed', message: 'no finetune of that name' },
    }),
    canceled: { none },
    removed: { none: 'what has just been made is there' },
  },
  result: { url: sample, lifetimeMs: 10 * 60_000, keyAtHome: false },
  webhook: {
    told: ({ body }) => JSON.parse(body).webhook_url,
    account: (baseUrl) => ({ id: 'main', baseUrl, hosts: [], webhookSecret: null }),
    keys: [],
    secret: 'a secret of the attempt',
    deliver: ({ taskId, secret }) => ({
      headers: {},
      body: Buffer.from(JSON.stringify({ id: taskId, status: 'Ready', webhook_secret: secret })),
    }),
    unsigned: {
      deliver: (taskId) => ({ headers: {}, body: Buffer.from(JSON.stringify({ id: taskId, status: 'Ready' })) }),
      passes: true,
    },
    covers: { none: 'it is the plain secret, by the words of the documentation; the address is what counts' },
    ages: { none: 'no time is documented' },
  },
  cancel: { none },
  find: { none: 'CometAPI takes no key of the caller’s' },
  probe: {
    address: 'GET /flux/v1/get_result?id=00000000-0000-0000-0000-000000000000',
    well: () => ({ answers: status('Task not found'), gives: { kind: 'well', creditMicros: null } }),
    refused: [401, 402, 403],
  },
  models: {
    plain: { id: 'cometapi/flux-pro-finetuned', status: 'DEPRECATED' },
    canny: { id: `cometapi/${model}`, status: 'DEPRECATED' },
    depth: { id: 'cometapi/flux-pro-1-0-depth-finetuned', status: 'DEPRECATED' },
  },
};
