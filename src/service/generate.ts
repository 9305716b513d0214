import type { Generation, InputImages } from '../domain/generation.js';
import { newId } from '../domain/ids.js';
import type { ControlKind } from '../domain/lifecycle.js';
import { imageInputNames, type ImageInputName, type Model } from '../domain/model.js';
import { takesNo, type AskedParameters } from '../domain/parameters.js';
import type { PlannedRoute } from '../domain/planned-route.js';
import type { History, Idempotency, Images, Ledger, Profiles, Viewer } from '../domain/ports.js';
import { promptWithTrigger } from '../domain/prompt.js';
import { accepted, refusal, refused, type Checked, type Refusal } from '../domain/refusal.js';
import { checkText } from '../domain/text.js';
import { findProfile } from './find-profile.js';
import { checkIdempotencyKey, findRepeated, requestKeyOf } from './idempotency.js';
import { keepImage, refusalWhenLow, storageRefusal, type ImageBytes, type Storage } from './images.js';
import { checkImage, type CheckedImage, type ImageInput, type ImageReader } from './input-image.js';
import { pixelsOf } from './pixels.js';
import { keptPerAccount, keptRoutes, planFor, type PlanParts } from './plan.js';

/** Bounds of Darkroom's own, where no provider names one. */
export const inputBounds = {
  promptCharacters: 10_000,
  tags: 20,
  tagCharacters: 64,
  priority: 100,
  deadlineSeconds: 86_400,
} as const;

export type GenerateRequest = {
  control: ControlKind;
  /** Public id of the finetune profile. */
  profileId: string;
  prompt: string;
  parameters: AskedParameters;
  images: Readonly<Partial<Record<ImageInputName, ImageInput>>>;
  /** Pin the route; null leaves the choice to Darkroom. */
  provider: string | null;
  model: string | null;
  /** What the route cannot honour exactly is refused, not brought near. */
  strict: boolean;
  tags: readonly string[];
  priority: number;
  /** From acceptance until it fails by itself; null: as the operator has set it. */
  deadlineSeconds: number | null;
  /** Whoever repeats it with the same request gets the same generation. */
  idempotencyKey: string | null;
};

export type Generate = (viewer: Viewer, request: GenerateRequest) => Promise<Checked<Generation>>;

type Parts = PlanParts & {
  ledger: Ledger;
  idempotency: Idempotency;
  history: Pick<History, 'generation'>;
  profiles: Profiles;
  images: Images;
  bytes: ImageBytes;
  storage: Storage;
  reader: ImageReader;
  deadlineMs: number;
};

type CheckedImages = Partial<Record<ImageInputName, CheckedImage>>;

/**
 * Accepts a generation: everything is checked before anything is written, all that is wrong is told at once, and when it
 * returns the generation is durable. It never talks to a provider.
 */
export function createGenerate(parts: Parts): Generate {
  return async (viewer, request) => {
    const keyFaults = checkIdempotencyKey(request.idempotencyKey);
    if (keyFaults.length > 0) return refused(...keyFaults);
    const { idempotencyKey, ...asked } = request;
    const requestKey = requestKeyOf(viewer, idempotencyKey, { ...asked, strict: asked.strict || null });
    // First of all: what was accepted stays so, even if the profile has been archived since.
    const earlier = requestKey === null ? null : await findRepeated(parts, viewer, requestKey);
    if (earlier !== null) return earlier;
    const low = await refusalWhenLow(parts.storage, ['input']);
    if (low !== null) return refused(low);
    const profile = await findProfile(parts.profiles, viewer, request.profileId);
    const plan = profile.ok ? planFor(parts, viewer, profile.value, request, keptPerAccount) : null;
    const texts = [
      ...checkPrompt(request),
      ...checkTags(request.tags),
      ...checkPriority(request.priority),
      ...checkDeadline(request.deadlineSeconds),
    ];
    const cheap = [...(profile.ok ? [] : profile.refusals), ...(plan?.refusals ?? [])];
    // Images cost the most to check, so they are looked at only when all else is well.
    if (texts.length + cheap.length > 0 || !profile.ok || plan?.taken == null) return refused(...texts, ...cheap);
    const images = await checkImages(parts.reader, viewer, request, plan.taken.model);
    if (!images.ok) return images;
    const control = images.value.controlImage ?? images.value.image;
    const routes = plan.routes.map((each) => sized(each, control));
    const [route] = routes;
    if (route?.way == null) throw new Error('A route was taken that cannot be.');
    const { provider, model, account, way } = route;

    try {
      const kept = await keepImages(parts, viewer.projectId, images.value);
      const generation = await parts.ledger.accept({
        id: newId(),
        projectId: viewer.projectId,
        control: request.control,
        profileId: profile.value.id,
        provider,
        model,
        account,
        prompt: request.prompt,
        promptSent: promptWithTrigger(request.prompt, way.triggerWord),
        finetuneId: way.finetuneId,
        loraUrl: way.loraUrl,
        parameters: way.parameters,
        routes: keptRoutes(routes),
        pixels: way.pixels,
        images: kept,
        tags: [...new Set(request.tags)],
        priority: request.priority,
        deadlineMs: request.deadlineSeconds === null ? parts.deadlineMs : request.deadlineSeconds * 1_000,
        costEstimatedMicros: way.priceMicros,
        requestKey,
      });
      if (generation !== null) return accepted(generation);
      const winner = requestKey === null ? null : await findRepeated(parts, viewer, requestKey);
      if (winner === null) throw new Error('An idempotency key was taken, and by nobody.');
      return winner;
    } catch (error) {
      const full = storageRefusal(error, ['input']);
      if (full === null) throw error;
      return refused(full);
    }
  };
}

