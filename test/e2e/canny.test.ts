import sharp from 'sharp';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { pixels, still } from '../sandbox/images.js';
import { recomputeCanny } from '../sandbox/canny.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, readGeneration, waitForEnd } from '../support/generations.js';

let darkroom: Darkroom;

beforeAll(async () => {
  darkroom = await startDarkroom();
});

afterAll(async () => {
  await darkroom.stop();
});

const path = ['QUEUED', 'SUBMITTING', 'RUNNING', 'SAVING', 'SUCCEEDED'];
const thresholds = { low: 60, high: 160 };
const asked = {
  prompt: 'a green bottle on a table',
  finetuneStrength: 1.35,
  cannyLowThreshold: thresholds.low,
  cannyHighThreshold: thresholds.high,
  steps: 28,
  guidance: 42.5,
  seed: 4_200_000_042,
  promptUpsampling: true,
  safetyTolerance: 5,
  outputFormat: 'png',
};

const eventsSchema = z.object({
  generationEvents: z.discriminatedUnion('__typename', [
    z.object({ __typename: z.literal('EventsSnapshot'), running: z.array(z.object({ id: z.string() })) }),
    z.object({
      __typename: z.literal('GenerationEvent'),
      position: z.number(),
      version: z.number(),
      status: z.string(),
      previousStatus: z.string().nullable(),
      generation: z.object({ id: z.string() }),
    }),
  ]),
});
const eventsDocument = `subscription {
  generationEvents {
    __typename
    ... on EventsSnapshot { running { id } }
    ... on GenerationEvent { position version status previousStatus generation { id } }
  }
}`;
const changedSchema = z.object({ generationChanged: z.object({ status: z.string(), version: z.number() }) });

it('goes from an uploaded control image to a picture with its edges, told step by step', async () => {
  const { api } = darkroom;
  const control = await still(640, 480);
  const imageId = await api.upload(control);
  const profileId = await darkroom.profile();

  const events = api.subscribe(eventsSchema, eventsDocument);
  await events.until((received) => received.length === 1);
  const id = await generate(api, 'generateFromCanny', { ...asked, profileId, controlImage: { imageId } });
  const changes = api.subscribe(
    changedSchema,
    'subscription ($id: ID!) { generationChanged(id: $id) { status version } }',
    { id },
  );

  const heard = await events.until((received) => received.length === 1 + path.length);
  expect(heard[0]?.generationEvents).toEqual({ __typename: 'EventsSnapshot', running: [] });
  const told = heard.flatMap(({ generationEvents }) =>
    generationEvents.__typename === 'GenerationEvent' ? [generationEvents] : [],
  );
  expect(told.map((event) => event.status)).toEqual(path);
  expect(told.map((event) => event.previousStatus)).toEqual([null, ...path.slice(0, -1)]);
  expect(told.map((event) => event.version)).toEqual([1, 2, 3, 4, 5]);
  expect(told.map((event) => event.generation.id)).toEqual(path.map(() => id));
  expect(told.map((event) => event.position)).toEqual([1, 2, 3, 4, 5]);

  await changes.ended;
  // A state may be shown twice, for it can be read before its event is told; it never goes back.
  const versions = changes.received.map((each) => each.generationChanged.version);
  expect(versions).toEqual([...versions].sort((a, b) => a - b));
  expect(changes.received.at(-1)?.generationChanged).toEqual({ status: 'SUCCEEDED', version: 5 });

  const state = await waitForEnd(api, id);
  const [image] = state.images;
  expect(state.images).toHaveLength(1);
  expect(image).toMatchObject({ width: 640, height: 480, contentType: 'image/png' });
  const bytes = Buffer.from(await (await fetch(image?.url ?? '')).arrayBuffer());
  expect(bytes).toHaveLength(image?.bytes ?? 0);
  expect(await sharp(bytes).metadata()).toMatchObject({ format: 'png', width: 640, height: 480 });

  const { found, strays } = await compareEdges(control, bytes);
  expect(found).toBeGreaterThan(0.95);
  expect(strays).toBeLessThan(0.1);
  // The measure itself: another picture's edges are not found here.
  const other = await sharp(control).flop().png().toBuffer();
  expect((await compareEdges(other, bytes)).found).toBeLessThan(0.6);
});

