import { onTestFinished } from 'vitest';
import { createComfyProvider, type ComfyOptions } from '../../src/providers/comfyui/comfyui.js';
import type { Provider, ProviderAccount, SubmitRequest, TaskHandle } from '../../src/providers/provider.js';
import { startUpstream, type Reply, type Upstream } from './upstream.js';

export const key = '00000000-0000-8000-8000-000000000001';
export const picture = `?filename=${key}_00001_.png&subfolder=darkroom&type=output`;

/** A complete request for the model with a control image. */
export const cannyRequest: SubmitRequest = {
  key,
  model: 'flux-canny-lora',
  endpoint: 'flux-canny-lora',
  control: 'CANNY',
  prompt: 'TOK in the snow',
  finetuneId: 'style/my-style.safetensors',
  loraUrl: null,
  parameters: {
    finetuneStrength: 1.2,
    cannyLowThreshold: 51,
    cannyHighThreshold: 500,
    steps: 28,
    guidance: 25,
    seed: 42,
    outputFormat: 'png',
  },
  images: { controlImage: { id: 'image-1', bytes: Buffer.from([0xff, 0xd8, 0xff, 0x00]) } },
  webhook: null,
};

/** What the server is asked before a submit: its LoRA files, and to take an image. */
export const loras: Reply = { body: ['flux1-canny-dev-lora.safetensors', 'style/my-style.safetensors'] };
export const uploaded: Reply = { body: { name: 'abc.jpg', subfolder: 'darkroom', type: 'input' } };

/** What a server without `/api/jobs` says there. */
export const noRoute: Reply = { status: 404, body: '404: Not Found' };
export const noJob: Reply = { status: 404, body: { error: 'Job not found' } };

type Events = [string, object][];

export const startedAt = 1_767_225_600_000;
export const start: Events[number] = ['execution_start', { prompt_id: key, timestamp: startedAt }];
export const success: Events[number] = ['execution_success', { prompt_id: key, timestamp: startedAt + 7500 }];
export const interrupted: Events[number] = [
  'execution_interrupted',
  { prompt_id: key, node_id: '9', node_type: 'KSampler', executed: [], timestamp: startedAt + 100 },
];

export function failure(type: string, message: string): Events[number] {
  return [
    'execution_error',
    {
      prompt_id: key,
      node_id: '9',
      node_type: 'KSampler',
      exception_type: type,
      exception_message: message,
      traceback: ['  File "execution.py"'],
      timestamp: startedAt + 100,
    },
  ];
}

export const image = { filename: `${key}_00001_.png`, subfolder: 'darkroom', type: 'output' };
export const marker = { darkroom: { key, seed: 42, output: '11' } };

type Ended = { messages: Events; outputs?: object; extra?: object };

/** A job of `/api/jobs/{id}` that is over. */
export function job(word: string, { messages, outputs = {}, extra = marker }: Ended): Reply {
  const status_str = word === 'completed' ? 'success' : 'error';
  return {
    body: {
      id: key,
      status: word,
      priority: 1,
      outputs_count: 1,
      outputs,
      execution_status: { status_str, completed: status_str === 'success', messages },
      workflow: { prompt: {}, extra_data: extra },
    },
  };
}

/** An entry of `/history/{id}`. */
export function history(status_str: string, { messages, outputs = {}, extra = marker }: Ended, id = key): Reply {
  const status = { status_str, completed: status_str === 'success', messages };
  return { body: { [id]: { prompt: [1, id, {}, extra, ['11']], outputs, status, meta: {} } } };
}

export function queue(running: string[], pending: string[], extra: object = marker): Reply {
  const items = (ids: string[]) => ids.map((id, at) => [at, id, {}, extra, ['11']]);
  return { body: { queue_running: items(running), queue_pending: items(pending) } };
}

export const made = { '11': { images: [image] } };
export const nothing: Reply = { body: {} };
export const idle: Reply = queue([], []);

export const apiKey = 'comfy-proxy-key-0123456789';
export const never = new AbortController().signal;

export function accountAt(baseUrl: string, given: Partial<ProviderAccount> = {}): ProviderAccount {
  return { id: 'main', baseUrl, apiKey: '', hosts: [], ...given };
}

export function handle(home: string, taskId = key): TaskHandle {
  return { taskId, pollingUrl: `${home}/history/${taskId}`, resultUrl: `${home}/view${picture}`, cancelUrl: null };
}

export type Bench = {
  provider: Provider;
  upstream: Upstream;
  account: ProviderAccount;
  task: TaskHandle;
  /** Methods and paths of what was asked. */
  asked: () => string[];
};

/** An adapter before a scripted server; fails the test when a scripted reply was not asked for. */
export async function startBench(replies: readonly Reply[], options: ComfyOptions = {}): Promise<Bench> {
  const upstream = await startUpstream(...replies);
  const provider = createComfyProvider(options);
  onTestFinished(async () => {
    await provider.close();
    await upstream.close();
    if (upstream.queue.length > 0) throw new Error(`${upstream.queue.length} scripted replies were not asked for`);
  });
  return {
    provider,
    upstream,
    account: accountAt(upstream.origin),
    task: handle(upstream.origin),
    asked: () => upstream.requests.map(({ method, url }) => `${method} ${url}`),
  };
}
