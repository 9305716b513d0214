import { createFalProvider } from '../../src/providers/fal/fal.js';
import { agrees } from './sandbox-suite.js';

agrees('fal', {
  create: createFalProvider,
  path: '/fal',
  apiKey: 'fal-id:fal-secret',
  expired: 'gone',
  finetuneId: 'my-finetune',
  loraUrl: 'https://weights.invalid/ink.safetensors',
  webhookSecret: async () => null,
});
