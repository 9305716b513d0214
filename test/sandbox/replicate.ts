import { expect } from 'vitest';
import { z } from 'zod';
import { startHttp, type Http } from './http.js';

export const api = '/replicate/v1';
export const devLora = 'black-forest-labs/flux-dev-lora';

export const predictionSchema = z.looseObject({
  id: z.string().regex(/^[a-z0-9]{26}$/),
  status: z.string(),
  model: z.string(),
  version: z.string(),
  input: z.record(z.string(), z.unknown()),
  output: z.union([z.string(), z.array(z.string()), z.null()]),
  error: z.string().nullable(),
  logs: z.string(),
  data_removed: z.boolean(),
  urls: z.object({ get: z.string(), cancel: z.string(), web: z.string() }),
});
export type Prediction = z.infer<typeof predictionSchema>;

export const start = (options?: Parameters<typeof startHttp>[1]): Promise<Http> => startHttp('Bearer token', options);

/** Submits to an official model, and must be taken. */
export async function predict(
  { call }: Http,
  prompt: string,
  more: Record<string, unknown> = {},
  model = devLora,
  outer: Record<string, unknown> = {},
): Promise<Prediction> {
  const answer = await call('POST', `${api}/models/${model}/predictions`, {
    body: { input: { prompt, ...more }, ...outer },
  });
  expect(answer.status).toBe(201);
  return predictionSchema.parse(answer.body);
}

export async function look({ call }: Http, id: string): Promise<Prediction> {
  return predictionSchema.parse((await call('GET', `${api}/predictions/${id}`)).body);
}
