import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, waitForEnd } from '../support/generations.js';

let darkroom: Darkroom;
let profileId: string;

beforeAll(async () => {
  darkroom = await startDarkroom();
  profileId = await darkroom.profile();
});

afterAll(async () => await darkroom.stop());

const small = { width: 256, height: 256 };
const idSchema = z.object({ id: z.string() });
const groupsSchema = z.object({
  generations: z.object({
    nodes: z.array(idSchema.extend({ sweep: idSchema.nullable(), replay: idSchema.nullable() })),
  }),
});

async function groups(): Promise<Map<string, Record<'sweep' | 'replay', string | undefined>>> {
  const { generations } = await darkroom.api.ask(
    groupsSchema,
    '{ generations(first: 50) { nodes { id sweep { id } replay { id } } } }',
  );
  return new Map(generations.nodes.map(({ id, sweep, replay }) => [id, { sweep: sweep?.id, replay: replay?.id }]));
}

it('leads from a generation to the sweep and to the replay that it is a part of', async () => {
  const alone = await generate(darkroom.api, 'generateFromPrompt', { profileId, prompt: 'a jar', ...small });
  await waitForEnd(darkroom.api, alone);
  const { generateSweep } = await darkroom.api.ask(
    z.object({
      generateSweep: z.object({ sweep: idSchema.extend({ cells: z.array(z.object({ generation: idSchema })) }) }),
    }),
    `mutation ($input: GenerateSweepInput!) { generateSweep(input: $input) { sweep { id cells { generation { id } } } } }`,
    {
      input: {
        profileId,
        prompt: 'a jug',
        parameters: small,
        columns: { finetuneStrength: [1, 2] },
        maxCostMicros: 1_000_000,
      },
    },
  );
  const { planReplay } = await darkroom.api.ask(
    z.object({ planReplay: z.object({ replay: idSchema }) }),
    `mutation ($input: PlanReplayInput!) { planReplay(input: $input) { replay { id } } }`,
    { input: { provider: 'bfl', sample: 1, filter: { status: ['SUCCEEDED'] }, costLimitMicros: 1_000_000 } },
  );
  await darkroom.api.ask(z.unknown(), 'mutation ($id: ID!) { startReplay(id: $id) { userErrors { code } } }', {
    id: planReplay.replay.id,
  });
  const found = await vi.waitFor(
    async () => {
      const known = await groups();
      expect([...known.values()].filter(({ replay }) => replay !== undefined)).toHaveLength(1);
      return known;
    },
    { timeout: 20_000, interval: 40 },
  );
  expect(found.get(alone)).toEqual({});
  const { sweep } = generateSweep;
  for (const { generation } of sweep.cells) expect(found.get(generation.id)).toEqual({ sweep: sweep.id });
  const others = [...found].filter(
    ([id]) => id !== alone && sweep.cells.every(({ generation }) => generation.id !== id),
  );
  expect(others.map(([, of]) => of)).toEqual([{ replay: planReplay.replay.id }]);
});
