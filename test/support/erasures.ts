import { vi } from 'vitest';
import { z } from 'zod';
import type { Api, Variables } from './api.js';
import { userErrorSchema, type UserError } from './generations.js';

const receiptSchema = z.object({
  generations: z.number(),
  canceled: z.number(),
  prompts: z.number(),
  attempts: z.number(),
  images: z.number(),
  imagesShared: z.number(),
  files: z.number(),
  bytes: z.number(),
  idsDigest: z.string().nullable(),
  imagesDigest: z.string().nullable(),
});

const erasureSchema = z.object({
  id: z.string(),
  status: z.enum(['QUEUED', 'RUNNING', 'FINISHED']),
  waiting: z.number(),
  receipt: receiptSchema,
  imageHashes: z.array(z.string()),
  generationKeys: z.array(z.string()),
  left: z.object({ generations: z.number(), images: z.number() }),
});
export type ErasureState = z.infer<typeof erasureSchema>;

const fields = `id status waiting
  receipt { generations canceled prompts attempts images imagesShared files bytes idsDigest imagesDigest }
  imageHashes(first: 1000) generationKeys(first: 1000) left { generations images }`;

const planSchema = z.object({
  generations: z.number(),
  running: z.number(),
  images: z.number(),
  imagesShared: z.number(),
  bytes: z.number(),
});
const payloadSchema = z.object({
  eraseGenerations: z.object({
    erasure: erasureSchema.nullable(),
    plan: planSchema.nullable(),
    userErrors: z.array(userErrorSchema),
  }),
});
type Payload = z.infer<typeof payloadSchema>['eraseGenerations'];

export async function tryErase(api: Api, input: Variables): Promise<Payload> {
  const document = `mutation ($input: EraseGenerationsInput!) { eraseGenerations(input: $input) {
    erasure { ${fields} } plan { generations running images imagesShared bytes }
    userErrors { code message path minimum maximum given retryable } } }`;
  return (await api.ask(payloadSchema, document, { input })).eraseGenerations;
}

export async function eraseErrors(api: Api, input: Variables): Promise<UserError[]> {
  const { erasure, plan, userErrors } = await tryErase(api, input);
  if (erasure !== null || plan !== null) throw new Error('It was not refused.');
  return userErrors;
}

/** Orders an erasure that must be taken. */
export async function erase(api: Api, input: Variables): Promise<ErasureState> {
  const { erasure, userErrors } = await tryErase(api, input);
  if (erasure === null) throw new Error(`Refused: ${JSON.stringify(userErrors)}`);
  return erasure;
}

export async function readErasure(api: Api, id: string): Promise<ErasureState> {
  const document = `query ($id: ID!) { node(id: $id) { ... on Erasure { ${fields} } } }`;
  return (await api.ask(z.object({ node: erasureSchema }), document, { id })).node;
}

/** Waits until the erasure is finished. */
export async function erased(api: Api, id: string, timeout = 60_000): Promise<ErasureState> {
  return await vi.waitFor(
    async () => {
      const state = await readErasure(api, id);
      if (state.status !== 'FINISHED') throw new Error(`Not finished: ${JSON.stringify(state)}`);
      return state;
    },
    { timeout, interval: 200 },
  );
}
