import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Profile } from '../../src/domain/generation.js';
import { publicId } from '../../src/domain/ids.js';
import type { History, Idempotency, Ledger } from '../../src/domain/ports.js';
import type { Account } from '../../src/domain/route.js';
import { DarkroomError } from '../../src/errors.js';
import { knownModels } from '../../src/catalogue/catalogue.js';
import { stands } from '../support/standing.js';
import { createAcceptOnce } from '../../src/service/accept.js';
import { createGenerate, createPrepare, type GenerateRequest } from '../../src/service/generate.js';
import type { ImageBytes } from '../../src/service/images.js';
import {
  acceptedGeneration,
  base64,
  fakeImages,
  fakeProfiles,
  fakeReader,
  idAt,
  inspected,
  makeImage,
  makeProfile,
  refusalsOf,
  told,
  valueOf,
  viewer,
} from './fakes.js';

const models = knownModels().filter(({ provider }) => provider === 'bfl');
const sandbox: Account = { id: 'sandbox', provider: 'bfl', sandbox: true, limit: 24, projects: null };
const kept = makeImage();
const ledger = { accept: vi.fn<Ledger['accept']>(), change: vi.fn<Ledger['change']>() };
const storage = { accepting: vi.fn<() => Promise<boolean>>(), exceeded: async () => null };
const bytes = { put: vi.fn<ImageBytes['put']>(), read: vi.fn<ImageBytes['read']>(), holds: async () => true };
const idempotency = { find: vi.fn<Idempotency['find']>(async () => null) };
const history = { generation: vi.fn<History['generation']>() };
let images = fakeImages(kept);
let reader = fakeReader(images);
beforeEach(() => {
  vi.resetAllMocks();
  storage.accepting.mockResolvedValue(true);
  ledger.accept.mockImplementation(async (made) => acceptedGeneration(made));
  idempotency.find.mockResolvedValue(null);
  images = fakeImages(kept);
  reader = fakeReader(images);
});
const control = { imageId: publicId('Image', kept.id) };
const plain: GenerateRequest = {
  control: 'NONE',
  profileId: publicId('FinetuneProfile', idAt(10)),
  prompt: 'a bottle',
  parameters: {},
  images: {},
  provider: null,
  model: 'flux-pro-finetuned',
  strict: false,
  tags: [],
  subject: null,
  priority: 0,
  deadlineSeconds: null,
  idempotencyKey: null,
};
const canny: GenerateRequest = { ...plain, control: 'CANNY', model: null, images: { controlImage: control } };

async function generate(
  request: GenerateRequest,
  options: { profiles?: Profile[]; accounts?: Account[] } = {},
): ReturnType<ReturnType<typeof createGenerate>> {
  const { profiles = [makeProfile()], accounts = [sandbox] } = options;
  const catalogue = { accounts, models };
  const prepare = createPrepare({
    profiles: fakeProfiles(...profiles),
    reader,
    catalogue,
    standing: stands(),
    runMsOf: () => null,
    deadlineMs: 1_000,
  });
  const acceptOnce = createAcceptOnce({ ledger, idempotency, history, images, bytes, storage });
  return await createGenerate({ prepare, acceptOnce })(viewer, request);
}
/** What a refused request must have left undone. */
function expectNothingWritten(): void {
  expect(ledger.accept).not.toHaveBeenCalled();
  expect(bytes.put).not.toHaveBeenCalled();
  expect(images.writes).toEqual([]);
}

