import { createBlackForestLabs } from '@ai-sdk/black-forest-labs';
import { generateImage } from 'ai';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { paid, startUpstream } from './upstream.js';

type Options = { url: string; prompt: string; pollTimeoutMillis?: number; maxRetries?: number };

/**
 * A generation by the AI SDK. It knows no `finetune_id`, so that is added to the body on its way; nothing else is changed.
 */
async function generate({ url, prompt, pollTimeoutMillis = 5_000, maxRetries = 2 }: Options) {
  const provider = createBlackForestLabs({
    apiKey: 'test-key',
    baseURL: `${url}/v1`,
    pollIntervalMillis: 20,
    pollTimeoutMillis,
    async fetch(input, init) {
      if (init?.method !== 'POST') return await fetch(input, init);
      const body: unknown = JSON.parse(z.string().parse(init.body));
      return await fetch(input, { ...init, body: JSON.stringify(Object.assign({ finetune_id: 'my-finetune' }, body)) });
    },
  });
  const providerOptions = { blackForestLabs: { width: 512, height: 512 } };
  return await generateImage({ model: provider.image('flux-pro-finetuned'), prompt, providerOptions, maxRetries });
}

describe('the AI SDK', () => {
  test('generates', async () => {
    const { url, sandbox } = await startUpstream();
    const { image } = await generate({ url, prompt: 'a boat [sandbox: duration=10s]' });
    expect(image.mediaType).toBe('image/jpeg');
    expect(sandbox.tasks()).toMatchObject([{ model: 'flux-pro-finetuned', width: 512, height: 512 }]);
  });

  test('submits again when the answer is lost, and it is paid twice', async () => {
    const { url, sandbox } = await startUpstream();
    const prompt = 'a boat [sandbox: lost-reply=1, duration=1s]';
    expect((await generate({ url, prompt })).image.mediaType).toBe('image/jpeg');
    expect(paid(sandbox, prompt)).toEqual({ submits: 2, tasks: 2 });
  });

  test('sends the key to where the picture is', async () => {
    const { url, sandbox } = await startUpstream();
    await generate({ url, prompt: 'a boat [sandbox: duration=1s]' });
    const downloads = sandbox.log().filter(({ path }) => path.startsWith('/delivery/'));
    // Here the delivery shares the API's origin. The SDK does the same for any host under bfl.ai.
    expect(downloads).toMatchObject([{ keyLeaked: true, status: 200 }]);
  });

  test.each(['unknown-status, duration=1000s', 'moderated, duration=1s', 'late-task=1, duration=1s'])(
    'fails at a status that it does not know: %s',
    async (words) => {
      const { url, sandbox } = await startUpstream();
      const prompt = `[sandbox: ${words}]`;
      await expect(generate({ url, prompt, maxRetries: 0 })).rejects.toThrow('Invalid JSON response');
      expect(paid(sandbox, prompt).tasks).toBe(1);
    },
  );

  test('looks at a moderated request until its time is over', async () => {
    const { url, sandbox } = await startUpstream();
    const prompt = '[sandbox: request-moderated, duration=1s]';
    await expect(generate({ url, prompt, pollTimeoutMillis: 200, maxRetries: 0 })).rejects.toThrow('timed out');
    expect(sandbox.log().filter(({ path }) => path.startsWith('/v1/get_result'))).toHaveLength(10);
  });

  test('pays again for a look that fails', async () => {
    const { url, sandbox } = await startUpstream();
    const prompt = 'a boat [sandbox: poll-500=1, duration=1s]';
    await expect(generate({ url, prompt, maxRetries: 1 })).rejects.toThrow('Failed after 2 attempts');
    expect(paid(sandbox, prompt).tasks).toBe(2);
  });
});
