import { onTestFinished } from 'vitest';
import { z } from 'zod';
import { createSandbox, type Sandbox, type SandboxOptions } from '../../src/sandbox/sandbox.js';

export const plain = 'flux-pro-finetuned';

const acceptedSchema = z.looseObject({ id: z.string(), polling_url: z.string() });

export const statusSchema = z.object({
  id: z.string(),
  status: z.string(),
  result: z
    .object({
      sample: z.string(),
      prompt: z.string(),
      seed: z.number(),
      start_time: z.number(),
      end_time: z.number(),
      duration: z.number(),
    })
    .nullable(),
  progress: z.number().nullable(),
  details: z.record(z.string(), z.unknown()).nullable(),
  preview: z.null(),
});

export type Reply = { status: number; body: unknown };
export type Bench = {
  sandbox: Sandbox;
  url: string;
  /** Moves the sandbox's clock. */
  advance: (ms: number) => void;
  post: (model: string, body: unknown, key?: string | null) => Promise<Reply>;
  get: (path: string, key?: string | null) => Promise<Reply>;
  /** Submits a plain generation with this prompt; must be accepted. */
  submit: (
    prompt: string,
    more?: Record<string, unknown>,
    model?: string,
  ) => Promise<{ id: string; polling_url: string }>;
  look: (id: string) => Promise<z.infer<typeof statusSchema>>;
  /** Submits, lets all the time it needs pass, and returns the last look. */
  finish: (prompt: string, more?: Record<string, unknown>, model?: string) => Promise<z.infer<typeof statusSchema>>;
  /** The picture's bytes. */
  picture: (prompt: string, more?: Record<string, unknown>, model?: string) => Promise<Buffer>;
};

function headers(key: string | null): Record<string, string> {
  return key === null ? {} : { 'x-key': key };
}

async function read(response: Response): Promise<Reply> {
  return { status: response.status, body: await response.json() };
}

/** A sandbox on a free port with a clock of its own, stopped when the test ends. */
export async function startBench(options: SandboxOptions = {}): Promise<Bench> {
  let at = 1_800_000_000_000;
  const sandbox = createSandbox({ image: 'small', now: () => at, ...options });
  const { url } = await sandbox.start();
  onTestFinished(() => sandbox.stop());

  const post: Bench['post'] = async (model, body, key = 'test-key') => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const sent = { method: 'POST', headers: { 'content-type': 'application/json', ...headers(key) }, body: text };
    return await read(await fetch(`${url}/v1/${model}`, sent));
  };
  const get: Bench['get'] = async (path, key = 'test-key') => {
    return await read(await fetch(`${url}${path}`, { headers: headers(key) }));
  };
  const submit: Bench['submit'] = async (prompt, more = {}, model = plain) => {
    const { body } = await post(model, { finetune_id: 'my-finetune', prompt, ...more });
    return acceptedSchema.parse(body);
  };
  const look: Bench['look'] = async (id) => statusSchema.parse((await get(`/v1/get_result?id=${id}`)).body);
  const advance = (ms: number): void => {
    at += ms;
  };
  const finish: Bench['finish'] = async (prompt, more, model) => {
    const { id } = await submit(prompt, more, model);
    advance(60_000);
    return await look(id);
  };
  const picture: Bench['picture'] = async (prompt, more, model) => {
    const { result } = await finish(prompt, more, model);
    return Buffer.from(await (await fetch(result?.sample ?? '')).arrayBuffer());
  };
  return { sandbox, url, advance, post, get, submit, look, finish, picture };
}
