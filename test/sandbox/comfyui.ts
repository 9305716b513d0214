import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.js';

/** A node in API format; inputs are values or links. */
export type Node = { class_type: string; inputs: Record<string, unknown> };
export type Graph = Record<string, Node>;

export type Reply = { status: number; type: string; body: unknown; bytes: Buffer };

export type ComfyBench = {
  sandbox: Sandbox;
  /** With `/comfyui` at its end. */
  url: string;
  advance: (ms: number) => void;
  get: (path: string, headers?: Record<string, string>) => Promise<Reply>;
  post: (path: string, body?: unknown, headers?: Record<string, string>) => Promise<Reply>;
  upload: (bytes: Buffer, name: string, fields?: Record<string, string>) => Promise<Reply>;
  /** Posts a graph, which must be taken, and gives the prompt's id. */
  prompt: (graph: Graph, more?: Record<string, unknown>) => Promise<string>;
  history: (id: string) => Promise<History | null>;
  /** Ids in `queue_running` and `queue_pending`. */
  queue: () => Promise<{ running: string[]; pending: string[] }>;
  /** Lets a minute pass and gives the bytes of the saved picture. */
  picture: (graph: Graph, more?: Record<string, unknown>) => Promise<Buffer>;
  restart: (downMs?: number) => Promise<void>;
};

export const historySchema = z.object({
  prompt: z.tuple([z.number(), z.string(), z.unknown(), z.record(z.string(), z.unknown()), z.array(z.string())]),
  outputs: z.record(
    z.string(),
    z.object({ images: z.array(z.object({ filename: z.string(), subfolder: z.string(), type: z.string() })) }),
  ),
  status: z.object({
    status_str: z.enum(['success', 'error']),
    completed: z.boolean(),
    messages: z.array(z.tuple([z.string(), z.looseObject({ timestamp: z.int() })])),
  }),
  meta: z.record(z.string(), z.unknown()),
});
export type History = z.infer<typeof historySchema>;

const queueItem = z.tuple([z.number(), z.string(), z.unknown(), z.unknown(), z.unknown()]);
const queueSchema = z.object({ queue_running: z.array(queueItem), queue_pending: z.array(queueItem) });
const acceptedSchema = z.object({ prompt_id: z.uuid(), number: z.number(), node_errors: z.object({}) });

/** A pretend ComfyUI on a free port with a clock of its own. */
export async function startComfy(options: SandboxOptions = {}): Promise<ComfyBench> {
  let at = 1_800_000_000_000;
  const sandbox = createSandbox({ image: 'small', now: () => at, ...options });
  const { url: root } = await sandbox.start();
  onTestFinished(() => sandbox.stop());
  const url = `${root}/comfyui`;

  async function read(response: Response): Promise<Reply> {
    const bytes = Buffer.from(await response.arrayBuffer());
    const type = response.headers.get('content-type') ?? '';
    const body: unknown = type.includes('json') ? JSON.parse(bytes.toString('utf8')) : bytes.toString('utf8');
    return { status: response.status, type, body, bytes };
  }

  const get: ComfyBench['get'] = async (path, headers = {}) => await read(await fetch(`${url}${path}`, { headers }));
  const post: ComfyBench['post'] = async (path, body, headers = {}) => {
    const sent = typeof body === 'string' ? body : JSON.stringify(body);
    return await read(
      await fetch(`${url}${path}`, { method: 'POST', headers, ...(body === undefined ? {} : { body: sent }) }),
    );
  };
  const upload: ComfyBench['upload'] = async (bytes, name, fields = {}) => {
    const form = new FormData();
    form.append('image', new Blob([new Uint8Array(bytes)]), name);
    for (const [key, value] of Object.entries(fields)) form.append(key, value);
    return await read(await fetch(`${url}/upload/image`, { method: 'POST', body: form }));
  };
  const prompt: ComfyBench['prompt'] = async (graph, more = {}) =>
    acceptedSchema.parse((await post('/prompt', { prompt: graph, ...more })).body).prompt_id;
  const history: ComfyBench['history'] = async (id) =>
    z.record(z.string(), historySchema).parse((await get(`/history/${id}`)).body)[id] ?? null;
  const queue: ComfyBench['queue'] = async () => {
    const { queue_running, queue_pending } = queueSchema.parse((await get('/queue')).body);
    return { running: queue_running.map(([, id]) => id), pending: queue_pending.map(([, id]) => id) };
  };
  const advance = (ms: number): void => {
    at += ms;
  };
  const picture: ComfyBench['picture'] = async (graph, more) => {
    const id = await prompt(graph, more);
    advance(600_000);
    const entry = await history(id);
    const images = Object.values(entry?.outputs ?? {}).flatMap((output) => output.images);
    const saved = images.find(({ type }) => type === 'output') ?? images[0];
    return (await get(`/view?${new URLSearchParams(saved).toString()}`)).bytes;
  };
  const restart: ComfyBench['restart'] = async (downMs = 0) => {
    await fetch(`${root}/sandbox/comfyui/restart`, { method: 'POST', body: JSON.stringify({ downMs }) });
  };
  return { sandbox, url, advance, get, post, upload, prompt, history, queue, picture, restart };
}

