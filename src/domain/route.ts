import type { ControlKind } from './lifecycle.js';
import type { Model } from './model.js';
import type { Binding } from './generation.js';
import { accepted, refusal, refused, type Checked, type Refusal } from './refusal.js';

/** A provider account as everybody but the poller knows it: without its key. */
export type Account = {
  id: string;
  provider: string;
  /** A pretend upstream, on which retired models still run. */
  sandbox: boolean;
  /** How many tasks the provider lets the account have at once. */
  limit: number;
  /** Slugs of the projects that may use it; null: all. */
  projects: readonly string[] | null;
};

/** Every model that the configured accounts offer. */
export type Catalogue = { accounts: readonly Account[]; models: readonly Model[] };

/** What a generation asks of its route; `provider` and `model` pin it. */
export type RouteRequest = {
  /** Slug of the project that asks. */
  project: string;
  control: ControlKind;
  provider: string | null;
  model: string | null;
  bindings: readonly Binding[];
};

/** A model at an account, and what the profile is called there; null: it is not bound there. */
export type Candidate = { account: Account; model: Model; binding: Binding | null };

/** The accounts that a project may use. To others they do not exist. */
export function accountsOf(catalogue: Catalogue, project: string): Account[] {
  return catalogue.accounts.filter(({ projects }) => projects === null || projects.includes(project));
}

/** Whether an account can no longer use a model by the catalogue. On the sandbox nothing is withdrawn. */
export function isRetired({ account, model }: Pick<Candidate, 'account' | 'model'>): boolean {
  return !account.sandbox && model.lifecycle.status === 'RETIRED';
}

/** All models of the control kind at all accounts of the project within the pin, in the order of the settings. */
export function findCandidates(catalogue: Catalogue, request: RouteRequest): Checked<Candidate[]> {
  const { control, provider, model: pinned, bindings, project } = request;
  const accounts = accountsOf(catalogue, project);
  const offered = accounts.flatMap((account) =>
    catalogue.models.filter((model) => model.provider === account.provider).map((model) => ({ account, model })),
  );
  const ofProvider = offered.filter(({ model }) => provider === null || model.provider === provider);
  if (ofProvider.length === 0) {
    const known = [...new Set(accounts.map((account) => account.provider))].join(', ');
    const message = `No account of provider ${provider ?? ''} is configured here; there are: ${known}.`;
    return refused(refusal('NO_ROUTE', ['input', 'provider'], message, { given: provider }));
  }
  const named = ofProvider.filter(({ model }) => pinned === null || model.id === pinned || model.name === pinned);
  if (named.length === 0) {
    const message = 'There is no such model here; the models query lists them all.';
    return refused(refusal('NO_ROUTE', ['input', 'model'], message, { given: pinned }));
  }
  // A model that cannot be told of the finetune makes another picture than was meant: only who names it gets it.
  const isMeant = (model: Model): boolean => model.finetune !== 'NONE' || provider !== null || pinned === model.id;
  const fitting = named.filter(({ model }) => model.control === control && isMeant(model));
  if (fitting.length === 0) {
    const notes = new Set(named.flatMap(({ model }) => (isMeant(model) ? (model.note ?? []) : [])));
    const message =
      pinned === null ? `No model here takes control ${control}.` : `${pinned} does not do this kind of control.`;
    return refused(refusal('NO_ROUTE', ['input', 'model'], [message, ...notes].join(' '), { given: pinned }));
  }
  return accepted(
    fitting.map(({ account, model }) => ({
      account,
      model,
      binding: bindings.find((each) => each.provider === model.provider && fits(each, model)) ?? null,
    })),
  );
}

/** Whether the binding names its finetune in the way that the model goes by. */
function fits(binding: Binding, model: Model): boolean {
  if (model.finetune === 'NONE') return true;
  return (model.finetune === 'ID' ? binding.finetuneId : binding.loraUrl) !== null;
}

/** Every candidate is withdrawn: refused with the successors. */
export function retiredRefusal(candidates: readonly Candidate[]): Refusal {
  const models = [...new Set(candidates.map(({ model }) => model))];
  const since = models.find((model) => model.lifecycle.since !== null)?.lifecycle.since;
  const message =
    `${models.map((model) => model.id).join(', ')} was retired by its provider${since == null ? '' : ` on ${since}`}; ` +
    (successorsOf(models) ?? 'it has no successor there.');
  return refusal('MODEL_RETIRED', ['input', 'model'], message);
}

/** `its successor is …`; null where there is none. */
export function successorsOf(models: readonly Model[]): string | null {
  const successors = [...new Set(models.flatMap((model) => model.lifecycle.successor ?? []))];
  return successors.length === 0 ? null : `its successor is ${successors.join(', ')}.`;
}

export function notBoundRefusal(candidates: readonly Candidate[]): Refusal {
  const providers = [...new Set(candidates.map(({ model }) => model.provider))].join(', ');
  const message = `The profile is not bound to ${providers}; bindProfile tells Darkroom the finetune's id there.`;
  return refusal('NO_ROUTE', ['input', 'profileId'], message);
}