it('sends exactly what was asked for, with the trigger word, and keeps both prompts', async () => {
  const { api } = darkroom;
  const imageId = await api.upload(await still(512, 384));
  const profileId = await darkroom.profile();
  const id = await generate(api, 'generateFromCanny', { ...asked, profileId, controlImage: { imageId } });
  const state = await waitForEnd(api, id);
  const { prompt, ...parameters } = asked;

  expect(state.prompt).toBe(prompt);
  expect(state.promptSent).toBe(`STUDIOBOTTLE, ${prompt}`);
  expect(state.parameters).toEqual({
    ...parameters,
    width: null,
    height: null,
    aspectRatio: null,
    imagePromptStrength: null,
  });
  expect(state.attempts).toHaveLength(1);
  const body = {
    prompt: state.promptSent,
    finetune_id: 'sandbox-studio-bottle',
    finetune_strength: 1.35,
    steps: 28,
    guidance: 42.5,
    seed: 4_200_000_042,
    prompt_upsampling: true,
    safety_tolerance: 5,
    output_format: 'png',
    canny_low_threshold: 60,
    canny_high_threshold: 160,
  };
  expect(state.attempts[0]?.request).toEqual({ ...body, control_image: imageId.replace('img_', '') });

  const sent = darkroom.sandbox.tasks().find((task) => task.width === 512);
  expect(sent?.request).toMatchObject({ ...body, control_image: expect.stringMatching(/^sha256:/) });
  const submit = darkroom.submits().find((entry) => entry.task === sent?.id);
  expect(submit?.submit).toMatchObject({ model: 'flux-pro-1.0-canny-finetuned', repeats: 0, ignored: [] });
});

it('leaves the trigger word out where the prompt has it', async () => {
  const { api } = darkroom;
  const prompt = 'the studiobottle, alone';
  const input = { prompt, profileId: await darkroom.profile(), width: 256, height: 256 };
  const state = await waitForEnd(api, await generate(api, 'generateFromPrompt', input));
  expect(state.promptSent).toBe(prompt);
});

it('shows no address of the upstream and no key of the provider, wherever one looks', async () => {
  const { api, sandbox } = darkroom;
  const imageId = await api.upload(await still(300, 300));
  const input = { ...asked, profileId: await darkroom.profile(), controlImage: { imageId } };
  const id = await generate(api, 'generateFromCanny', input);
  await waitForEnd(api, id);
  const { data } = await api.send(`{
    generations(first: 10) { nodes {
      __typename id error { code message } images { url thumbnail(width: 64) }
      attempts { taskId request error { message } account provider model } events { code cursor }
    } }
  }`);
  const shown = `${JSON.stringify(data)}${JSON.stringify(await readGeneration(api, id))}`;
  expect(shown).toContain(id);
  expect(shown).not.toContain('/delivery/');
  expect(shown).not.toContain('get_result');
  expect(shown).not.toContain('sandbox-key');
  for (const task of sandbox.tasks()) expect(shown).not.toContain(task.delivery);
  expect(sandbox.log().filter((entry) => entry.keyLeaked)).toEqual([]);
  expect(JSON.stringify(darkroom.log)).not.toContain('sandbox-key');
});

/**
 * `found`: of the control's edge pixels, the share with an edge of the result within a pixel. `strays`: of the result's
 * strong edges, the share that is far from any of the control's weakest.
 */
async function compareEdges(control: Buffer, result: Buffer): Promise<{ found: number; strays: number }> {
  const [a, b] = [await pixels(control), await pixels(result)];
  expect([b.width, b.height]).toEqual([a.width, a.height]);
  const wanted = await recomputeCanny(a.data, a.width, a.height, thresholds.low, thresholds.high);
  const faint = await recomputeCanny(a.data, a.width, a.height, 10, 30);
  const weak = await recomputeCanny(b.data, b.width, b.height, 30, 90);
  const strong = await recomputeCanny(b.data, b.width, b.height, 400, 500);
  return {
    found: shareNear(wanted, weak, a.width, 1),
    strays: 1 - shareNear(strong, faint, a.width, 4),
  };
}

/** Of the set pixels of `from`, the share that has a set pixel of `to` within `reach`. */
function shareNear(from: Uint8Array, to: Uint8Array, width: number, reach: number): number {
  const height = from.length / width;
  let [set, near] = [0, 0];
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      if (from[y * width + x] === 0) continue;
      set += 1;
      if (isNear(to, x, y, { width, height, reach })) near += 1;
    }
  }
  return set === 0 ? 0 : near / set;
}

function isNear(
  to: Uint8Array,
  x: number,
  y: number,
  { width, height, reach }: { width: number; height: number; reach: number },
): boolean {
  for (let row = Math.max(0, y - reach); row <= Math.min(height - 1, y + reach); row += 1) {
    const from = row * width;
    if (to.subarray(from + Math.max(0, x - reach), from + Math.min(width, x + reach + 1)).includes(255)) return true;
  }
  return false;
}
