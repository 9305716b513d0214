import { expect } from 'vitest';
import { z } from 'zod';
import { startHttp, type Answer, type Http } from './http.js';

export const lora = 'fal-ai/flux-lora';
const weights = { path: 'https://weights.invalid/ink.safetensors', scale: 0.8 };

export const queuedSchema = z.object({
  request_id: z.string(),
  status: z.literal('IN_QUEUE'),
  response_url: z.string(),
  status_url: z.string(),
  cancel_url: z.string(),
});
export const outputSchema = z.object({
  images: z.array(z.object({ url: z.string(), width: z.number(), height: z.number(), content_type: z.string() })),
  seed: z.number(),
  has_nsfw_concepts: z.array(z.boolean()),
});

export const start = (options?: Parameters<typeof startHttp>[1]): Promise<Http> => startHttp('Key id:secret', options);

/** Submits, and must be taken. */
export async function submit(
  { call }: Http,
  prompt: string,
  more: Record<string, unknown> = {},
  model = lora,
): Promise<z.infer<typeof queuedSchema>> {
  const answer = await call('POST', `/fal/${model}`, { body: { prompt, loras: [weights], ...more } });
  expect(answer.status).toBe(200);
  return queuedSchema.parse(answer.body);
}

/** Submits, lets all the time it needs pass, and gives the answer of the result call. */
export async function finish(
  http: Http,
  prompt: string,
  more?: Record<string, unknown>,
  model?: string,
): Promise<Answer> {
  const { response_url } = await submit(http, prompt, more, model);
  http.advance(60_000);
  return await http.call('GET', response_url);
}
