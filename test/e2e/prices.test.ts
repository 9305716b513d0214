import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi, onTestFinished } from 'vitest';
import { z } from 'zod';
import { makeFolder, startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, waitForEnd } from '../support/generations.js';

const model = 'bfl/flux-pro-finetuned';
/** What the sandbox asks for it, as Black Forest Labs does. */
const settled = 60_000;

/** With another price table than the provider's. */
async function start(priceMicros: unknown): Promise<Darkroom> {
  const file = join(await makeFolder(), 'models.json');
  writeFileSync(file, JSON.stringify({ models: [{ id: model, priceMicros }] }));
  const darkroom = await startDarkroom({ environment: { MODELS_FILE: file } });
  onTestFinished(async () => await darkroom.stop());
  return darkroom;
}

const attemptCost = z.object({
  listMicros: z.number().nullable(),
  quotedMicros: z.number().nullable(),
  settledMicros: z.number().nullable(),
  differenceMicros: z.number().nullable(),
});
const costShape = z.object({
  generation: z.object({
    cost: z.object({
      estimatedMicros: z.number().nullable(),
      quotedMicros: z.number().nullable(),
      settledMicros: z.number().nullable(),
    }),
    attempts: z.array(z.object({ cost: attemptCost })),
  }),
});
const costQuery = `query ($id: ID!) { generation(id: $id) { cost { estimatedMicros quotedMicros settledMicros }
  attempts { cost { listMicros quotedMicros settledMicros differenceMicros } } } }`;

async function run(darkroom: Darkroom) {
  const input = { profileId: await darkroom.profile(), prompt: 'a jar', width: 256, height: 256, model };
  const id = await generate(darkroom.api, 'generateFromPrompt', input);
  await waitForEnd(darkroom.api, id);
  return (await darkroom.api.ask(costShape, costQuery, { id })).generation;
}

it('what is settled at another price than the table says is told everywhere', async () => {
  const darkroom = await start(50_000);
  const { cost, attempts } = await run(darkroom);
  expect(cost).toEqual({ estimatedMicros: 50_000, quotedMicros: settled, settledMicros: settled });
  expect(attempts).toEqual([
    { cost: { listMicros: 50_000, quotedMicros: settled, settledMicros: settled, differenceMicros: 10_000 } },
  ]);
  expect(darkroom.log.find((line) => String(line['msg']).includes('another price'))).toMatchObject({
    account: 'sandbox',
    model,
    listMicros: 50_000,
    settledMicros: settled,
    differenceMicros: 10_000,
  });
  const metrics = await (await darkroom.api.fetch('/metrics')).text();
  expect(metrics).toContain(`darkroom_settled_total{account="sandbox",model="${model}",price="dearer"} 1`);
  const shape = z.object({
    models: z.array(z.object({ id: z.string(), accounts: z.array(z.object({ health: z.unknown() })) })),
    providers: z.array(z.object({ accounts: z.array(z.object({ priceDifferences: z.number() })) })),
  });
  const query = `{ models(provider: "bfl") { id accounts { health { settled differed meanDifferenceMicros } } }
    providers { accounts { priceDifferences } } }`;
  await vi.waitFor(
    async () => {
      const { models, providers } = await darkroom.api.ask(shape, query);
      const health = models.find(({ id }) => id === model)?.accounts[0]?.health;
      expect(health).toEqual({ settled: 1, differed: 1, meanDifferenceMicros: 10_000 });
      expect(providers[0]?.accounts[0]?.priceDifferences).toBe(1);
    },
    { timeout: 20_000, interval: 200 },
  );
});

it('a price is that of its day, and changes to come are shown', async () => {
  const dated = [
    { from: null, micros: 1 },
    { from: '2026-01-01', micros: settled },
    { from: '2999-01-01', micros: 90_000 },
  ];
  const darkroom = await start(dated);
  const { cost, attempts } = await run(darkroom);
  expect(cost.estimatedMicros).toBe(settled);
  expect(attempts[0]?.cost.differenceMicros).toBe(0);
  const shape = z.object({
    models: z.array(z.object({ id: z.string(), priceMicros: z.number().nullable(), prices: z.array(z.unknown()) })),
  });
  const { models } = await darkroom.api.ask(
    shape,
    '{ models(provider: "bfl") { id priceMicros prices { from micros per } } }',
  );
  expect(models.find(({ id }) => id === model)).toMatchObject({
    priceMicros: settled,
    prices: [
      { from: null, micros: 1, per: 'IMAGE' },
      { from: '2026-01-01T00:00:00.000Z', micros: settled, per: 'IMAGE' },
      { from: '2999-01-01T00:00:00.000Z', micros: 90_000, per: 'IMAGE' },
    ],
  });
});

it('what has no price on the table is unknown, never 0 and never different', async () => {
  const darkroom = await start(null);
  const { cost, attempts } = await run(darkroom);
  expect(cost).toMatchObject({ estimatedMicros: null, settledMicros: settled });
  expect(attempts[0]?.cost).toEqual({
    listMicros: null,
    quotedMicros: settled,
    settledMicros: settled,
    differenceMicros: null,
  });
});
