import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, waitForEnd } from '../support/generations.js';

let darkroom: Darkroom;

beforeAll(async () => {
  darkroom = await startDarkroom({ sandbox: { image: 'small', activeLimit: 2, medianMs: 40_000, sigma: 0 } });
});

afterAll(async () => {
  await darkroom.stop();
});

it('brings everything through a provider that takes fewer at once than Darkroom was told', async () => {
  const profileId = await darkroom.profile();
  const ids = await Promise.all(
    Array.from({ length: 6 }, async (_, n) => {
      return await generate(darkroom.api, 'generateFromPrompt', { profileId, prompt: `jar ${n}`, width: 256 });
    }),
  );
  const states = await Promise.all(ids.map(async (id) => await waitForEnd(darkroom.api, id, 28_000)));
  expect(states.map((state) => state.status)).toEqual(ids.map(() => 'SUCCEEDED'));
  expect(states.some((state) => state.attempts.length > 1)).toBe(true);
  for (const { attempts } of states) {
    expect(attempts.map((attempt) => attempt.state)).toEqual(
      attempts.map((_, n) => (n < attempts.length - 1 ? 'REFUSED' : 'DONE')),
    );
  }
  // What was refused was refused before there was a task: each picture was made once.
  expect(darkroom.sandbox.tasks()).toHaveLength(ids.length);
});
