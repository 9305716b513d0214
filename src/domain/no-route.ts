import type { Model } from './model.js';
import { refusal, type Refusal } from './refusal.js';
import type { Candidate } from './route.js';

/** The candidates that cannot be taken, by why. */
export type NotTaken = Readonly<Record<'seeminglyRetired' | 'notBound' | 'retired', readonly Candidate[]>>;

/** Why a request has no route, where the caller's own words are not to blame: what is nearest to being mended. */
export function refuseWithoutRoute({ seeminglyRetired, notBound, retired }: NotTaken): Refusal {
  if (seeminglyRetired.length > 0) return seeminglyRefusal(modelsOf(seeminglyRetired));
  const bound = retired.filter(({ binding }) => binding !== null);
  if (bound.length > 0) return retiredRefusal(modelsOf(bound), modelsOf(notBound));
  return notBound.length > 0 ? notBoundRefusal(modelsOf(notBound)) : retiredRefusal(modelsOf(retired), []);
}

function modelsOf(candidates: readonly Candidate[]): Model[] {
  return [...new Set(candidates.map(({ model }) => model))];
}

/** Everything that the profile could go to is withdrawn; `others` could serve it, were it bound there. */
function retiredRefusal(models: readonly Model[], others: readonly Model[]): Refusal {
  const gone = new Set(models.map(({ id }) => id));
  const fates = models.map(({ id, lifecycle: { since, successor } }) => {
    const when = since === null ? '' : ` on ${since}`;
    const next =
      successor === null || gone.has(successor) ? 'it has no successor there' : `its successor is ${successor}`;
    return `${id} was retired by its provider${when}; ${next}.`;
  });
  const way =
    others.length === 0 ? [] : [`Bound to ${providersOf(others)} by bindProfile, the profile could go there.`];
  return refusal('MODEL_RETIRED', ['input', 'model'], [...fates, ...way].join(' '));
}

function notBoundRefusal(models: readonly Model[]): Refusal {
  const message = `The profile is not bound to ${providersOf(models)}; bindProfile tells Darkroom what the finetune is called there.`;
  return refusal('NO_ROUTE', ['input', 'profileId'], message);
}

function seeminglyRefusal(models: readonly Model[]): Refusal {
  const successors = [...new Set(models.flatMap(({ lifecycle }) => lifecycle.successor ?? []))].join(', ');
  const message =
    `${models.map(({ id }) => id).join(', ')} seems to be retired: its provider answers as if there were no such model. ` +
    `An operator can say otherwise (clearRetirement), and model: tries it all the same; ` +
    (successors === '' ? 'no successor is known.' : `its successor is ${successors}.`);
  return refusal('MODEL_RETIRED', ['input', 'model'], message, { retryable: true });
}

function providersOf(models: readonly Model[]): string {
  return [...new Set(models.map(({ provider }) => provider))].join(', ');
}
