import { expect, it } from 'vitest';
import { knownModels } from '../../src/catalogue/catalogue.js';
import { publicId } from '../../src/domain/ids.js';
import type { GenerationImageRef } from '../../src/domain/ports.js';
import { refusal } from '../../src/domain/refusal.js';
import { askedOf, asRerunRefusal, createRerunRequest, type RerunPlan } from '../../src/service/rerun.js';
import { fakeImages, idAt, makeGeneration, makeImage, told, valueOf, viewer } from './fakes.js';

const models = knownModels();
const kept = makeImage();
const plan: RerunPlan = {
  provider: null,
  model: null,
  overrides: {},
  reuseSeed: false,
  subject: null,
  priority: 0,
  onlyRoute: false,
};

function requestOf(...refs: Pick<GenerationImageRef, 'role' | 'imageId'>[]): ReturnType<typeof createRerunRequest> {
  const rows = refs.map(({ role, imageId }, n) => ({ generationId: idAt(20), n, role, imageId }));
  return createRerunRequest({ history: { imageRefs: async () => rows }, images: fakeImages(kept), models });
}

it('asks for what was asked for then, and for nothing that was a default', async () => {
  const generation = makeGeneration({
    control: 'CANNY',
    asked: { steps: 20 },
    parameters: { steps: 20, guidance: 30, seed: 5 },
    tags: ['a'],
  });
  const overrides = { guidance: 40 };
  const request = valueOf(
    await requestOf({ role: 'CONTROL', imageId: kept.id }, { role: 'RESULT', imageId: idAt(99) })(viewer, generation, {
      ...plan,
      provider: 'bfl',
      overrides,
    }),
  );
  expect(request).toEqual({
    control: 'CANNY',
    profileId: publicId('FinetuneProfile', idAt(10)),
    prompt: 'a bottle',
    parameters: overrides,
    inherited: { steps: 20 },
    images: { controlImage: { imageId: publicId('Image', kept.id) } },
    provider: 'bfl',
    model: null,
    strict: false,
    onlyRoute: false,
    tags: ['a'],
    subject: null,
    priority: 0,
    deadlineSeconds: null,
    rerunOf: generation.id,
  });
});

it('takes the seed that the provider reported only when told to, and never instead of one that was asked for', async () => {
  const inherited = async (asked: { seed?: number }, reuseSeed: boolean): Promise<unknown> => {
    const generation = makeGeneration({ asked, resultSeed: 77 });
    return valueOf(await requestOf()(viewer, generation, { ...plan, reuseSeed })).inherited;
  };
  expect(await inherited({}, false)).toEqual({});
  expect(await inherited({}, true)).toEqual({ seed: 77 });
  expect(await inherited({ seed: 5 }, true)).toEqual({ seed: 5 });
});

it('finds out what was asked for where that was not kept: what differs from the defaults of the model', () => {
  const model = 'bfl/flux-pro-finetuned';
  const parameters = { steps: 20, guidance: 2.5, seed: 3, outputFormat: 'jpeg' };
  expect(askedOf({ model, parameters }, models)).toEqual({ steps: 20, seed: 3 });
  expect(askedOf({ model: 'gone/model', parameters }, models)).toEqual(parameters);
});

it('refuses what has no profile, and what was made from an image that is gone', async () => {
  expect(told(await requestOf()(viewer, makeGeneration({ profileId: null }), plan))).toEqual(['CONFLICT id']);
  const missing = requestOf({ role: 'CONTROL', imageId: idAt(98) });
  expect(told(await missing(viewer, makeGeneration({ control: 'CANNY' }), plan))).toEqual(['NOT_FOUND id']);
});

it.each([
  [['input', 'model'], ['model']],
  [['input', 'provider'], ['provider']],
  [
    ['input', 'steps'],
    ['overrides', 'steps'],
  ],
  [['input', 'profileId'], ['id']],
  [['input', 'controlImage', 'imageId'], ['id']],
  [
    ['profile', 'defaults', 'steps'],
    ['profile', 'defaults', 'steps'],
  ],
])('tells of %j as of %j', (path, expected) => {
  expect(asRerunRefusal(refusal('INVALID', path, 'No.')).path).toEqual(expected);
});
