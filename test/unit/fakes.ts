import { createHash } from 'node:crypto';
import { vi, type Mock } from 'vitest';
import type { Generation, GenerationEvent, ImageRecord, NewGeneration, Profile } from '../../src/domain/generation.js';
import type { Model } from '../../src/domain/model.js';
import type { Images, NewImage, Profiles, Viewer } from '../../src/domain/ports.js';
import type { Checked, Refusal } from '../../src/domain/refusal.js';
import { createLogger, type Logger } from '../../src/logger.js';
import type { InspectedImage } from '../../src/service/images.js';
import type { ImageReader } from '../../src/service/input-image.js';

/** The nth id of a test: a well-formed UUIDv7 that is the same in every run. */
export function idAt(n: number): string {
  return `01990000-0000-7000-8000-${n.toString(16).padStart(12, '0')}`;
}

const aDay = new Date('2026-03-01T12:00:00Z');

export const viewer: Viewer = {
  projectId: idAt(1),
  projectSlug: 'demo',
  projectName: 'Demo',
  keyId: idAt(2),
  keyName: 'test',
  operator: false,
};

export function makeModel(details: Partial<Model> = {}): Model {
  return {
    id: 'bfl/one',
    provider: 'bfl',
    name: 'one',
    control: 'NONE',
    finetune: 'ID',
    parameters: {},
    images: {},
    prices: [],
    lifecycle: { status: 'ACTIVE', since: null, source: 'a test', successor: null },
    ...details,
  };
}

export function makeProfile(details: Partial<Profile> = {}): Profile {
  return {
    id: idAt(10),
    projectId: viewer.projectId,
    slug: 'bottle',
    name: 'Bottle',
    description: '',
    triggerWord: 'TOK',
    defaults: {},
    version: 1,
    createdAt: aDay,
    updatedAt: aDay,
    archivedAt: null,
    bindings: [{ provider: 'bfl', finetuneId: 'my-finetune', loraUrl: null, triggerWord: null, defaults: {} }],
    ...details,
  };
}

export function makeGeneration(details: Partial<Generation> = {}): Generation {
  return {
    id: idAt(20),
    projectId: viewer.projectId,
    control: 'NONE',
    profileId: idAt(10),
    provider: 'bfl',
    model: 'bfl/one',
    account: 'bfl',
    prompt: 'a bottle',
    promptSent: 'TOK, a bottle',
    finetuneId: 'my-finetune',
    loraUrl: null,
    parameters: {},
    routes: null,
    asked: {},
    rerunOf: null,
    pixels: null,
    tags: [],
    priority: 0,
    costEstimatedMicros: null,
    costReserveMicros: null,
    version: 1,
    status: 'QUEUED',
    moderationStage: null,
    errorCode: null,
    errorMessage: null,
    attemptCount: 0,
    nextAttemptAt: null,
    deadline: aDay,
    resultSeed: null,
    costQuotedMicros: null,
    costSettledMicros: null,
    createdAt: aDay,
    updatedAt: aDay,
    startedAt: null,
    finishedAt: null,
    rating: null,
    favourite: false,
    note: null,
    subject: null,
    erasedAt: null,
    ...details,
  };
}

/** What the ledger would answer to `accept`. */
export function acceptedGeneration(made: NewGeneration): Generation {
  const { images: _images, requestKey: _key, deadlineMs, ...rest } = made;
  return makeGeneration({ ...rest, deadline: new Date(aDay.getTime() + deadlineMs) });
}

export function makeEvent(position: number, details: Partial<GenerationEvent> = {}): GenerationEvent {
  return {
    generationId: idAt(20),
    n: position,
    projectId: viewer.projectId,
    position,
    status: 'RUNNING',
    previousStatus: 'SUBMITTING',
    attemptN: 1,
    code: null,
    profileId: idAt(10),
    control: 'NONE',
    provider: 'bfl',
    at: aDay,
    ...details,
  };
}

export function makeImage(details: Partial<ImageRecord> = {}): ImageRecord {
  return {
    ...inspected(Buffer.from('kept')),
    id: idAt(30),
    projectId: viewer.projectId,
    token: 't',
    createdAt: aDay,
    ...details,
  };
}

/** What inspecting would find in these bytes. */
export function inspected(bytes: Buffer): InspectedImage {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { contentType: 'image/png', width: 64, height: 64, bytes: bytes.length, sha256, thumbhash: Buffer.alloc(1) };
}