function sized(route: PlannedRoute, control: CheckedImage | undefined): PlannedRoute {
  const { way } = route;
  return way === null ? route : { ...route, way: { ...way, pixels: pixelsOf(way.parameters, control) } };
}

function checkPrompt(request: GenerateRequest): Refusal[] {
  return checkText(request.prompt, ['input', 'prompt'], {
    minimum: 1,
    maximum: inputBounds.promptCharacters,
    what: 'The prompt',
  });
}

function checkTags(tags: readonly string[]): Refusal[] {
  if (tags.length > inputBounds.tags) {
    const message = `At most ${inputBounds.tags} tags are allowed; ${tags.length} were given.`;
    return [refusal('OUT_OF_RANGE', ['input', 'tags'], message, { maximum: inputBounds.tags, given: tags.length })];
  }
  return tags.flatMap((tag, index) =>
    checkText(tag, ['input', 'tags', String(index)], { minimum: 1, maximum: inputBounds.tagCharacters, what: 'A tag' }),
  );
}

function checkPriority(priority: number): Refusal[] {
  const bound = inputBounds.priority;
  if (Math.abs(priority) <= bound) return [];
  const message = `priority must be from ${-bound} to ${bound}; ${priority} was given.`;
  return [
    refusal('OUT_OF_RANGE', ['input', 'priority'], message, { minimum: -bound, maximum: bound, given: priority }),
  ];
}

function checkDeadline(seconds: number | null): Refusal[] {
  const maximum = inputBounds.deadlineSeconds;
  if (seconds === null || (seconds >= 1 && seconds <= maximum)) return [];
  const message = `deadlineSeconds must be from 1 to ${maximum}; ${seconds} was given.`;
  return [refusal('OUT_OF_RANGE', ['input', 'deadlineSeconds'], message, { minimum: 1, maximum, given: seconds })];
}

async function checkImages(
  reader: ImageReader,
  viewer: Viewer,
  request: GenerateRequest,
  model: Model,
): Promise<Checked<CheckedImages>> {
  const refusals: Refusal[] = [];
  const value: CheckedImages = {};
  for (const name of imageInputNames) {
    const path = ['input', name];
    const rule = model.images[name];
    const input = request.images[name] ?? null;
    if (input === null) {
      if (rule?.required === true) refusals.push(refusal('REQUIRED', path, `${model.id} needs a ${name}.`));
    } else if (rule === undefined) {
      refusals.push(takesNo(model, path));
    } else {
      const checked = await checkImage(reader, viewer.projectId, input, path);
      if (checked.ok) value[name] = checked.value;
      else refusals.push(...checked.refusals);
    }
  }
  refusals.push(...checkMask(value));
  return refusals.length > 0 ? { ok: false, refusals } : { ok: true, value };
}

/** "Same size as the image" (BFL OpenAPI, April 2026). */
function checkMask({ image, mask }: CheckedImages): Refusal[] {
  if (image === undefined || mask === undefined) return [];
  const sizeOf = ({ image: { width, height } }: CheckedImage): string => `${width} x ${height}`;
  if (sizeOf(image) === sizeOf(mask)) return [];
  const message = `The mask must be as large as the image, ${sizeOf(image)} pixels; it has ${sizeOf(mask)}.`;
  return [refusal('INVALID', ['input', 'mask'], message, { given: sizeOf(mask) })];
}

async function keepImages(parts: Parts, projectId: string, images: CheckedImages): Promise<InputImages> {
  const kept: Partial<Record<ImageInputName, string>> = {};
  for (const name of imageInputNames) {
    const image = images[name];
    if (image === undefined) continue;
    kept[name] = (image.kind === 'kept' ? image.image : await keepImage(parts, projectId, image.image, image.bytes)).id;
  }
  return kept;
}
