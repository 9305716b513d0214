import type { ControlKind } from './lifecycle.js';
import type { Model, ModelLifecycle } from './model.js';
import type { Binding } from './generation.js';
import { accepted, refusal, refused, type Checked } from './refusal.js';

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

/** Where a model stands at an account. On the sandbox every model lives on, unless the operator says otherwise. */
export function statusAt({ account, model }: Pick<Candidate, 'account' | 'model'>): ModelLifecycle['status'] {
  return account.sandbox && model.statusByOperator !== true ? 'ACTIVE' : model.lifecycle.status;
}

/** Whether an account can no longer use a model by the catalogue. */
export function isRetired(candidate: Pick<Candidate, 'account' | 'model'>): boolean {
  return statusAt(candidate) === 'RETIRED';
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
  const isNamed = (model: Model): boolean => pinned === null || model.id === pinned || model.name === pinned;
  const named = ofProvider.filter(({ model }) => isNamed(model));
  if (named.length === 0) {
    const message = whyNotOffered(catalogue.models.find(isNamed), provider);
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

/** `model`: the one that was named, where it is known at all. */
function whyNotOffered(model: Model | undefined, provider: string | null): string {
  if (model === undefined) return 'There is no such model here; the models query lists them all.';
  if (provider !== null && provider !== model.provider) return `${model.id} is no model of provider ${provider}.`;
  return `No account of provider ${model.provider} is configured here.`;
}

/** Whether the binding names its finetune in the way that the model goes by. */
function fits(binding: Binding, model: Model): boolean {
  if (model.finetune === 'NONE') return true;
  return (model.finetune === 'ID' ? binding.finetuneId : binding.loraUrl) !== null;
}
