import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate } from '../support/generations.js';

let darkroom: Darkroom;

beforeAll(async () => {
  darkroom = await startDarkroom();
});

afterAll(async () => {
  await darkroom.stop();
});

const document = `query ($groupBy: [UsageGroup!], $timeZone: String) {
  usage(groupBy: $groupBy, timeZone: $timeZone) {
    from to timeZone asOf latencyError
    rows {
      start end status generations outcomes { live succeeded moderated } moderationRate failureRate
      queueTime { p50 p99 count } runTime { p50 count } looksPerGeneration images imageBytes
      costEstimated { micros known } costSettled { micros known } costUnknown costPerImageMicros
      profile { slug }
    }
  }
}`;
const latency = z.object({ p50: z.number(), count: z.number() }).nullable();
const shape = z.object({
  usage: z.object({
    asOf: z.coerce.date(),
    latencyError: z.literal(0.01),
    rows: z.array(
      z.object({
        start: z.coerce.date().nullable(),
        status: z.string().nullable(),
        generations: z.number(),
        outcomes: z.object({ live: z.number(), succeeded: z.number(), moderated: z.number() }),
        moderationRate: z.number().nullable(),
        queueTime: latency,
        runTime: latency,
        images: z.number(),
        imageBytes: z.number(),
        costUnknown: z.number(),
        profile: z.object({ slug: z.string() }).nullable(),
      }),
    ),
  }),
});

it('shows what generations came to soon after they end', async () => {
  const profileId = await darkroom.profile();
  for (const prompt of ['a jar', 'a cup', 'a pot [sandbox: moderated]']) {
    await generate(darkroom.api, 'generateFromPrompt', { profileId, prompt });
  }
  const ask = async (groupBy: string[]) =>
    (await darkroom.api.ask(shape, document, { groupBy, timeZone: 'Europe/Berlin' })).usage;
  const usage = await vi.waitFor(
    async () => {
      const found = await ask(['DAY', 'PROFILE']);
      expect(found.rows).toMatchObject([{ generations: 3, outcomes: { live: 0, succeeded: 2, moderated: 1 } }]);
      return found;
    },
    { timeout: 20_000, interval: 200 },
  );
  expect(usage.rows[0]).toMatchObject({
    moderationRate: 1 / 3,
    images: 2,
    queueTime: { count: 3 },
    runTime: { count: 2 },
    profile: { slug: expect.any(String) },
  });
  expect(usage.rows[0]?.imageBytes).toBeGreaterThan(1_000);
  expect((await ask(['STATUS'])).rows.map(({ status, generations }) => [status, generations])).toEqual([
    ['SUCCEEDED', 2],
    ['MODERATED', 1],
  ]);
});

it('shows nothing of another project', async () => {
  const other = await darkroom.addProject('other');
  expect((await other.api.ask(shape, document, { groupBy: [] })).usage.rows).toEqual([]);
});
