import type { Generation } from '../domain/generation.js';
import { newId } from '../domain/ids.js';
import type { ControlKind } from '../domain/lifecycle.js';
import { imageInputNames, type ImageInputName, type Model } from '../domain/model.js';
import { givenParameters, needs, takesNo, type AskedParameters } from '../domain/parameters.js';
import type { PlannedRoute } from '../domain/planned-route.js';
import type { Profiles, Viewer } from '../domain/ports.js';
import { promptWithTrigger } from '../domain/prompt.js';
import { accepted, refusal, refused, type Checked, type Refusal } from '../domain/refusal.js';
import { checkText } from '../domain/text.js';
import type { AcceptOnce, CheckedImages, Prepared } from './accept.js';
import { findProfile } from './find-profile.js';
import { checkImage, type CheckedImage, type ImageInput, type ImageReader } from './input-image.js';
import { pixelsOf } from './pixels.js';
import { dearestOf, keptPerAccount, keptRoutes, planFor, withReserve, type PlanParts } from './plan.js';

/** Bounds of Darkroom's own, where no provider names one. */
export const inputBounds = {
  promptCharacters: 10_000,
  tags: 20,
  tagCharacters: 64,
  subjectCharacters: 200,
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
  /** Whose it is, as the caller names people; null: nobody's. */
  subject: string | null;
  priority: number;
  /** From acceptance until it fails by itself; null: as the operator has set it. */
  deadlineSeconds: number | null;
  /** Whoever repeats it with the same request gets the same generation. */
  idempotencyKey: string | null;
};

export type Generate = (viewer: Viewer, request: GenerateRequest) => Promise<Checked<Generation>>;

/** A request, and what may stand behind it. */
export type PrepareRequest = Omit<GenerateRequest, 'idempotencyKey'> & {
  /** Counts where the request gives nothing, and is brought near where the route cannot honour it. */
  inherited?: AskedParameters;
  /** Input images that were checked before, for another request with the same ones. */
  checkedImages?: CheckedImages;
  rerunOf?: string;
  /** No other route is to be taken later: it must be this model, at this price. */
  onlyRoute?: boolean;
};

export type Prepare = (
  viewer: Pick<Viewer, 'projectId' | 'projectSlug'>,
  request: PrepareRequest,
) => Promise<Checked<Prepared>>;

/** Accepts a generation. It never talks to a provider. */
export function createGenerate(parts: { prepare: Prepare; acceptOnce: AcceptOnce }): Generate {
  return async (viewer, { idempotencyKey, ...asked }) => {
    // Not strict is the same request as one from before there was such a thing.
    const keyed = { idempotencyKey, asked: { ...asked, strict: asked.strict || null }, path: ['input'] };
    return await parts.acceptOnce(viewer, keyed, async () => await parts.prepare(viewer, asked));
  };
}

/** Checks a request whole, and tells all that is wrong with it at once. It writes nothing. */
export function createPrepare(
  parts: PlanParts & { profiles: Profiles; reader: ImageReader; deadlineMs: number },
): Prepare {
  return async (viewer, request) => {
    const profile = await findProfile(parts.profiles, viewer, request.profileId);
    const plan = profile.ok ? planFor(parts, viewer, profile.value, request, keptPerAccount) : null;
    const texts = [
      ...checkPrompt(request),
      ...checkTags(request.tags),
      ...checkSubject(request.subject),
      ...checkPriority(request.priority),
      ...checkDeadline(request.deadlineSeconds),
    ];
    const cheap = [...(profile.ok ? [] : profile.refusals), ...(plan?.refusals ?? [])];
    // Images cost the most to check, so they are looked at only when all else is well.
    if (texts.length + cheap.length > 0 || !profile.ok || plan?.taken == null) return refused(...texts, ...cheap);
    const images = await checkImages(parts.reader, viewer, request, plan.taken.model);
    if (!images.ok) return images;
    const control = images.value.controlImage ?? images.value.image;
    const deadlineMs = request.deadlineSeconds === null ? parts.deadlineMs : request.deadlineSeconds * 1_000;
    const { models } = parts.catalogue;
    const routes = plan.routes.map((each) => withReserve(models, sized(each, control), deadlineMs));
    const [route] = routes;
    if (route?.way == null) throw new Error('A route was taken that cannot be.');
    const { provider, model, account, way } = route;
    const kept = keptRoutes(request.onlyRoute === true ? [route] : routes);
    const asked = givenParameters({ ...request.inherited, ...givenParameters(request.parameters) });
    return accepted({
      row: {
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
        routes: kept,
        asked,
        rerunOf: request.rerunOf ?? null,
        pixels: way.pixels,
        tags: [...new Set(request.tags)],
        subject: request.subject,
        priority: request.priority,
        deadlineMs,
        costEstimatedMicros: way.priceMicros,
        costReserveMicros: dearestOf(kept ?? [route]),
      },
      images: images.value,
      adjusted: [...new Set(way.adjustments.map(({ parameter }) => parameter))],
    });
  };
}

function sized(route: PlannedRoute, control: CheckedImage | undefined): PlannedRoute {
  const { way } = route;
  return way === null ? route : { ...route, way: { ...way, pixels: pixelsOf(way.parameters, control) } };
}

function checkPrompt(request: Pick<GenerateRequest, 'prompt'>): Refusal[] {
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

/** `path`: where it lies. */
export function checkSubject(subject: string | null, path: readonly string[] = ['input', 'subject']): Refusal[] {
  if (subject === null) return [];
  return checkText(subject, path, { minimum: 1, maximum: inputBounds.subjectCharacters, what: 'The subject' });
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
  viewer: Pick<Viewer, 'projectId'>,
  request: Pick<PrepareRequest, 'images' | 'checkedImages'>,
  model: Model,
): Promise<Checked<CheckedImages>> {
  const refusals: Refusal[] = [];
  const value: CheckedImages = {};
  for (const name of imageInputNames) {
    const path = ['input', name];
    const rule = model.images[name];
    const input = request.images[name] ?? null;
    if (input === null) {
      if (rule?.required === true) refusals.push(needs(model, path));
    } else if (rule === undefined) {
      refusals.push(takesNo(model, path));
    } else {
      const before = request.checkedImages?.[name];
      const checked = before === undefined ? await checkImage(reader, viewer.projectId, input, path) : accepted(before);
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
