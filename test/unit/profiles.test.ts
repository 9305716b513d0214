import { describe, expect, it } from 'vitest';
import { publicId } from '../../src/domain/ids.js';
import type { Profile } from '../../src/domain/generation.js';
import type { Viewer } from '../../src/domain/ports.js';
import { knownModels } from '../../src/catalogue/catalogue.js';
import { createProfileService, type BindProfileRequest, type ProfileService } from '../../src/service/profiles.js';
import { fakeProfiles, idAt, makeProfile, refusalsOf, told, valueOf, viewer } from './fakes.js';

const models = knownModels().filter(({ provider }) => provider === 'bfl');
const stranger: Viewer = { ...viewer, projectId: idAt(99) };
const id = publicId('FinetuneProfile', idAt(10));
const unknown = publicId('FinetuneProfile', idAt(77));

function make(...kept: Profile[]): { service: ProfileService; profiles: ReturnType<typeof fakeProfiles> } {
  const profiles = fakeProfiles(...kept);
  return { service: createProfileService({ profiles, catalogue: { accounts: [], models } }), profiles };
}
const wrongFields = {
  slug: 'Not A Slug',
  name: '',
  description: 'x'.repeat(2_001),
  triggerWord: '',
  defaults: { steps: 51, seed: 0.5 },
};
const wrongPlaces = [
  'INVALID input.slug',
  'REQUIRED input.name',
  'OUT_OF_RANGE input.description',
  'REQUIRED input.triggerWord',
  'OUT_OF_RANGE input.defaults.steps',
  'INVALID input.defaults.seed',
];

describe('creating a profile', () => {
  it('keeps what was given, and nothing for what was not', async () => {
    const { service, profiles } = make();
    const defaults = { steps: 20, seed: null, guidance: undefined };
    const made = valueOf(await service.create(viewer, { slug: 'a-1', name: 'A', defaults }));
    expect(made).toMatchObject({ slug: 'a-1', name: 'A', description: '', triggerWord: null, defaults: { steps: 20 } });
    expect(made.defaults).toEqual({ steps: 20 });
    expect(made.projectId).toBe(viewer.projectId);
    expect(profiles.writes).toEqual(['create']);
  });

  it('tells everything that is wrong at once, and writes nothing', async () => {
    const { service, profiles } = make();
    expect(told(await service.create(viewer, wrongFields))).toEqual(wrongPlaces);
    expect(profiles.writes).toEqual([]);
  });

  it('refuses a slug that another profile of the project has', async () => {
    const { service } = make(makeProfile({ slug: 'taken' }));
    expect(refusalsOf(await service.create(viewer, { slug: 'taken', name: 'A' }))).toMatchObject([
      { code: 'CONFLICT', path: ['input', 'slug'], given: 'taken' },
    ]);
    expect((await service.create(stranger, { slug: 'taken', name: 'A' })).ok).toBe(true);
  });

  it.each(['a', '7', 'a-b', 'a--b', 'x'.repeat(64)])('takes the slug %j', async (slug) => {
    expect((await make().service.create(viewer, { slug, name: 'A' })).ok).toBe(true);
  });

  it.each(['', '-', '-a', 'a-', 'A', 'ä', 'a b', 'a_b', 'a\n', 'x'.repeat(65)])('refuses the slug %j', async (slug) => {
    expect(told(await make().service.create(viewer, { slug, name: 'A' }))).toEqual(['INVALID input.slug']);
  });

  it.each([
    ['name', 200],
    ['description', 2_000],
    ['triggerWord', 100],
  ])('takes a %s of up to %d characters that Postgres can keep', async (name, maximum) => {
    const { service } = make();
    const tried = async (text: string): Promise<boolean> =>
      (await service.create(viewer, { slug: `a${text.length}`, name: 'A', [name]: text })).ok;
    expect(await tried('🦊'.repeat(maximum))).toBe(true);
    for (const text of ['x'.repeat(maximum + 1), 'a\u0000', '\uD83D']) expect(await tried(text)).toBe(false);
  });

  it('takes a default when at least one model does', async () => {
    const { service } = make();
    // 0 is a width on klein only, 1 a number of steps on flux-pro only.
    const defaults = { width: 0, steps: 1, aspectRatio: '1:1', outputFormat: 'webp' };
    expect((await service.create(viewer, { slug: 'a', name: 'A', defaults })).ok).toBe(true);
    const wrong = { width: 50, aspectRatio: '9:99', outputFormat: 'gif', promptUpsampling: 'yes' };
    expect(told(await service.create(viewer, { slug: 'b', name: 'B', defaults: wrong })).toSorted()).toHaveLength(4);
  });
});

