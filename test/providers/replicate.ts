import { createReplicateProvider } from '../../src/providers/replicate/replicate.js';
import type { SubmitRequest, TaskHandle } from '../../src/providers/provider.js';
import { startScripted } from './scripted.js';
import type { Reply } from './upstream.js';

export const apiKey = 'r8_replicate-token-0123456789';
export const version = 'abcdef0123456789'.repeat(4);

export function startReplicate(replies: readonly Reply[]): ReturnType<typeof startScripted> {
  return startScripted(createReplicateProvider, apiKey, replies);
}

/** A request for an own trained version. */
export const trainedRequest: SubmitRequest = {
  key: '00000000-0000-8000-8000-000000000001',
  model: 'flux-dev-trained',
  endpoint: '{finetuneId}',
  control: 'NONE',
  prompt: 'TOK in the snow',
  finetuneId: `acme/shoes:${version}`,
  loraUrl: null,
  parameters: {},
  images: {},
  webhook: null,
};

export const task: TaskHandle = { taskId: 't/1?', pollingUrl: null, resultUrl: null, cancelUrl: null };
