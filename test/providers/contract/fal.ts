import type { LookOutcome } from '../../../src/providers/provider.js';
import { createFalProvider } from '../../../src/providers/fal/fal.js';
import type { Reply } from '../upstream.js';
import type { Case, Contract } from './contract.js';
import { publicJwk, sealed } from './ed25519.js';

const apiKey = 'fal-id-0123:fal-secret-0123456789';
const endpoint = 'fal-ai/flux-control-lora-canny';
const picture = (home: string) => `${home}/files/a%2Fb/x.jpeg?sig=x%2By%3D`;
const request = (origin: string) => `${origin}/fal-ai/flux-control-lora-canny/requests/t1`;
const addresses = (origin: string) => ({
  taskId: 't1',
  pollingUrl: `${request(origin)}/status`,
  resultUrl: request(origin),
  cancelUrl: `${request(origin)}/cancel`,
});
const status = (word: string, rest: object = {}): Reply => ({ body: { status: word, request_id: 't1', ...rest } });
const completed = status('COMPLETED', { logs: [], metrics: { inference_time: 2.5 } });
const output = (home: string) => ({
  images: [{ url: picture(home), content_type: 'image/jpeg', width: 1024, height: 768 }],
  seed: 42,
  has_nsfw_concepts: [false],
  prompt: 'TOK in the snow',
  timings: { inference: 2.5 },
});
const ended = (reply: Reply, gives: ReturnType<Case<LookOutcome>>['gives']): Case<LookOutcome> => {
  return () => ({ answers: [completed, reply], gives });
};
const secret = 'what fal signs with';

