import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { noisy } from '../images/pictures.js';
import type { Api, Variables } from '../support/api.js';
import { startDarkroom, type Darkroom } from '../support/darkroom.js';
import { generate, tryGenerate, userErrorSchema, waitForEnd } from '../support/generations.js';

let darkroom: Darkroom;
let profileId = '';

beforeAll(async () => {
  darkroom = await startDarkroom({ environment: { KEEP_IMAGES_DAYS: '90' } });
  profileId = await darkroom.profile();
});

afterAll(async () => await darkroom.stop());

const storageSchema = z.object({
  generationDays: z.number().nullable(),
  eventDays: z.number().nullable(),
  imageDays: z.number().nullable(),
  imageQuotaBytes: z.number().nullable(),
  imageQuotaFull: z.string(),
  images: z.number(),
  imageBytes: z.number(),
});
const fields = 'generationDays eventDays imageDays imageQuotaBytes imageQuotaFull images imageBytes';

async function storage(api: Api): Promise<z.infer<typeof storageSchema>> {
  const shape = z.object({ viewer: z.object({ project: z.object({ storage: storageSchema }) }) });
  return (await api.ask(shape, `{ viewer { project { storage { ${fields} } } } }`)).viewer.project.storage;
}

const payloadSchema = z.object({
  setStorage: z.object({ storage: storageSchema.nullable(), userErrors: z.array(userErrorSchema) }),
});
const setDocument = `mutation ($input: SetStorageInput!) { setStorage(input: $input) {
  storage { ${fields} } userErrors { code message path minimum maximum given retryable } } }`;

async function set(input: Variables): Promise<z.infer<typeof payloadSchema>['setStorage']> {
  return (await darkroom.api.ask(payloadSchema, setDocument, { input })).setStorage;
}

const small = { width: 256, height: 256 };

it('tells what images weigh, and refuses more than the quota, naming limit and use', async () => {
  const { api } = darkroom;
  const id = await generate(api, 'generateFromPrompt', { profileId, prompt: 'a jar', ...small });
  const ended = await waitForEnd(api, id);
  const bytes = ended.images[0]?.bytes ?? 0;
  expect(await storage(api)).toEqual({
    generationDays: null,
    eventDays: null,
    imageDays: 90,
    imageQuotaBytes: null,
    imageQuotaFull: 'REFUSE',
    images: 1,
    imageBytes: bytes,
  });
  const { storage: now } = await set({ imageQuotaBytes: bytes - 1 });
  expect(now).toMatchObject({ imageQuotaBytes: bytes - 1, images: 1 });
  const { userErrors } = await tryGenerate(api, 'generateFromPrompt', { profileId, prompt: 'another jar', ...small });
  expect(userErrors).toEqual([
    {
      code: 'QUOTA_EXCEEDED',
      message: `The images of your project have ${bytes} bytes, and ${bytes - 1} are allowed; nothing new is taken.`,
      path: ['input'],
      minimum: null,
      maximum: bytes - 1,
      given: String(bytes),
      retryable: true,
    },
  ]);
  const upload = await api.fetch('/images', {
    method: 'POST',
    body: Uint8Array.from(await noisy({ width: 300, height: 300 }).png().toBuffer()),
  });
  expect([upload.status, await upload.json()]).toMatchObject([507, { code: 'QUOTA_EXCEEDED', given: String(bytes) }]);
  // Others have a quota of their own, and what is raised holds at once.
  const other = await darkroom.addProject('other-storage');
  await generate(other.api, 'generateFromPrompt', { profileId: other.profileId, prompt: 'theirs', ...small });
  await set({ imageQuotaBytes: null });
  await generate(api, 'generateFromPrompt', { profileId, prompt: 'another jar', ...small });
});

it('lets operators set each project, and nobody else', async () => {
  const other = await darkroom.addProject('other-kept');
  const { errors } = await other.api.send(setDocument, { input: { generationDays: 1 } });
  expect(errors).toMatchObject([{ extensions: { code: 'FORBIDDEN' } }]);
  const { storage: now } = await set({ project: 'other-kept', generationDays: 30, eventDays: 60, imageDays: 7 });
  // No longer than the generations that they are of.
  expect(now).toMatchObject({ generationDays: 30, eventDays: 30, imageDays: 7 });
  expect(await storage(other.api)).toMatchObject({ generationDays: 30, imageDays: 7 });
  expect((await set({ project: 'other-kept', imageDays: null })).storage).toMatchObject({ imageDays: 30 });
  expect((await set({ project: 'other-kept', generationDays: 0, eventDays: 0 })).storage).toMatchObject({
    generationDays: null,
    eventDays: null,
    imageDays: 90,
  });
  expect((await set({ project: 'nobody' })).userErrors).toMatchObject([
    { code: 'NOT_FOUND', path: ['input', 'project'] },
  ]);
  expect((await set({ eventDays: -1, imageDays: 36_501 })).userErrors).toMatchObject([
    { code: 'OUT_OF_RANGE', path: ['input', 'eventDays'], minimum: 0, maximum: 36_500, given: '-1' },
    { code: 'OUT_OF_RANGE', path: ['input', 'imageDays'], given: '36501' },
  ]);
});
