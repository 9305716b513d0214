import { vi } from 'vitest';
import { z } from 'zod';
import { isTerminal, generationStatuses } from '../../src/domain/lifecycle.js';
import type { Api, Variables } from './api.js';

export const userErrorSchema = z.object({
  code: z.string(),
  message: z.string(),
  path: z.array(z.string()),
  minimum: z.number().nullable(),
  maximum: z.number().nullable(),
  given: z.string().nullable(),
  retryable: z.boolean(),
});
export type UserError = z.infer<typeof userErrorSchema>;

export type GenerateMutation = 'generateFromPrompt' | 'generateFromCanny' | 'generateFromDepth' | 'generateFromFill';

const payloadSchema = z.object({
  payload: z.object({ generation: z.object({ id: z.string() }).nullable(), userErrors: z.array(userErrorSchema) }),
});

/** Calls a mutation; the answer is its payload. */
export async function tryGenerate(
  api: Api,
  mutation: GenerateMutation,
  input: Variables,
): Promise<{ id: string | null; userErrors: UserError[] }> {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
  const document = `mutation ($input: ${type}!) {
    payload: ${mutation}(input: $input) {
      generation { id } userErrors { code message path minimum maximum given retryable }
    }
  }`;
  const { payload } = await api.ask(payloadSchema, document, { input });
  return { id: payload.generation?.id ?? null, userErrors: payload.userErrors };
}

/** Calls a mutation that must be accepted; gives the id. */
export async function generate(api: Api, mutation: GenerateMutation, input: Variables): Promise<string> {
  const { id, userErrors } = await tryGenerate(api, mutation, input);
  if (id === null) throw new Error(`Refused: ${JSON.stringify(userErrors)}`);
  return id;
}

const imageSchema = z.object({
  id: z.string(),
  url: z.string(),
  contentType: z.string(),
  width: z.number(),
  height: z.number(),
  bytes: z.number(),
});
const stateSchema = z.object({
  id: z.string(),
  version: z.number(),
  status: z.enum(generationStatuses),
  moderationStage: z.string().nullable(),
  error: z.object({ code: z.string(), message: z.string().nullable() }).nullable(),
  prompt: z.string(),
  promptSent: z.string(),
  finetuneId: z.string().nullable(),
  parameters: z.record(z.string(), z.unknown()),
  priority: z.number(),
  seed: z.number().nullable(),
  nextAttemptAt: z.string().nullable(),
  cost: z.object({ quotedMicros: z.number().nullable(), settledMicros: z.number().nullable() }),
  images: z.array(imageSchema),
  controlImage: imageSchema.nullable(),
  attempts: z.array(
    z.object({
      n: z.number(),
      state: z.string(),
      httpStatus: z.number().nullable(),
      error: z.object({ code: z.string(), message: z.string().nullable() }).nullable(),
      request: z.unknown(),
      looks: z.number(),
    }),
  ),
});
export type GenerationState = z.infer<typeof stateSchema>;

const stateFields = `
  id version status moderationStage error { code message } prompt promptSent finetuneId seed nextAttemptAt
  parameters {
    finetuneStrength width height aspectRatio steps guidance seed promptUpsampling safetyTolerance outputFormat
    cannyLowThreshold cannyHighThreshold imagePromptStrength
  }
  cost { quotedMicros settledMicros }
  priority images { id url contentType width height bytes }
  controlImage { id url contentType width height bytes }
  attempts { n state httpStatus error { code message } request looks }`;

/** A generation as the API shows it now. */
export async function readGeneration(api: Api, id: string): Promise<GenerationState> {
  const shape = z.object({ generation: stateSchema });
  return (await api.ask(shape, `query ($id: ID!) { generation(id: $id) { ${stateFields} } }`, { id })).generation;
}

/** Waits until the generation is as wished. */
export async function waitFor(
  api: Api,
  id: string,
  condition: (state: GenerationState) => boolean,
  timeout = 20_000,
): Promise<GenerationState> {
  return await vi.waitFor(
    async () => {
      const state = await readGeneration(api, id);
      if (!condition(state)) throw new Error(`Not as wished: ${JSON.stringify(state)}`);
      return state;
    },
    { timeout, interval: 40 },
  );
}

/** Waits until the generation has come to its end. */
export async function waitForEnd(api: Api, id: string, timeout?: number): Promise<GenerationState> {
  return await waitFor(api, id, (state) => isTerminal(state.status), timeout);
}