/** Profiles in memory. `writes` names every call that would have written. */
export function fakeProfiles(...kept: Profile[]): Profiles & { writes: string[]; kept: Profile[] } {
  const writes: string[] = [];
  const indexOf = (projectId: string, id: string): number =>
    kept.findIndex((each) => each.projectId === projectId && each.id === id);
  function replace(projectId: string, id: string, change: (profile: Profile) => Profile): 'updated' | 'missing' {
    const index = indexOf(projectId, id);
    const profile = kept[index];
    if (profile === undefined) return 'missing';
    kept[index] = change(profile);
    return 'updated';
  }
  const isTaken = (projectId: string, slug: string, id: string): boolean =>
    kept.some((each) => each.projectId === projectId && each.slug === slug && each.id !== id);
  return {
    writes,
    kept,
    async create(profile) {
      writes.push('create');
      if (isTaken(profile.projectId, profile.slug, profile.id)) return 'taken';
      kept.push(makeProfile({ ...profile, bindings: [] }));
      return 'created';
    },
    async update(projectId, id, patch) {
      writes.push('update');
      if (patch.slug !== undefined && isTaken(projectId, patch.slug, id)) return 'taken';
      return replace(projectId, id, (profile) => ({ ...profile, ...patch }));
    },
    async archive(projectId, id, archived) {
      writes.push('archive');
      return replace(projectId, id, (profile) => ({ ...profile, archivedAt: archived ? aDay : null }));
    },
    async bind(projectId, id, binding) {
      writes.push('bind');
      return replace(projectId, id, (profile) => ({
        ...profile,
        bindings: [...profile.bindings.filter((each) => each.provider !== binding.provider), binding],
      }));
    },
    async unbind(projectId, id, provider) {
      writes.push('unbind');
      const bound = kept[indexOf(projectId, id)]?.bindings.some((each) => each.provider === provider) === true;
      if (!bound) return 'missing';
      return replace(projectId, id, ({ bindings, ...profile }) => ({
        ...profile,
        bindings: bindings.filter((each) => each.provider !== provider),
      }));
    },
    find: async (projectId, ids) => kept.filter((each) => each.projectId === projectId && ids.includes(each.id)),
    boundAt: async (projectId, provider) =>
      kept.filter((each) => each.projectId === projectId && each.bindings.some((bound) => bound.provider === provider)),
    page: async () => kept,
  };
}

/** Image rows in memory. */
export function fakeImages(...kept: ImageRecord[]): Images & { writes: NewImage[] } {
  const writes: NewImage[] = [];
  return {
    writes,
    async keep(image) {
      writes.push(image);
      return { ...image, createdAt: aDay };
    },
    find: async (projectId, ids) => kept.filter((each) => each.projectId === projectId && ids.includes(each.id)),
    byToken: async () => null,
    release: async () => undefined,
  };
}

/** Decodes plain base64; bytes that begin with "no" are no image. */
export function fakeReader(images: Images): ImageReader & { inspect: Mock<ImageReader['inspect']> } {
  const failed = { ok: false, reason: 'NOT_AN_IMAGE', message: 'No image.', limit: null, given: null } as const;
  return {
    images,
    checkSize: () => null,
    decode: (text) =>
      text === '!' ? { ...failed, message: 'No base64.' } : { ok: true, bytes: Buffer.from(text, 'base64') },
    inspect: vi.fn<ImageReader['inspect']>(async (bytes) =>
      bytes.toString().startsWith('no') ? failed : { ok: true, image: inspected(bytes), content: bytes },
    ),
  };
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/** The refusals of a check that must have failed. */
export function refusalsOf<T>(checked: Checked<T>): Refusal[] {
  if (checked.ok) throw new Error('It was accepted.');
  return checked.refusals;
}

/** The value of a check that must have passed. */
export function valueOf<T>(checked: Checked<T>): T {
  if (!checked.ok) throw new Error(`It was refused: ${JSON.stringify(checked.refusals)}`);
  return checked.value;
}

/** Each refusal as `CODE at.its.path`. */
export function told<T>(checked: Checked<T>): string[] {
  return refusalsOf(checked).map(({ code, path }) => `${code} ${path.join('.')}`);
}

/** A logger that says nothing; `errors` counts what it was told. */
export function quietLogger(): { logger: Logger; errors: Mock<Logger['error']> } {
  const logger = createLogger('silent');
  const errors = vi.fn<Logger['error']>();
  logger.error = errors;
  return { logger, errors };
}