describe('a good request', () => {
  it('is accepted once, with everything that is known of it', async () => {
    const request = { ...plain, parameters: { steps: 20, seed: 7 }, tags: ['b', 'a', 'b'], priority: -100 };
    const generation = valueOf(await generate(request));
    expect(ledger.accept.mock.calls).toEqual([
      [
        {
          id: expect.stringMatching(/^[0-9a-f-]{36}$/),
          projectId: viewer.projectId,
          control: 'NONE',
          profileId: idAt(10),
          provider: 'bfl',
          model: 'bfl/flux-pro-finetuned',
          account: 'sandbox',
          prompt: 'a bottle',
          promptSent: 'TOK, a bottle',
          finetuneId: 'my-finetune',
          loraUrl: null,
          parameters: {
            finetuneStrength: 1.1,
            width: 1024,
            height: 768,
            steps: 20,
            guidance: 2.5,
            seed: 7,
            promptUpsampling: false,
            safetyTolerance: 2,
            outputFormat: 'jpeg',
          },
          asked: { steps: 20, seed: 7 },
          rerunOf: null,
          pixels: 786_432,
          images: {},
          tags: ['b', 'a'],
          subject: null,
          priority: -100,
          deadlineMs: 1_000,
          costEstimatedMicros: 60_000,
          costReserveMicros: 60_000,
          requestKey: null,
          routes: null,
        },
      ],
    ]);
    expect(generation.status).toBe('QUEUED');
  });

  it('is sent with the trigger word of the binding, if that has its own', async () => {
    const [binding] = makeProfile().bindings;
    const bindings = binding === undefined ? [] : [{ ...binding, triggerWord: 'OHWX' }];
    expect(valueOf(await generate(plain, { profiles: [makeProfile({ bindings })] })).promptSent).toBe('OHWX, a bottle');
  });

  it('takes defaults from the profile where neither request nor binding gives one, and only those of the model', async () => {
    const bindings = [
      { provider: 'bfl', finetuneId: 'f', loraUrl: null, triggerWord: null, defaults: { guidance: 3, steps: 30 } },
    ];
    const profile = makeProfile({ bindings, defaults: { guidance: 4, seed: 9, aspectRatio: '1:1' } });
    const { parameters } = valueOf(await generate({ ...plain, parameters: { steps: 20 } }, { profiles: [profile] }));
    expect(parameters).toMatchObject({ steps: 20, guidance: 3, seed: 9 });
    expect(parameters).not.toHaveProperty('aspectRatio');
  });

  it('refers to an image that the project has, without keeping it again', async () => {
    await generate(canny);
    expect(ledger.accept.mock.lastCall?.[0].images).toEqual({ controlImage: kept.id });
    expect(bytes.put).not.toHaveBeenCalled();
  });

  it('keeps a new image before it is accepted: the bytes, then the row', async () => {
    bytes.put.mockImplementation(async () => expect(images.writes).toEqual([]));
    ledger.accept.mockImplementation(async (made) => {
      expect(images.writes).toHaveLength(1);
      return acceptedGeneration(made);
    });
    await generate({ ...plain, images: { imagePrompt: { base64: base64('yes') } } });
    const { sha256 } = inspected(Buffer.from('yes'));
    expect(bytes.put.mock.calls).toEqual([[{ projectId: viewer.projectId, sha256 }, Buffer.from('yes')]]);
    expect(ledger.accept.mock.lastCall?.[0].images).toEqual({ imagePrompt: images.writes[0]?.id });
  });
});

