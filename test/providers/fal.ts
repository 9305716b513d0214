import { createFalProvider } from '../../src/providers/fal/fal.js';
import type { SubmitRequest, TaskHandle } from '../../src/providers/provider.js';
import { startScripted } from './scripted.js';
import type { Reply } from './upstream.js';

export const apiKey = 'fal-id-0123:fal-secret-0123456789';

export function startFal(replies: readonly Reply[]): ReturnType<typeof startScripted> {
  return startScripted(createFalProvider, apiKey, replies);
}

/** A plain request with a LoRA. */
export const loraRequest: SubmitRequest = {
  key: '00000000-0000-8000-8000-000000000001',
  model: 'flux-lora',
  endpoint: 'fal-ai/flux-lora',
  control: 'NONE',
  prompt: 'TOK in the snow',
  finetuneId: null,
  loraUrl: 'https://weights.example/lora.safetensors',
  parameters: {},
  images: {},
  webhook: null,
};

/** A task whose addresses have to be built. */
export function built(endpoint: string): TaskHandle {
  return { taskId: 't/1?', pollingUrl: null, resultUrl: null, cancelUrl: null, endpoint };
}