describe('updating a profile', () => {
  const kept = (): Profile =>
    makeProfile({ name: 'Old', description: 'Old.', triggerWord: 'OLD', defaults: { steps: 20 } });

  it('changes what was given and leaves the rest', async () => {
    const updated = valueOf(await make(kept()).service.update(viewer, { id, name: 'New' }));
    expect(updated).toEqual({ ...kept(), name: 'New' });
  });

  it('removes what is given as null', async () => {
    const request = { id, description: null, triggerWord: null, defaults: null };
    expect(valueOf(await make(kept()).service.update(viewer, request))).toMatchObject({
      name: 'Old',
      description: '',
      triggerWord: null,
      defaults: {},
    });
  });

  it('tells everything that is wrong at once, and writes nothing', async () => {
    const { service, profiles } = make(kept());
    expect(told(await service.update(viewer, { id, ...wrongFields }))).toEqual(wrongPlaces);
    expect(profiles.writes).toEqual([]);
  });

  it('refuses a slug that is taken, but not its own', async () => {
    const { service } = make(kept(), makeProfile({ id: idAt(11), slug: 'taken' }));
    expect(told(await service.update(viewer, { id, slug: 'taken' }))).toEqual(['CONFLICT input.slug']);
    expect((await service.update(viewer, { id, slug: 'bottle' })).ok).toBe(true);
  });
});

describe('binding a profile', () => {
  const good: BindProfileRequest = { profileId: id, provider: 'bfl', finetuneId: 'ft-1' };

  it('replaces the binding at that provider', async () => {
    const { service } = make(makeProfile());
    const first = valueOf(await service.bind(viewer, { ...good, triggerWord: 'X', defaults: { steps: 20 } }));
    expect(first.bindings).toEqual([
      { provider: 'bfl', finetuneId: 'ft-1', loraUrl: null, triggerWord: 'X', defaults: { steps: 20 } },
    ]);
    const second = valueOf(await service.bind(viewer, { ...good, finetuneId: 'ft-2' }));
    expect(second.bindings).toEqual([
      { provider: 'bfl', finetuneId: 'ft-2', loraUrl: null, triggerWord: null, defaults: {} },
    ]);
  });

  it('tells everything that is wrong at once, and writes nothing', async () => {
    const { service, profiles } = make(makeProfile());
    const wrong = { ...good, finetuneId: '', triggerWord: 'x'.repeat(101), defaults: { steps: 0 } };
    expect(told(await service.bind(viewer, wrong))).toEqual([
      'OUT_OF_RANGE input.triggerWord',
      'REQUIRED input.finetuneId',
      'OUT_OF_RANGE input.defaults.steps',
    ]);
    expect(profiles.writes).toEqual([]);
  });

  it('refuses a provider that nobody knows, and names those that are', async () => {
    const { service, profiles } = make(makeProfile());
    const refusals = refusalsOf(await service.bind(viewer, { ...good, provider: 'BFL', defaults: { steps: 0 } }));
    expect(refusals).toMatchObject([
      { code: 'INVALID', path: ['input', 'provider'], message: expect.stringContaining('known are: bfl.') },
    ]);
    expect(profiles.writes).toEqual([]);
  });
});

