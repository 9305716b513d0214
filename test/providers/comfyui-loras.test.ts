import { describe, expect, it } from 'vitest';
import { loras, never, startBench } from './comfyui.js';
import type { Reply } from './upstream.js';

const noRoute: Reply = { status: 404, body: '' };
const names = ['flux1-canny-dev-lora.safetensors', 'style/my-style.safetensors'];
const info = (lora_name: unknown): Reply => ({
  body: { LoraLoaderModelOnly: { input: { required: { model: ['MODEL'], lora_name } } } },
});

describe('the finetunes of a server', () => {
  const mine = {
    finetuneId: 'style/my-style.safetensors',
    loraUrl: null,
    name: 'my-style',
    triggerWord: null,
  };

  it.each<[string, Reply[]]>([
    ['as it lists them', [loras]],
    ['as its loader names them', [noRoute, info([names, { tooltip: 'x' }])]],
    ['as a newer loader does', [noRoute, info(['COMBO', { options: names, multiselect: false }])]],
  ])('are its LoRA files, without those that the workflows load by themselves: %s', async (_, replies) => {
    const { provider, account } = await startBench(replies);
    expect(await provider.listFinetunes?.(account, never)).toEqual({ kind: 'listed', finetunes: [mine] });
  });

  it.each<[string, Reply[], string]>([
    ['a refused key', [{ status: 401, body: '' }], 'refused'],
    ['no listing at all', [noRoute, { body: {} }], 'unavailable'],
    ['no answer', [{ cut: 'read' }], 'unavailable'],
  ])('%s', async (_, replies, kind) => {
    const { provider, account } = await startBench(replies);
    expect(await provider.listFinetunes?.(account, never)).toMatchObject({ kind });
  });
});

describe('a binding', () => {
  it.each<[string, string | null, Reply[], string]>([
    ['to a file that is there', 'style/my-style.safetensors', [loras], 'valid'],
    ['with the separators of another system', 'style\\my-style.safetensors', [loras], 'valid'],
    ['to one that is not', 'style/other.safetensors', [loras], 'invalid'],
    ['to a path', '../my-style.safetensors', [], 'invalid'],
    ['to nothing', null, [], 'invalid'],
    ['while the server is away', 'style/my-style.safetensors', [{ cut: 'read' }], 'unknown'],
  ])('%s', async (_, finetuneId, replies, kind) => {
    const { provider, account } = await startBench(replies);
    expect(await provider.checkBinding?.(account, { finetuneId, loraUrl: null }, never)).toMatchObject({ kind });
  });
});
