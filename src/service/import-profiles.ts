import type { Profile } from '../domain/generation.js';
import { newId } from '../domain/ids.js';
import type { Profiles, Viewer } from '../domain/ports.js';
import type { ListedFinetune } from '../domain/provider-call.js';
import { accepted, refusal, refused, type Checked } from '../domain/refusal.js';
import { accountsOf, type Account, type Catalogue } from '../domain/route.js';
import { DarkroomError } from '../errors.js';
import type { AskProvider } from './ask-provider.js';
import { profileBounds } from './profiles.js';

export type Imported = {
  /** Made just now, one for each finetune that no profile of the project was bound to. */
  imported: Profile[];
  /** Those that were bound to one already. */
  known: Profile[];
};

export type ImportProfiles = (
  viewer: Viewer,
  request: { provider: string; account: string | null },
) => Promise<Checked<Imported>>;

/** More than this are left for another call. */
const importedAtMost = 200;
const slugsTried = 50;

/** Makes a profile, with its binding, of each finetune that an account has and the project does not know yet. */
export function createImportProfiles(parts: {
  profiles: Profiles;
  catalogue: Catalogue;
  askProvider: AskProvider;
}): ImportProfiles {
  const { profiles, catalogue, askProvider } = parts;

  async function create(viewer: Viewer, provider: string, finetune: ListedFinetune): Promise<Profile | null> {
    const { name, triggerWord, finetuneId, loraUrl } = finetune;
    const id = newId();
    const base = slugOf(name);
    for (let n = 1; n <= slugsTried; n += 1) {
      const outcome = await profiles.create({
        id,
        projectId: viewer.projectId,
        slug: n === 1 ? base : `${base.slice(0, profileBounds.slug - 3)}-${n}`,
        name: name.slice(0, profileBounds.name),
        description: `Imported from ${provider}.`,
        triggerWord,
        defaults: {},
      });
      if (outcome === 'taken') continue;
      await profiles.bind(viewer.projectId, id, { provider, finetuneId, loraUrl, triggerWord: null, defaults: {} });
      return (await profiles.find(viewer.projectId, [id]))[0] ?? null;
    }
    return null;
  }

  return async (viewer, { provider, account: wanted }) => {
    const found = accountFor(catalogue, viewer, provider, wanted);
    if (!found.ok) return found;
    const account = found.value;
    // An account that several projects share would show each the others' finetunes.
    const alone = account.projects?.length === 1 && account.projects[0] === viewer.projectSlug;
    if (!viewer.operator && !alone) {
      throw new DarkroomError('FORBIDDEN', "Only an operator's key may import from an account that projects share.");
    }
    const asked = await askProvider(viewer, account.id, { kind: 'LIST_FINETUNES' }, ['input', 'provider']);
    if (!asked.ok) return asked;
    const answer = asked.value;
    if (answer.kind !== 'LISTED') {
      const code = answer.kind === 'UNSUPPORTED' ? 'UNSUPPORTED' : 'PROVIDER_UNAVAILABLE';
      return refused(refusal(code, ['input', 'provider'], answer.kind === 'CHECKED' ? '' : answer.message));
    }
    const bound = await profiles.boundAt(viewer.projectId, provider);
    const result: Imported = { imported: [], known: [] };
    for (const finetune of answer.finetunes.slice(0, importedAtMost)) {
      const known = bound.find((profile) => profile.bindings.some((each) => names(each, provider, finetune)));
      const profile = known ?? (await create(viewer, provider, finetune));
      if (profile !== null) (known === undefined ? result.imported : result.known).push(profile);
    }
    return accepted(result);
  };
}

/** The account of this project that is named, or the first of the provider. */
export function accountFor(
  catalogue: Catalogue,
  viewer: Viewer,
  provider: string,
  wanted: string | null,
): Checked<Account> {
  const own = accountsOf(catalogue, viewer.projectSlug);
  const ofProvider = own.filter((account) => account.provider === provider);
  if (ofProvider.length === 0) {
    const known = [...new Set(own.map((account) => account.provider))].join(', ');
    const message = `No account of this provider is configured here; there are: ${known}.`;
    return refused(refusal('NO_ROUTE', ['input', 'provider'], message, { given: provider }));
  }
  const account = wanted === null ? ofProvider[0] : ofProvider.find(({ id }) => id === wanted);
  if (account !== undefined) return accepted(account);
  const message = `${provider} has no such account here; there are: ${ofProvider.map(({ id }) => id).join(', ')}.`;
  return refused(refusal('NOT_FOUND', ['input', 'account'], message, { given: wanted }));
}

function names(binding: Profile['bindings'][number], provider: string, finetune: ListedFinetune): boolean {
  if (binding.provider !== provider) return false;
  return finetune.finetuneId === null
    ? binding.loraUrl === finetune.loraUrl
    : binding.finetuneId === finetune.finetuneId;
}

function slugOf(name: string): string {
  const slug = name
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, profileBounds.slug)
    .replace(/^-+|-+$/g, '');
  return slug === '' ? 'imported' : slug;
}
