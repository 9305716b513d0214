import type { Generation } from '../domain/generation.js';
import { keyOf, publicId } from '../domain/ids.js';
import { imageInputNames, imageRoles, parameterNames, type Model, type ParameterValues } from '../domain/model.js';
import type { AskedParameters } from '../domain/parameters.js';
import type { History, Images, Viewer } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked, type Refusal } from '../domain/refusal.js';
import type { AcceptOnce } from './accept.js';
import type { Prepare, PrepareRequest } from './generate.js';

/** How an earlier generation is to be run again. */
export type RerunPlan = {
  /** Pin the route; null leaves the choice to Darkroom. */
  provider: string | null;
  model: string | null;
  /** Instead of what was asked then. */
  overrides: AskedParameters;
  /** Where no seed was asked for, ask for the one that the provider reported. */
  reuseSeed: boolean;
  priority: number;
  /** Whose the new one is; null: the same person's. */
  subject: string | null;
  /** No other route is to be taken later. */
  onlyRoute: boolean;
};

/** The request that runs a generation again, or why there is none. */
export type RerunRequest = (
  viewer: Pick<Viewer, 'projectId'>,
  generation: Generation,
  plan: RerunPlan,
) => Promise<Checked<PrepareRequest>>;

export type Rerun = (
  viewer: Viewer,
  request: Omit<RerunPlan, 'priority' | 'onlyRoute'> & { id: string; idempotencyKey: string | null },
) => Promise<Checked<Generation>>;

/**
 * The same prompt, images and profile, and the parameters that the caller asked for then: defaults of the profile and the
 * model are those of today. What the route cannot honour as it was asked then is brought near, which its adjustments tell;
 * overrides are held to the rules of every request.
 */
export function createRerunRequest(parts: {
  history: Pick<History, 'imageRefs'>;
  images: Pick<Images, 'find'>;
  models: readonly Model[];
}): RerunRequest {
  return async (viewer, generation, plan) => {
    if (generation.erasedAt !== null) {
      return refused(refusal('CONFLICT', ['id'], 'Its content has been erased; there is nothing to run again.'));
    }
    if (generation.profileId === null) {
      return refused(refusal('CONFLICT', ['id'], 'The generation was made without a profile.'));
    }
    const refs = await parts.history.imageRefs(viewer.projectId, [generation.id]);
    const given = imageInputNames.flatMap((name) => {
      const ref = refs.find(({ role }) => role === imageRoles[name]);
      return ref === undefined ? [] : [{ name, id: ref.imageId }];
    });
    const ids = given.map(({ id }) => id);
    const there = ids.length === 0 ? [] : await parts.images.find(viewer.projectId, ids);
    const gone = given.filter(({ id }) => there.every((image) => image.id !== id));
    if (gone.length > 0) {
      const names = gone.map(({ name }) => name).join(', ');
      return refused(refusal('NOT_FOUND', ['id'], `An image that it was made from is gone: ${names}.`));
    }
    const asked = generation.asked ?? askedOf(generation, parts.models);
    const seed = plan.reuseSeed ? generation.resultSeed : null;
    return accepted({
      control: generation.control,
      profileId: publicId('FinetuneProfile', generation.profileId),
      prompt: generation.prompt,
      parameters: plan.overrides,
      inherited: seed === null ? asked : { seed, ...asked },
      images: Object.fromEntries(given.map(({ name, id }) => [name, { imageId: publicId('Image', id) }])),
      provider: plan.provider,
      model: plan.model,
      strict: false,
      onlyRoute: plan.onlyRoute,
      tags: generation.tags,
      subject: plan.subject ?? generation.subject,
      priority: plan.priority,
      deadlineSeconds: null,
      rerunOf: generation.id,
    });
  };
}

/** For generations from before it was kept what was asked: whatever is not the default of their model. */
export function askedOf(
  generation: Pick<Generation, 'model' | 'parameters'>,
  models: readonly Model[],
): ParameterValues {
  const rules = models.find(({ id }) => id === generation.model)?.parameters ?? {};
  const { parameters } = generation;
  const names = parameterNames.filter((name) => name in parameters && parameters[name] !== rules[name]?.default);
  return Object.fromEntries(names.map((name) => [name, parameters[name]]));
}

/** Runs a generation again: a new one, with `rerunOf`. */
export function createRerun(parts: {
  history: Pick<History, 'generation'>;
  request: RerunRequest;
  prepare: Prepare;
  acceptOnce: AcceptOnce;
}): Rerun {
  const { history, prepare, acceptOnce } = parts;
  return async (viewer, { id, idempotencyKey, ...plan }) =>
    await acceptOnce(viewer, { idempotencyKey, asked: { rerunOf: id, ...plan }, path: [] }, async () => {
      const key = keyOf('Generation', id);
      const generation = key === null ? null : await history.generation(viewer.projectId, key);
      if (generation === null) {
        return refused(refusal('NOT_FOUND', ['id'], 'There is no such generation in your project.', { given: id }));
      }
      const request = await parts.request(viewer, generation, { ...plan, priority: 0, onlyRoute: false });
      if (!request.ok) return request;
      const prepared = await prepare(viewer, request.value);
      return prepared.ok ? prepared : refused(...prepared.refusals.map(asRerunRefusal));
    });
}

/** Refusals name the fields of a request; a rerun has only some of them, and the rest came with the generation. */
export function asRerunRefusal(refusalGiven: Refusal): Refusal {
  const [root, field = ''] = refusalGiven.path;
  if (root !== 'input') return refusalGiven;
  if (field === 'provider' || field === 'model' || field === 'subject') return { ...refusalGiven, path: [field] };
  const isParameter = parameterNames.some((name) => name === field);
  return { ...refusalGiven, path: isParameter ? ['overrides', field] : ['id'] };
}
