import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, waitFor, waitForEnd } from '../support/generations.js';
import { eventually } from '../support/eventually.js';

let darkroom: Darkroom;
let profileId = '';

beforeAll(async () => {
  darkroom = await startDarkroom({ environment: { BFL_ACTIVE_TASKS: '2' } });
  profileId = await darkroom.profile();
});

afterAll(async () => await darkroom.stop());

async function ask(prompt: string): Promise<string> {
  return await generate(darkroom.api, 'generateFromPrompt', { profileId, prompt, width: 256, height: 256 });
}

const waitingSchema = z
  .object({
    reason: z.string(),
    message: z.string(),
    position: z.number().nullable(),
    etaEarliest: z.string().nullable(),
    etaLatest: z.string().nullable(),
  })
  .nullable();

async function waitingOf(id: string): Promise<z.infer<typeof waitingSchema>> {
  const shape = z.object({ generation: z.object({ waiting: waitingSchema }) });
  const document =
    'query ($id: ID!) { generation(id: $id) { waiting { reason message position etaEarliest etaLatest } } }';
  return (await darkroom.api.ask(shape, document, { id })).generation.waiting;
}

const latencySchema = z.object({
  size: z.string(),
  p50: z.number(),
  p95: z.number(),
  p99: z.number(),
  samples: z.number(),
});

async function latency(): Promise<z.infer<typeof latencySchema> | null> {
  const shape = z.object({ models: z.array(z.object({ id: z.string(), latency: latencySchema.nullable() })) });
  const { models } = await darkroom.api.ask(shape, '{ models { id latency { size p50 p95 p99 samples } } }');
  return models.find(({ id }) => id === 'bfl/flux-pro-finetuned')?.latency ?? null;
}

async function metrics(authorization = `Bearer ${darkroom.apiKey}`): Promise<{ status: number; text: string }> {
  const response = await fetch(`${darkroom.url}/metrics`, { headers: { authorization } });
  return { status: response.status, text: await response.text() };
}

it('says what each waits for and, once something is learned, until when; and counts how often that was right', async () => {
  expect(await latency()).toBeNull();
  const first = await ask('first [sandbox: duration=100s]');
  expect(['SLOT', 'SUBMIT', 'PROVIDER']).toContain((await waitingOf(first))?.reason);
  await waitForEnd(darkroom.api, first);
  expect(await waitingOf(first)).toBeNull();
  const more = await Promise.all(
    Array.from({ length: 14 }, async (_, n) => await ask(`${n} [sandbox: duration=100s]`)),
  );
  for (const id of more) await waitForEnd(darkroom.api, id);
  const learned = await vi.waitFor(
    async () => {
      const known = latencySchema.parse(await latency());
      expect(known).toMatchObject({ size: '0.0625MP', samples: 15 });
      return known;
    },
    { timeout: 10_000 },
  );
  // At 200 times the speed 100 s are half a second.
  expect(learned.p50).toBeGreaterThan(300);
  expect(learned.p50).toBeLessThan(3_000);

  const hogs = await Promise.all(['a', 'b'].map(async (name) => await ask(`${name} [sandbox: duration=1000s]`)));
  for (const hog of hogs) await waitFor(darkroom.api, hog, ({ status }) => status === 'RUNNING');
  expect(await waitingOf(hogs[0] ?? '')).toMatchObject({ reason: 'PROVIDER', position: null });
  const third = await ask('third');
  const fourth = await ask('fourth');
  const waiting = await waitingOf(third);
  expect(waiting).toMatchObject({ reason: 'SLOT', position: 1 });
  expect(Date.parse(waiting?.etaLatest ?? '')).toBeGreaterThan(Date.parse(waiting?.etaEarliest ?? ''));
  expect(await waitingOf(fourth)).toMatchObject({ reason: 'SLOT', position: 2 });
  for (const id of [...hogs, third, fourth]) await waitForEnd(darkroom.api, id);
  await eventually(async () =>
    expect((await metrics()).text).toMatch(/darkroom_eta_total\{stage="queued",hit="\w+"\} [12]/),
  );
});

it('gives its metrics to operators only', async () => {
  const { status, text } = await metrics();
  expect(status).toBe(200);
  expect(text).toMatch(/darkroom_submits_total\{account="sandbox",outcome="accepted"\} 19/);
  expect(text).toMatch(/darkroom_looks_total\{account="sandbox",outcome="ready"\} 19/);
  expect(text).toMatch(/darkroom_found_delay_seconds_count\{account="sandbox"\} 19/);
  const other = await darkroom.addProject('curious');
  expect((await metrics(`Bearer ${other.apiKey}`)).status).toBe(403);
  expect((await metrics('Bearer dk_nothing')).status).toBe(401);
});