/** The queue of fal.ai, by its documentation and its client 1.10.1 (2026). */
export const fal: Contract = {
  name: 'fal',
  create: createFalProvider,
  account: (baseUrl) => ({ id: 'main', baseUrl, apiKey, hosts: [] }),
  credential: { header: 'authorization', value: `Key ${apiKey}` },
  request: {
    key: '00000000-0000-8000-8000-000000000001',
    model: 'flux-control-lora-canny',
    endpoint,
    control: 'CANNY',
    prompt: 'TOK in the snow',
    finetuneId: null,
    loraUrl: 'https://weights.example/lora.safetensors',
    parameters: { finetuneStrength: 0.9, steps: 28, guidance: 3.5, outputFormat: 'jpeg', seed: 42 },
    images: {
      controlImage: { id: 'image-1', bytes: Buffer.from([0xff, 0xd8, 0xff, 0x00]), width: 1600, height: 1200 },
    },
    webhook: null,
  },
  body: {
    prompt: 'TOK in the snow',
    loras: [{ path: 'https://weights.example/lora.safetensors', scale: 0.9 }],
    num_inference_steps: 28,
    guidance_scale: 3.5,
    output_format: 'jpeg',
    seed: 42,
    control_lora_image_url: 'image-1',
    image_size: { width: 1168, height: 880 },
  },
  size: { parameters: { width: 1024, height: 768 }, body: { image_size: { width: 1024, height: 768 } } },
  submit: {
    address: `POST /${endpoint}`,
    before: [],
    accepted: {
      plain: (home) => ({
        answers: [
          {
            body: {
              status: 'IN_QUEUE',
              request_id: 't1',
              queue_position: 3,
              status_url: `${request(home)}/status`,
              response_url: request(home),
              cancel_url: `${request(home)}/cancel`,
            },
          },
        ],
        gives: { kind: 'accepted', task: addresses(home), costMicros: null, look: null },
      }),
      'an id alone: the addresses are built from owner and alias': (home) => ({
        answers: [{ body: { request_id: 't1', gateway_request_id: 't1' } }],
        gives: { kind: 'accepted', task: addresses(home) },
      }),
    },
    error: () => ({
      answers: [{ body: { error: 'no such app' } }],
      gives: { kind: 'refused', code: 'PROVIDER_REFUSED', retry: 'never', httpStatus: 200 },
    }),
    nameless: { body: { status: 'IN_QUEUE', status_url: 'https://queue.fal.run/x/y/requests/1/status' } },
    complaint: (text) => ({ detail: text }),
    statuses: {},
    others: {
      'a locked account': () => ({
        answers: [{ status: 403, body: { detail: 'User is locked. Reason: Exhausted balance.' } }],
        gives: { kind: 'refused', code: 'PROVIDER_OUT_OF_CREDITS', retry: 'account' },
      }),
      'a field named by a 422': () => ({
        answers: [{ status: 422, body: { detail: [{ loc: ['body', 'prompt'], msg: 'too long', type: 'value' }] } }],
        gives: { kind: 'refused', message: 'the provider refused the request (HTTP 422): prompt: too long' },
      }),
    },
  },
  look: {
    address: 'GET /fal-ai/flux-control-lora-canny/requests/t1/status',
    task: addresses,
    elsewhere: (origin) => ({ ...addresses(origin), endpoint }),
    follows: false,
    running: {
      'in the queue': () => ({
        answers: [status('IN_QUEUE', { queue_position: 3 })],
        gives: { kind: 'running', known: true, word: 'IN_QUEUE' },
      }),
      'in progress, under 202': () => ({
        answers: [{ status: 202, body: { status: 'IN_PROGRESS', logs: null } }],
        gives: { kind: 'running', known: true, word: 'IN_PROGRESS' },
      }),
    },
    strange: () => ({ answers: [status('WARMING_UP')], gives: { kind: 'running', word: 'WARMING_UP' } }),
    ends: {
      ready: (home) => ({
        answers: [completed, { body: output(home) }],
        gives: { kind: 'ready', image: { kind: 'url', url: picture(home) }, seed: 42, costMicros: null },
      }),
      moderatedInput: ended(
        {
          status: 422,
          body: {
            detail: [
              { loc: ['body', 'prompt'], msg: 'flagged by a content checker', type: 'content_policy_violation' },
            ],
          },
        },
        { kind: 'moderated', stage: 'INPUT', reasons: ['flagged by a content checker'] },
      ),
      moderatedOutput: (home) => ({
        answers: [completed, { body: { ...output(home), has_nsfw_concepts: [true] } }],
        gives: { kind: 'moderated', stage: 'OUTPUT' },
      }),
      failed: ended(
        {
          status: 500,
          headers: { 'x-fal-retryable': 'false' },
          body: { detail: `boom, ${apiKey}`, error_type: 'runner_server_error' },
        },
        { kind: 'failed', message: 'boom, [key] (runner_server_error)' },
      ),
      canceled: ended(
        { status: 499, body: { detail: 'Request cancelled by the client', error_type: 'client_cancelled' } },
        { kind: 'canceled', message: 'Request cancelled by the client' },
      ),
      removed: { none: 'fal does not say that a file was removed; its URL answers so' },
    },
    missing: () => ({
      answers: [{ status: 404, body: { detail: 'Request not found' } }],
      gives: { kind: 'notFound' },
    }),
    error: () => ({ answers: [{ body: { error: 'overloaded' } }], gives: { kind: 'unavailable', httpStatus: 200 } }),
    complaint: (text) => ({ detail: text }),
    statuses: { 404: { kind: 'notFound' } },
  },
  atOnce: { none: 'the queue answers a submit before it has begun' },
  result: { url: picture, lifetimeMs: 24 * 60 * 60_000, keyAtHome: false },
  webhook: {
    told: ({ url }) => new URL(url, 'http://home').searchParams.get('fal_webhook'),
    account: (baseUrl) => ({ id: 'main', baseUrl, hosts: [], webhookSecret: null }),
    keys: [{ body: { keys: [publicJwk('another of its keys'), publicJwk(secret)] } }],
    secret,
    deliver: ({ taskId, secret: words, at }) =>
      sealed({ request_id: taskId, gateway_request_id: 'g1', status: 'OK', payload: {} }, { words, at }),
    unsigned: {
      deliver: (taskId) => ({ headers: {}, body: Buffer.from(JSON.stringify({ request_id: taskId, status: 'OK' })) }),
      passes: false,
    },
    covers: 'body',
    ages: { mostMs: 300_000 },
  },
  cancel: {
    address: 'PUT /fal-ai/flux-control-lora-canny/requests/t1/cancel',
    queued: [{ body: { status: 'OK' } }],
    running: [{ status: 202, body: { status: 'CANCELLATION_REQUESTED' } }],
    finished: [{ status: 400, body: { status: 'ALREADY_COMPLETED' } }],
    broken: { status: 502, body: '<html></html>' },
  },
  find: { none: 'fal takes no key of the caller’s' },
  probe: {
    address: 'GET /fal-ai/flux-lora/requests/00000000-0000-0000-0000-000000000000/status',
    well: () => ({
      answers: [{ status: 404, body: { detail: 'Request not found' } }],
      gives: { kind: 'well', creditMicros: null },
    }),
    refused: [401, 402, 403],
  },
  models: {
    plain: { id: 'fal/flux-lora', status: 'ACTIVE' },
    canny: { id: 'fal/flux-control-lora-canny', status: 'ACTIVE' },
    depth: { id: 'fal/flux-control-lora-depth', status: 'ACTIVE' },
  },
};
