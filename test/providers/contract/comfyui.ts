import { createComfyProvider } from '../../../src/providers/comfyui/comfyui.js';
import {
  cannyRequest,
  failure,
  idle,
  interrupted,
  job,
  key,
  loras,
  made,
  noJob,
  nothing,
  picture,
  start,
  startedAt,
  success,
  uploaded,
} from '../comfyui.js';
import type { Reply } from '../upstream.js';
import type { Contract } from './contract.js';

const moderated = { none: 'ComfyUI moderates nothing' };
const view = (home: string) => `${home}/view${picture}`;
const task = (home: string) => ({
  taskId: key,
  pollingUrl: `${home}/history/${key}`,
  resultUrl: view(home),
  cancelUrl: null,
});
const job1 = (status: string): Reply[] => [{ body: { id: key, status, priority: 1, outputs_count: 0 } }];
/** A task that is nowhere: in no job, not ended, not waiting, still not ended, and no picture. */
const nowhere: Reply[] = [noJob, nothing, idle, nothing, { status: 404, body: '' }];
const unreachable = { kind: 'refused', code: 'PROVIDER_UNREACHABLE', retry: 'account' } as const;
const complaint = (message: string) => ({
  error: { type: 'prompt_outputs_failed_validation', message, details: '', extra_info: {} },
  node_errors: {},
});
const at = (home: string, id: string) => ({ ...task(home), taskId: id, pollingUrl: `${home}/history/${id}` });

