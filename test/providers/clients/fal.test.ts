import { createFalClient, type FalClient } from '@fal-ai/client';
import { describe, expect, test } from 'vitest';
import { paid, startUpstream } from './upstream.js';

const endpoint = 'fal-ai/flux-lora';
const loras = [{ path: 'https://weights.invalid/ink.safetensors', scale: 1 }];

/** fal's client has no base URL of its own: its middleware is the place to give it one. */
function clientOf(url: string, credentials = 'id:secret'): FalClient {
  return createFalClient({
    credentials,
    requestMiddleware: async (request) => ({
      ...request,
      url: request.url.replace('https://queue.fal.run', `${url}/fal`),
    }),
  });
}

describe("fal's client", () => {
  test('submits, looks and gets its picture', async () => {
    const { url } = await startUpstream();
    const { queue } = clientOf(url);
    const input = { prompt: 'a boat [sandbox: duration=100s]', loras, seed: 7 };
    const { request_id: requestId } = await queue.submit(endpoint, { input });
    const statuses = [(await queue.status(endpoint, { requestId })).status];
    const done = await queue.subscribeToStatus(endpoint, { requestId, pollInterval: 20, logs: true });
    statuses.push(done.status);
    expect(statuses).toEqual(['IN_QUEUE', 'COMPLETED']);
    const result = await queue.result(endpoint, { requestId });
    expect(result).toMatchObject({ requestId, data: { seed: 7, images: [{ width: 1024, height: 768 }] } });
    const picture = await fetch(result.data.images[0]?.url ?? '');
    expect([picture.status, picture.headers.get('content-type')]).toEqual([200, 'image/jpeg']);
  });

  test.each(['polling', 'streaming'] as const)('subscribes by %s', async (mode) => {
    const { url } = await startUpstream();
    const seen: string[] = [];
    const { data } = await clientOf(url).subscribe('fal-ai/flux-pro/v1.1-ultra-finetuned', {
      input: { prompt: 'a boat [sandbox: duration=20s]', finetune_id: 'my-finetune', finetune_strength: 1.2 },
      mode,
      onQueueUpdate: ({ status }) => seen.push(status),
    });
    expect(data).toMatchObject({ images: [{ content_type: 'image/jpeg' }], has_nsfw_concepts: [false] });
    expect(seen.at(-1)).toBe('COMPLETED');
  });

  test('cancels', async () => {
    const { url, sandbox } = await startUpstream();
    const { queue } = clientOf(url);
    const { request_id: requestId } = await queue.submit(endpoint, { input: { prompt: '[sandbox: stuck]', loras } });
    await queue.cancel(endpoint, { requestId });
    expect(sandbox.tasks()).toMatchObject([{ id: requestId, canceledAt: expect.any(Number) }]);
    await expect(queue.cancel(endpoint, { requestId: 'nothing' })).rejects.toMatchObject({ status: 404 });
  });

  test.each([
    ['request-moderated', { name: 'ValidationError', status: 422 }],
    ['error', { name: 'ApiError', status: 500 }],
  ])('hears of %s at the result', async (word, error) => {
    const { url } = await startUpstream();
    const input = { prompt: `[sandbox: ${word}, duration=1s]`, loras };
    await expect(clientOf(url).subscribe(endpoint, { input, pollInterval: 20 })).rejects.toMatchObject(error);
  });

  test('is refused with a wrong key', async () => {
    const { url } = await startUpstream({ keys: ['good'] });
    const { queue } = clientOf(url, 'bad');
    await expect(queue.submit(endpoint, { input: { prompt: 'p', loras } })).rejects.toMatchObject({ status: 401 });
  });

  test('submits again when the answer is lost, and it is paid twice', async () => {
    const { url, sandbox } = await startUpstream();
    const prompt = 'a boat [sandbox: lost-reply=1, duration=1s]';
    const { data } = await clientOf(url).subscribe(endpoint, { input: { prompt, loras }, pollInterval: 20 });
    expect(data.images).toHaveLength(1);
    expect(paid(sandbox, prompt)).toEqual({ submits: 2, tasks: 2 });
    expect(sandbox.stats().acceptedTwice.total).toBe(1);
  });
});