describe('a wrong request', () => {
  it('is told everything at once, and nothing is written', async () => {
    const request: GenerateRequest = {
      ...canny,
      prompt: '',
      tags: ['ok', '', 'x'.repeat(65)],
      priority: 101,
      parameters: { steps: 14, width: 1024, cannyLowThreshold: 201 },
    };
    expect(told(await generate(request))).toEqual([
      'REQUIRED input.prompt',
      'REQUIRED input.tags.1',
      'OUT_OF_RANGE input.tags.2',
      'OUT_OF_RANGE input.priority',
      'UNSUPPORTED input.width',
      'OUT_OF_RANGE input.steps',
      'INVALID input.cannyLowThreshold',
    ]);
    expectNothingWritten();
  });

  it.each([
    ['a prompt that is too long', { prompt: 'x'.repeat(10_001) }, 'OUT_OF_RANGE input.prompt'],
    ['a prompt with a NUL', { prompt: 'a\u0000' }, 'INVALID input.prompt'],
    ['too many tags', { tags: Array.from({ length: 21 }, (_, n) => `t${n}`) }, 'OUT_OF_RANGE input.tags'],
    ['a priority that is too low', { priority: -101 }, 'OUT_OF_RANGE input.priority'],
    ['a deadline that is too near', { deadlineSeconds: 0 }, 'OUT_OF_RANGE input.deadlineSeconds'],
    ['a deadline that is too far', { deadlineSeconds: 86_401 }, 'OUT_OF_RANGE input.deadlineSeconds'],
    ['an empty idempotency key', { idempotencyKey: '' }, 'REQUIRED input.idempotencyKey'],
    ['an idempotency key that is too long', { idempotencyKey: 'x'.repeat(201) }, 'OUT_OF_RANGE input.idempotencyKey'],
    ['an unknown provider', { provider: 'fal' }, 'NO_ROUTE input.provider'],
    ['an unknown model', { model: 'flux-99' }, 'NO_ROUTE input.model'],
    ['an unknown profile', { profileId: publicId('FinetuneProfile', idAt(77)) }, 'NOT_FOUND input.profileId'],
    ['an id of another type', { profileId: publicId('Generation', idAt(10)) }, 'NOT_FOUND input.profileId'],
    ['a control image that it has no use for', { images: { controlImage: control } }, 'UNSUPPORTED input.controlImage'],
    [
      'a picture that is none',
      { images: { imagePrompt: { base64: base64('no') } } },
      'NOT_AN_IMAGE input.imagePrompt.base64',
    ],
    ['a picture given twice', { images: { imagePrompt: { ...control, url: 'x' } } }, 'INVALID input.imagePrompt'],
  ])('with %s is refused', async (_, details, refusal) => {
    expect(told(await generate({ ...plain, ...details }))).toEqual([refusal]);
    expectNothingWritten();
  });

  it('that brings no control image where one is needed is refused', async () => {
    expect(told(await generate({ ...canny, images: {} }))).toEqual(['REQUIRED input.controlImage']);
    expectNothingWritten();
  });

  it('with several wrong images is told of all of them', async () => {
    const request = { ...canny, images: { controlImage: { base64: '!' }, imagePrompt: control } };
    expect(told(await generate(request))).toEqual([
      'NOT_AN_IMAGE input.controlImage.base64',
      'UNSUPPORTED input.imagePrompt',
    ]);
    expectNothingWritten();
  });

  it('with one good and one bad new image keeps neither', async () => {
    const request = {
      ...plain,
      images: { controlImage: { base64: base64('yes') }, imagePrompt: { base64: base64('no') } },
    };
    expect((await generate(request)).ok).toBe(false);
    expectNothingWritten();
  });

  it('has its images inspected only when all else is well', async () => {
    await generate({ ...canny, prompt: '', images: { controlImage: { base64: base64('yes') } } });
    expect(reader.inspect).not.toHaveBeenCalled();
  });

  it('for an archived profile is refused', async () => {
    const profiles = [makeProfile({ archivedAt: new Date(0) })];
    expect(told(await generate({ ...plain, prompt: '' }, { profiles }))).toEqual([
      'REQUIRED input.prompt',
      'CONFLICT input.profileId',
    ]);
    expectNothingWritten();
  });

  it("for another project's profile is answered as if there were none", async () => {
    const refusals = refusalsOf(await generate(plain, { profiles: [makeProfile({ projectId: idAt(99) })] }));
    expect(refusals).toEqual(refusalsOf(await generate(plain, { profiles: [] })));
    expectNothingWritten();
  });

  it('for a retired model is refused on a real account, with the successor', async () => {
    const real: Account = { ...sandbox, id: 'bfl', sandbox: false };
    const refusals = refusalsOf(await generate(canny, { accounts: [real] }));
    expect(refusals).toMatchObject([{ code: 'MODEL_RETIRED', path: ['input', 'model'] }]);
    expect(refusals[0]?.message).toContain('bfl/flux-2-klein-9b-finetuned');
    expectNothingWritten();
  });
});

describe('when the image store', () => {
  const request = { ...plain, images: { imagePrompt: { base64: base64('yes') } } };

  it('is full the caller may try again, and nothing is accepted', async () => {
    bytes.put.mockRejectedValue(new DarkroomError('STORAGE_UNAVAILABLE', 'The disk is full.'));
    expect(refusalsOf(await generate(request))).toMatchObject([
      { code: 'STORAGE_UNAVAILABLE', message: 'The disk is full.', retryable: true },
    ]);
    expect(ledger.accept).not.toHaveBeenCalled();
    expect(images.writes).toEqual([]);
  });

  it('is nearly full nothing new is taken, before anything is looked at', async () => {
    storage.accepting.mockResolvedValue(false);
    const message = expect.stringMatching(/nearly full.*Try again later/);
    expect(refusalsOf(await generate({ ...request, profileId: 'none' }))).toMatchObject([
      { code: 'STORAGE_UNAVAILABLE', path: ['input'], message, retryable: true },
    ]);
    expect(reader.inspect).not.toHaveBeenCalled();
    expectNothingWritten();
  });

  it('or the ledger fails otherwise, that is a fault of ours', async () => {
    bytes.put.mockRejectedValueOnce(new Error('Broken.'));
    await expect(generate(request)).rejects.toThrow('Broken.');
    ledger.accept.mockRejectedValueOnce(new Error('No database.'));
    await expect(generate(plain)).rejects.toThrow('No database.');
  });
});
