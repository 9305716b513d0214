import type { Binding, Profile } from '../domain/generation.js';
import { keyOf, newId } from '../domain/ids.js';
import { parameterNames, type Model, type ParameterRule } from '../domain/model.js';
import { checkParameter, givenParameters, type AskedParameters } from '../domain/parameters.js';
import type { ProfilePatch, Profiles, Viewer } from '../domain/ports.js';
import { accepted, refusal, refused, type Checked, type Refusal } from '../domain/refusal.js';
import type { Catalogue } from '../domain/route.js';
import { checkText } from '../domain/text.js';

export const profileBounds = {
  slug: 64,
  name: 200,
  description: 2_000,
  triggerWord: 100,
  finetuneId: 200,
  loraUrl: 2_000,
} as const;

export type CreateProfileRequest = {
  slug: string;
  name: string;
  description?: string | null;
  triggerWord?: string | null;
  defaults?: AskedParameters | null;
};

/** What is left out stays as it is; `triggerWord: null` removes it. */
export type UpdateProfileRequest = { id: string } & Partial<CreateProfileRequest>;

export type BindProfileRequest = {
  profileId: string;
  provider: string;
  /** This or `loraUrl`, or both. */
  finetuneId?: string | null;
  loraUrl?: string | null;
  triggerWord?: string | null;
  defaults?: AskedParameters | null;
};

export type ProfileService = {
  create(viewer: Viewer, request: CreateProfileRequest): Promise<Checked<Profile>>;
  update(viewer: Viewer, request: UpdateProfileRequest): Promise<Checked<Profile>>;
  archive(viewer: Viewer, request: { id: string; archived: boolean }): Promise<Checked<Profile>>;
  bind(viewer: Viewer, request: BindProfileRequest): Promise<Checked<Profile>>;
  unbind(viewer: Viewer, request: { profileId: string; provider: string }): Promise<Checked<Profile>>;
};

/** Keeps finetune profiles: what is wrong with an input is told at once, and nothing is written then. */
export function createProfileService(parts: { profiles: Profiles; catalogue: Catalogue }): ProfileService {
  const { profiles, catalogue } = parts;

  async function read(viewer: Viewer, id: string): Promise<Checked<Profile>> {
    const [profile] = await profiles.find(viewer.projectId, [id]);
    return profile === undefined ? missing(['input', 'id'], id) : accepted(profile);
  }

  return {
    async create(viewer, request) {
      const refusals = [...checkFields(request), ...checkDefaults(catalogue.models, request.defaults)];
      if (refusals.length > 0) return refused(...refusals);
      const id = newId();
      const outcome = await profiles.create({
        id,
        projectId: viewer.projectId,
        slug: request.slug,
        name: request.name,
        description: request.description ?? '',
        triggerWord: request.triggerWord ?? null,
        defaults: givenParameters(request.defaults ?? {}),
      });
      return outcome === 'taken' ? taken(request.slug) : await read(viewer, id);
    },
    async update(viewer, request) {
      const refusals = [...checkFields(request), ...checkDefaults(catalogue.models, request.defaults)];
      if (refusals.length > 0) return refused(...refusals);
      const key = keyOf('FinetuneProfile', request.id);
      if (key === null) return missing(['input', 'id'], request.id);
      const patch: ProfilePatch = {
        ...(request.slug === undefined ? {} : { slug: request.slug }),
        ...(request.name === undefined ? {} : { name: request.name }),
        ...(request.description === undefined ? {} : { description: request.description ?? '' }),
        ...(request.triggerWord === undefined ? {} : { triggerWord: request.triggerWord }),
        ...(request.defaults === undefined ? {} : { defaults: givenParameters(request.defaults ?? {}) }),
      };
      const outcome = await profiles.update(viewer.projectId, key, patch);
      if (outcome === 'taken') return taken(request.slug ?? '');
      return outcome === 'missing' ? missing(['input', 'id'], request.id) : await read(viewer, key);
    },
    async archive(viewer, request) {
      const key = keyOf('FinetuneProfile', request.id);
      const outcome = key === null ? 'missing' : await profiles.archive(viewer.projectId, key, request.archived);
      return outcome === 'missing' || key === null ? missing(['input', 'id'], request.id) : await read(viewer, key);
    },
    async bind(viewer, request) {
      const path = ['input', 'profileId'];
      const models = catalogue.models.filter((model) => model.provider === request.provider);
      const refusals = [
        ...checkBinding(request, models, catalogue.models),
        ...(models.length > 0 ? checkDefaults(models, request.defaults) : []),
      ];
      if (refusals.length > 0) return refused(...refusals);
      const key = keyOf('FinetuneProfile', request.profileId);
      if (key === null) return missing(path, request.profileId);
      const binding: Binding = {
        provider: request.provider,
        finetuneId: request.finetuneId ?? null,
        loraUrl: request.loraUrl ?? null,
        triggerWord: request.triggerWord ?? null,
        defaults: givenParameters(request.defaults ?? {}),
      };
      const outcome = await profiles.bind(viewer.projectId, key, binding);
      return outcome === 'missing' ? missing(path, request.profileId) : await read(viewer, key);
    },
    async unbind(viewer, { profileId, provider }) {
      const key = keyOf('FinetuneProfile', profileId);
      const profile = key === null ? null : await read(viewer, key);
      if (key === null || profile?.ok !== true) return missing(['input', 'profileId'], profileId);
      const outcome = await profiles.unbind(viewer.projectId, key, provider);
      if (outcome === 'updated') return await read(viewer, key);
      const bound = profile.value.bindings.map((binding) => binding.provider).join(', ') || 'nothing';
      const message = `The profile is not bound to ${provider}; it is bound to ${bound}.`;
      return refused(refusal('NOT_FOUND', ['input', 'provider'], message, { given: provider }));
    },
  };
}

