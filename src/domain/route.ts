import type { ControlKind } from './lifecycle.js';
import type { Model } from './model.js';
import type { Binding } from './generation.js';
import { accepted, refusal, refused, type Checked } from './refusal.js';

/** A provider account as everybody but the poller knows it: without its key. */
export type Account = {
  id: string;
  provider: string;
  /** A pretend upstream, on which retired models still run. */
  sandbox: boolean;
  /** Slugs of the projects that may use it; null: all. */
  projects: readonly string[] | null;
  /** How many tasks the provider lets the account have at once. */
  limit: number;
};

/** Every model that the configured accounts offer. */
export type Catalogue = { accounts: readonly Account[]; models: readonly Model[] };

export type Route = { account: Account; model: Model; binding: Binding };

/** What a generation asks of its route; `provider` and `model` pin it. */
export type RouteRequest = {
  control: ControlKind;
  provider: string | null;
  model: string | null;
  bindings: readonly Binding[];
};

/**
 * The account and model to use: those of the right control kind that are pinned or, without a pin, the first living one
 * that the profile is bound for.
 */
export function chooseRoute(catalogue: Catalogue, request: RouteRequest): Checked<Route> {
  const { control, provider, model: pinned, bindings } = request;
  const offered = catalogue.accounts.flatMap((account) =>
    catalogue.models.filter((model) => model.provider === account.provider).map((model) => ({ account, model })),
  );
  const ofProvider = offered.filter(({ model }) => provider === null || model.provider === provider);
  if (ofProvider.length === 0) {
    const known = [...new Set(catalogue.accounts.map((account) => account.provider))].join(', ');
    const message = `No account of provider ${provider ?? ''} is configured here; there are: ${known}.`;
    return refused(refusal('NO_ROUTE', ['input', 'provider'], message, { given: provider }));
  }
  const named = ofProvider.filter(({ model }) => pinned === null || model.id === pinned || model.name === pinned);
  if (named.length === 0) {
    const message = 'There is no such model here; the models query lists them all.';
    return refused(refusal('NO_ROUTE', ['input', 'model'], message, { given: pinned }));
  }
  const pins = provider ?? pinned;
  // A model that cannot be told of the finetune makes another picture than was meant: only who names it gets it.
  const fitting = named.filter(
    ({ model }) => model.control === control && (pins !== null || model.finetune !== 'NONE'),
  );
  if (fitting.length === 0) {
    const notes = new Set(pins === null ? [] : named.flatMap(({ model }) => model.note ?? []));
    const message =
      pinned === null ? `No model here takes control ${control}.` : `${pinned} does not do this kind of control.`;
    return refused(refusal('NO_ROUTE', ['input', 'model'], [message, ...notes].join(' '), { given: pinned }));
  }
  const living = fitting.filter(({ account, model }) => account.sandbox || model.lifecycle.status !== 'RETIRED');
  if (living.length === 0) return refused(retired(fitting.map(({ model }) => model)));
  const rank = ({ account, model }: { account: Account; model: Model }): number =>
    account.sandbox || model.lifecycle.status === 'ACTIVE' ? 0 : 1;
  for (const { account, model } of [...living].sort((a, b) => rank(a) - rank(b))) {
    const binding = bindings.find((candidate) => candidate.provider === model.provider && fits(candidate, model));
    if (binding !== undefined) return accepted({ account, model, binding });
  }
  const providers = [...new Set(living.map(({ model }) => model.provider))].join(', ');
  const message = `The profile is not bound to ${providers}; bindProfile tells Darkroom the finetune's id there.`;
  return refused(refusal('NO_ROUTE', ['input', 'profileId'], message));
}

/** Whether the binding names its finetune in the way that the model goes by. */
function fits(binding: Binding, model: Model): boolean {
  if (model.finetune === 'NONE') return true;
  return (model.finetune === 'ID' ? binding.finetuneId : binding.loraUrl) !== null;
}

function retired(models: readonly Model[]): ReturnType<typeof refusal> {
  const successors = [...new Set(models.flatMap((model) => model.lifecycle.successor ?? []))];
  const since = models.find((model) => model.lifecycle.since !== null)?.lifecycle.since;
  const message =
    `${models.map((model) => model.id).join(', ')} was retired by its provider${since == null ? '' : ` on ${since}`}; ` +
    (successors.length > 0 ? `its successor is ${successors.join(', ')}.` : 'it has no successor there.');
  return refusal('MODEL_RETIRED', ['input', 'model'], message);
}