describe('the way that a binding names its finetune', () => {
  const lora = 'https://weights.example/x.safetensors';
  const all = () => {
    const profiles = fakeProfiles(makeProfile());
    return createProfileService({ profiles, catalogue: { accounts: [], models: knownModels() } });
  };

  it.each([
    [
      'cometapi',
      { loraUrl: lora },
      ['UNSUPPORTED input.loraUrl'],
      'The models of cometapi go by finetuneId, not by loraUrl.',
    ],
    [
      'comfyui',
      { loraUrl: lora },
      ['UNSUPPORTED input.loraUrl'],
      'The models of comfyui go by finetuneId, not by loraUrl.',
    ],
    ['fal', { loraUrl: lora }, [], ''],
    ['fal', { finetuneId: 'x' }, [], ''],
    ['bfl', { finetuneId: 'x', loraUrl: lora }, [], ''],
    // Told of no finetune at all.
    ['cometapi-responses', { loraUrl: lora }, [], ''],
  ])('at %s must be one of its models’: %j', async (provider, named, expected, message) => {
    const outcome = await all().bind(viewer, { profileId: id, provider, ...named });
    expect(outcome.ok ? [] : told(outcome)).toEqual(expected);
    expect(outcome.ok ? '' : refusalsOf(outcome)[0]?.message).toBe(message);
  });
});

describe('unbinding a profile', () => {
  it('takes one binding away', async () => {
    const other = { provider: 'fal', finetuneId: null, loraUrl: 'a/b', triggerWord: null, defaults: {} };
    const [first] = makeProfile().bindings;
    if (first === undefined) throw new Error('There is no binding.');
    const { service } = make(makeProfile({ bindings: [first, other] }));
    expect(valueOf(await service.unbind(viewer, { profileId: id, provider: 'bfl' })).bindings).toEqual([other]);
    expect(refusalsOf(await service.unbind(viewer, { profileId: id, provider: 'bfl' }))).toMatchObject([
      {
        code: 'NOT_FOUND',
        path: ['input', 'provider'],
        message: 'The profile is not bound to bfl; it is bound to fal.',
      },
    ]);
  });
});

describe('archiving a profile', () => {
  it('can be taken back', async () => {
    const { service } = make(makeProfile());
    expect(valueOf(await service.archive(viewer, { id, archived: true })).archivedAt).not.toBeNull();
    expect(valueOf(await service.archive(viewer, { id, archived: false })).archivedAt).toBeNull();
  });
});

describe('a profile that the viewer does not have', () => {
  const calls = {
    update: async (service, as, given) => await service.update(as, { id: given, name: 'New' }),
    archive: async (service, as, given) => await service.archive(as, { id: given, archived: true }),
    bind: async (service, as, given) =>
      await service.bind(as, { profileId: given, provider: 'bfl', finetuneId: 'ft-1' }),
    unbind: async (service, as, given) => await service.unbind(as, { profileId: given, provider: 'bfl' }),
  } satisfies Record<
    string,
    (service: ProfileService, as: Viewer, given: string) => ReturnType<ProfileService['update']>
  >;

  it.each(Object.entries(calls))(
    'is not found by %s, whether it is nobody’s or somebody else’s',
    async (name, call) => {
      const { service, profiles } = make(makeProfile());
      const field = name.endsWith('bind') ? 'profileId' : 'id';
      for (const [as, given] of [
        [viewer, unknown],
        [stranger, id],
        [viewer, 'nonsense'],
        [viewer, idAt(10)],
      ] as const) {
        const refusals = refusalsOf(await call(service, as, given));
        expect(refusals).toMatchObject([
          { code: 'NOT_FOUND', path: ['input', field], message: 'There is no such profile in your project.', given },
        ]);
      }
      expect(profiles.kept).toEqual([makeProfile()]);
    },
  );
});