function missing<T>(path: readonly string[], id: string): Checked<T> {
  return refused(refusal('NOT_FOUND', path, 'There is no such profile in your project.', { given: id }));
}

function taken<T>(slug: string): Checked<T> {
  const message = 'Another profile of your project has this slug.';
  return refused(refusal('CONFLICT', ['input', 'slug'], message, { given: slug }));
}

function checkFields(request: Partial<CreateProfileRequest>): Refusal[] {
  const refusals: Refusal[] = [];
  const { slug, name, description, triggerWord } = request;
  if (slug !== undefined && !/^[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?$/.test(slug)) {
    const message = `A slug has 1 to ${profileBounds.slug} lower-case letters, digits and inner hyphens.`;
    refusals.push(refusal('INVALID', ['input', 'slug'], message, { given: slug, maximum: profileBounds.slug }));
  }
  if (name !== undefined) {
    const bounds = { minimum: 1, maximum: profileBounds.name, what: 'The name' };
    refusals.push(...checkText(name, ['input', 'name'], bounds));
  }
  if (description != null) {
    const bounds = { maximum: profileBounds.description, what: 'The description' };
    refusals.push(...checkText(description, ['input', 'description'], bounds));
  }
  return [...refusals, ...checkTrigger(triggerWord)];
}

function checkTrigger(triggerWord: string | null | undefined): Refusal[] {
  if (triggerWord == null) return [];
  const bounds = { minimum: 1, maximum: profileBounds.triggerWord, what: 'The trigger word' };
  return checkText(triggerWord, ['input', 'triggerWord'], bounds);
}

function checkBinding(request: BindProfileRequest, ofProvider: readonly Model[], all: readonly Model[]): Refusal[] {
  const refusals = checkTrigger(request.triggerWord);
  if (ofProvider.length === 0) {
    const known = [...new Set(all.map((model) => model.provider))].join(', ');
    const message = `There is no provider of this name; known are: ${known}.`;
    refusals.push(refusal('INVALID', ['input', 'provider'], message, { given: request.provider }));
  }
  const { finetuneId, loraUrl } = request;
  if (finetuneId == null && loraUrl == null) {
    const message = 'A binding needs a finetuneId or a loraUrl.';
    refusals.push(refusal('REQUIRED', ['input', 'finetuneId'], message));
  }
  if (refusals.length === 0) refusals.push(...checkKind(request, ofProvider));
  if (finetuneId != null) {
    const bounds = { minimum: 1, maximum: profileBounds.finetuneId, what: 'The finetune id' };
    refusals.push(...checkText(finetuneId, ['input', 'finetuneId'], bounds));
  }
  return loraUrl == null ? refusals : [...refusals, ...checkLoraUrl(loraUrl)];
}

/** A binding in a way that no model there goes by would never be used. */
function checkKind({ provider, finetuneId, loraUrl }: BindProfileRequest, models: readonly Model[]): Refusal[] {
  const kinds = new Set(models.map(({ finetune }) => finetune));
  const byId = finetuneId != null && kinds.has('ID');
  const byLora = loraUrl != null && kinds.has('LORA');
  if (byId || byLora || kinds.has('NONE')) return [];
  const [wanted, given] = kinds.has('ID') ? ['finetuneId', 'loraUrl'] : ['loraUrl', 'finetuneId'];
  return [refusal('UNSUPPORTED', ['input', given], `The models of ${provider} go by ${wanted}, not by ${given}.`)];
}

/** An https address, or a name that the provider understands, such as `owner/name` at Hugging Face. */
function checkLoraUrl(loraUrl: string): Refusal[] {
  const path = ['input', 'loraUrl'];
  const faults = checkText(loraUrl, path, { minimum: 1, maximum: profileBounds.loraUrl, what: "The LoRA's address" });
  if (faults.length > 0 || /^https:\/\/[^\s@/]+\/\S*$/i.test(loraUrl) || /^[\w.-]+(\/[\w.-]+)+$/.test(loraUrl))
    return faults;
  const message = 'It must be an https address without a user, or a name such as owner/name at Hugging Face.';
  return [refusal('INVALID', path, message, { given: loraUrl })];
}

/** A default is good when at least one model would take it; the model chosen later checks it again. */
function checkDefaults(models: readonly Model[], defaults: AskedParameters | null | undefined): Refusal[] {
  return Object.entries(givenParameters(defaults ?? {})).flatMap(([name, value]) => {
    const path = ['input', 'defaults', name];
    const known = parameterNames.find((candidate) => candidate === name);
    const rules = models.flatMap((model): ParameterRule[] => {
      const rule = known === undefined ? undefined : model.parameters[known];
      return rule === undefined ? [] : [rule];
    });
    if (rules.length === 0) return [refusal('UNSUPPORTED', path, `No model takes ${name}.`, { given: value })];
    const outcomes = rules.map((rule) => checkParameter(rule, value, path));
    return outcomes.some((refusals) => refusals.length === 0) ? [] : (outcomes[0] ?? []);
  });
}
