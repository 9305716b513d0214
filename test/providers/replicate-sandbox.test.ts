import { z } from 'zod';
import { createReplicateProvider } from '../../src/providers/replicate/replicate.js';
import { agrees } from './sandbox-suite.js';

const apiKey = 'r8_token';

agrees('replicate', {
  create: createReplicateProvider,
  path: '/replicate',
  apiKey,
  expired: 'removed',
  finetuneId: `acme/shoes:${'abcdef0123456789'.repeat(4)}`,
  loraUrl: 'https://weights.invalid/ink.safetensors',
  async webhookSecret(base) {
    const headers = { authorization: `Bearer ${apiKey}` };
    const response = await fetch(`${base}/v1/webhooks/default/secret`, { headers });
    return z.object({ key: z.string() }).parse(await response.json()).key;
  },
});