/** A server of one's own, by ComfyUI's source of 2026. */
export const comfyui: Contract = {
  name: 'comfyui',
  create: createComfyProvider,
  account: (baseUrl) => ({ id: 'main', baseUrl, apiKey: '', hosts: [] }),
  credential: { none: 'ComfyUI knows no keys; what may stand before it is in comfyui-auth.test.ts' },
  request: cannyRequest,
  body: {
    prompt_id: key,
    extra_data: { darkroom: { key, seed: 42, output: '11' } },
    prompt: {
      '1': { class_type: 'UNETLoader', inputs: { unet_name: 'flux1-dev.safetensors', weight_dtype: 'default' } },
      '2': {
        class_type: 'DualCLIPLoader',
        inputs: { clip_name1: 'clip_l.safetensors', clip_name2: 't5xxl_fp16.safetensors', type: 'flux' },
      },
      '3': { class_type: 'VAELoader', inputs: { vae_name: 'ae.safetensors' } },
      '4': {
        class_type: 'LoraLoaderModelOnly',
        inputs: { model: ['12', 0], lora_name: 'style/my-style.safetensors', strength_model: 1.2 },
      },
      '5': { class_type: 'CLIPTextEncode', inputs: { clip: ['2', 0], text: 'TOK in the snow' } },
      '6': { class_type: 'FluxGuidance', inputs: { conditioning: ['5', 0], guidance: 25 } },
      '7': { class_type: 'CLIPTextEncode', inputs: { clip: ['2', 0], text: '' } },
      '9': {
        class_type: 'KSampler',
        inputs: {
          model: ['4', 0],
          positive: ['16', 0],
          negative: ['16', 1],
          latent_image: ['16', 2],
          seed: 42,
          steps: 28,
          cfg: 1,
          sampler_name: 'euler',
          scheduler: 'simple',
          denoise: 1,
        },
      },
      '10': { class_type: 'VAEDecode', inputs: { samples: ['9', 0], vae: ['3', 0] } },
      '11': { class_type: 'SaveImage', inputs: { images: ['10', 0], filename_prefix: `darkroom/${key}` } },
      '12': {
        class_type: 'LoraLoaderModelOnly',
        inputs: { model: ['1', 0], lora_name: 'flux1-canny-dev-lora.safetensors', strength_model: 1 },
      },
      '13': { class_type: 'LoadImage', inputs: { image: 'image-1' } },
      '14': {
        class_type: 'ImageScaleToTotalPixels',
        inputs: { image: ['13', 0], upscale_method: 'lanczos', megapixels: 1, resolution_steps: 16 },
      },
      '15': { class_type: 'Canny', inputs: { image: ['14', 0], low_threshold: 0.2, high_threshold: 0.99 } },
      '16': {
        class_type: 'InstructPixToPixConditioning',
        inputs: { positive: ['6', 0], negative: ['7', 0], vae: ['3', 0], pixels: ['15', 0] },
      },
    },
  },
  size: { none: 'with a control image its shape is the size; without one see comfyui-graph.test.ts' },
  submit: {
    address: 'POST /prompt',
    before: [loras, uploaded],
    accepted: {
      plain: (home) => ({
        answers: [{ body: { prompt_id: key, number: 3, node_errors: {} } }],
        gives: { kind: 'accepted', task: task(home), costMicros: 0, look: null },
      }),
      'under an id of its own, as older servers do': (home) => ({
        answers: [{ body: { prompt_id: 'f3a1', number: 3, node_errors: {} } }],
        gives: { kind: 'accepted', task: at(home, 'f3a1') },
      }),
      'with errors of another output': (home) => ({
        answers: [{ body: { prompt_id: key, number: 3, node_errors: { '7': { dependent_outputs: ['99'] } } } }],
        gives: { kind: 'accepted', task: task(home) },
      }),
    },
    error: { none: 'ComfyUI answers a wrong workflow with HTTP 400' },
    nameless: { body: { number: 3, node_errors: {} } },
    complaint,
    statuses: { 404: unreachable, 410: unreachable },
    others: {
      'a LoRA file that is missing': () => ({
        answers: [
          {
            status: 400,
            body: {
              ...complaint('Prompt outputs failed validation'),
              node_errors: {
                '4': {
                  class_type: 'LoraLoaderModelOnly',
                  dependent_outputs: ['11'],
                  errors: [
                    {
                      type: 'value_not_in_list',
                      message: 'Value not in list',
                      details: "lora_name: 'gone.safetensors' not in []",
                      extra_info: { input_name: 'lora_name', received_value: 'gone.safetensors' },
                    },
                  ],
                },
              },
            },
          },
        ],
        gives: {
          kind: 'refused',
          code: 'FINETUNE_UNKNOWN',
          message:
            'the server has no LoRA file gone.safetensors (node 4 (LoraLoaderModelOnly), input lora_name) (HTTP 400): ' +
            'Prompt outputs failed validation',
        },
      }),
      'an image too large': () => ({
        answers: [{ status: 413, body: '' }],
        gives: { kind: 'refused', code: 'PROVIDER_REFUSED', retry: 'never' },
      }),
    },
  },
  look: {
    address: `GET /api/jobs/${key}`,
    task,
    elsewhere: task,
    follows: false,
    running: {
      pending: () => ({ answers: job1('pending'), gives: { kind: 'running', known: true, word: 'pending' } }),
      in_progress: () => ({ answers: job1('in_progress'), gives: { kind: 'running', known: true } }),
    },
    strange: () => ({ answers: job1('dreaming'), gives: { kind: 'running', word: 'dreaming' } }),
    ends: {
      ready: (home) => ({
        answers: [job('completed', { messages: [start, success], outputs: made })],
        gives: {
          kind: 'ready',
          image: { kind: 'url', url: view(home) },
          seed: 42,
          costMicros: 0,
          startedAt: new Date(startedAt),
          finishedAt: new Date(startedAt + 7500),
        },
      }),
      moderatedInput: moderated,
      moderatedOutput: moderated,
      failed: () => ({
        answers: [job('failed', { messages: [start, failure('RuntimeError', 'bad shape')] })],
        gives: { kind: 'failed', message: 'the workflow failed in node 9 KSampler: RuntimeError: bad shape' },
      }),
      canceled: () => ({
        answers: [job('cancelled', { messages: [start, interrupted] })],
        gives: { kind: 'canceled' },
      }),
      removed: { none: 'ComfyUI removes no picture by itself' },
    },
    missing: () => ({ answers: nowhere, gives: { kind: 'notFound' } }),
    error: () => ({
      answers: [{ body: { error: 'overloaded' } }, { status: 502, body: '' }],
      gives: { kind: 'unavailable', httpStatus: 502 },
    }),
    complaint: (error) => ({ error }),
    // It asks the server's other listings then.
    statuses: { 404: { kind: 'unavailable' } },
  },
  atOnce: { none: 'ComfyUI answers a submit before it has begun' },
  result: { url: view, lifetimeMs: 7 * 24 * 60 * 60_000, keyAtHome: false },
  webhook: { none: 'ComfyUI calls nobody; it tells over a WebSocket' },
  cancel: {
    address: `POST /api/jobs/${key}/cancel`,
    queued: [{ body: { cancelled: true } }],
    running: [{ body: { cancelled: true } }],
    finished: [{ body: { cancelled: false } }],
    broken: { status: 502, body: '' },
  },
  find: {
    found: (home) => ({ answers: job1('pending'), gives: { kind: 'found', task: task(home) } }),
    absent: () => ({ answers: nowhere, gives: { kind: 'absent' } }),
  },
  probe: {
    address: 'GET /system_stats',
    well: () => ({
      answers: [{ body: { system: { comfyui_version: '0.9.1' }, devices: [] } }],
      gives: { kind: 'well', creditMicros: null },
    }),
    refused: [401, 403],
  },
  models: {
    plain: { id: 'comfyui/flux-lora', status: 'ACTIVE' },
    canny: { id: 'comfyui/flux-canny-lora', status: 'ACTIVE' },
    depth: { id: 'comfyui/flux-depth-lora', status: 'ACTIVE' },
  },
};
