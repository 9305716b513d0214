import { afterAll, beforeAll, expect, it } from 'vitest';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, tryGenerate, waitForEnd } from '../support/generations.js';

let darkroom: Darkroom;
let profileId = '';

beforeAll(async () => {
  darkroom = await startDarkroom();
  profileId = await darkroom.profile();
});

afterAll(async () => await darkroom.stop());

const input = (idempotencyKey: string, prompt: string) => ({
  profileId,
  prompt,
  idempotencyKey,
  width: 256,
  height: 256,
});

it('makes one generation of twenty requests at once, and of one more after its end', async () => {
  const ask = async () => await generate(darkroom.api, 'generateFromPrompt', input('one', 'a single jar'));
  const ids = await Promise.all(Array.from({ length: 20 }, ask));
  expect(new Set(ids).size).toBe(1);
  await waitForEnd(darkroom.api, ids[0] ?? '');
  expect(await ask()).toBe(ids[0]);
  expect(darkroom.submits('a single jar')).toHaveLength(1);
});

it('refuses the same key with another request, and writes nothing', async () => {
  const first = await generate(darkroom.api, 'generateFromPrompt', input('two', 'the first'));
  const second = await tryGenerate(darkroom.api, 'generateFromPrompt', input('two', 'the second'));
  expect(second).toMatchObject({
    id: null,
    userErrors: [{ code: 'CONFLICT', path: ['input', 'idempotencyKey'], given: 'two', retryable: false }],
  });
  await waitForEnd(darkroom.api, first);
  expect(darkroom.submits('the second')).toEqual([]);
});

it('keeps the keys of two credentials apart', async () => {
  const other = await darkroom.addProject('keys');
  const mine = await generate(darkroom.api, 'generateFromPrompt', input('three', 'mine'));
  const theirs = { ...input('three', 'theirs'), profileId: other.profileId };
  expect(await generate(other.api, 'generateFromPrompt', theirs)).not.toBe(mine);
});

it('does not use a key up for a request that is refused', async () => {
  const wrong = await tryGenerate(darkroom.api, 'generateFromPrompt', { ...input('four', 'a jar'), steps: 0 });
  expect(wrong.userErrors).toMatchObject([{ code: 'OUT_OF_RANGE' }]);
  await generate(darkroom.api, 'generateFromPrompt', input('four', 'a jar'));
});

it('still gives the generation after the profile was archived', async () => {
  const other = await darkroom.addProject('archivists');
  const request = { ...input('five', 'kept'), profileId: other.profileId };
  const id = await generate(other.api, 'generateFromPrompt', request);
  await darkroom.sql("update profile set archived_at = now() where slug = 'own' and project_id = $1", other.projectId);
  expect(await generate(other.api, 'generateFromPrompt', request)).toBe(id);
});

it('frees a key after its 24 hours', async () => {
  const first = await generate(darkroom.api, 'generateFromPrompt', input('six', 'early'));
  const [row] = await darkroom.sql(
    "select extract(epoch from expires_at - now())::int as seconds from idempotency where key = 'six'",
  );
  expect(Number(row?.['seconds'])).toBeGreaterThan(86_300);
  expect(Number(row?.['seconds'])).toBeLessThanOrEqual(86_400);
  await darkroom.sql("update idempotency set expires_at = now() where key = 'six'");
  expect(await generate(darkroom.api, 'generateFromPrompt', input('six', 'late'))).not.toBe(first);
});