/** The loaders that all graphs begin with: model 1, LoRA 2, CLIP 3, VAE 4. */
function loaders(unet: string, lora: string | null, strength: number): Graph {
  const base: Graph = {
    '1': { class_type: 'UNETLoader', inputs: { unet_name: unet, weight_dtype: 'default' } },
    '3': {
      class_type: 'DualCLIPLoader',
      inputs: { clip_name1: 'clip_l.safetensors', clip_name2: 't5xxl_fp16.safetensors', type: 'flux' },
    },
    '4': { class_type: 'VAELoader', inputs: { vae_name: 'ae.safetensors' } },
  };
  if (lora === null) return base;
  const inputs = { model: ['1', 0], lora_name: lora, strength_model: strength };
  return { ...base, '2': { class_type: 'LoraLoaderModelOnly', inputs } };
}

type Wanted = {
  seed?: number;
  steps?: number;
  guidance?: number;
  lora?: string | null;
  strength?: number;
  width?: number;
  height?: number;
  prefix?: string;
};

/** A picture from words: FLUX.1 dev with a LoRA. */
export function textGraph(text: string, wanted: Wanted = {}): Graph {
  const { lora = 'my-style.safetensors', strength = 1, seed = 1, steps = 20, guidance = 3.5 } = wanted;
  return {
    ...loaders('flux1-dev.safetensors', lora, strength),
    '5': { class_type: 'CLIPTextEncode', inputs: { text, clip: ['3', 0] } },
    '6': { class_type: 'FluxGuidance', inputs: { conditioning: ['5', 0], guidance } },
    '7': {
      class_type: 'EmptySD3LatentImage',
      inputs: { width: wanted.width ?? 256, height: wanted.height ?? 192, batch_size: 1 },
    },
    '8': {
      class_type: 'KSampler',
      inputs: {
        model: [lora === null ? '1' : '2', 0],
        seed,
        steps,
        cfg: 1,
        sampler_name: 'euler',
        scheduler: 'simple',
        positive: ['6', 0],
        negative: ['5', 0],
        latent_image: ['7', 0],
        denoise: 1,
      },
    },
    '9': { class_type: 'VAEDecode', inputs: { samples: ['8', 0], vae: ['4', 0] } },
    '10': { class_type: 'SaveImage', inputs: { images: ['9', 0], filename_prefix: wanted.prefix ?? 'flux' } },
  };
}

/** A picture along the edges of an uploaded image, or its depth: FLUX.1 canny or depth dev with a LoRA. */
export function controlGraph(
  text: string,
  image: string,
  control: { kind: 'canny'; low?: number; high?: number } | { kind: 'depth' | 'map' },
  wanted: Wanted = {},
): Graph {
  const unet = control.kind === 'canny' ? 'flux1-canny-dev.safetensors' : 'flux1-depth-dev.safetensors';
  const { lora = 'my-style.safetensors', strength = 1 } = wanted;
  const sampler = textGraph(text, wanted)['8'];
  const pixels: Record<string, Node> = {
    canny: {
      class_type: 'Canny',
      inputs: {
        image: ['20', 0],
        low_threshold: control.kind === 'canny' ? (control.low ?? 0.2) : 0,
        high_threshold: control.kind === 'canny' ? (control.high ?? 0.5) : 0,
      },
    },
    depth: { class_type: 'DepthAnythingV2Preprocessor', inputs: { image: ['20', 0] } },
  };
  const preprocessor = pixels[control.kind];
  return {
    ...textGraph(text, wanted),
    ...loaders(unet, lora, strength),
    '20': { class_type: 'LoadImage', inputs: { image } },
    ...(preprocessor === undefined ? {} : { '21': preprocessor }),
    '22': {
      class_type: 'InstructPixToPixConditioning',
      inputs: {
        positive: ['6', 0],
        negative: ['5', 0],
        vae: ['4', 0],
        pixels: [preprocessor === undefined ? '20' : '21', 0],
      },
    },
    '8': {
      class_type: 'KSampler',
      inputs: { ...sampler?.inputs, positive: ['22', 0], negative: ['22', 1], latent_image: ['22', 2] },
    },
  };
}
