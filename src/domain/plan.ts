import { callerRules } from './caller-rules.js';
import type { Binding } from './generation.js';
import { parameterNames, type ImageInputName, type Model, type ParameterValues } from './model.js';
import { checkAsked, checkThresholds, needs, resolveParameters, takesNo, type AskedParameters } from './parameters.js';
import { priceAt } from './price.js';
import { rank, type RankFacts } from './rank.js';
import { refuseWithoutRoute } from './no-route.js';
import type { Refusal } from './refusal.js';
import { findCandidates, isRetired, type Candidate, type Catalogue, type RouteRequest } from './route.js';
import { seeminglyRetired, type Retirement } from './standing.js';
import { strongestWishes, translate } from './translate.js';
import type { Wished } from './translate-size.js';
import type { Adjustment, PlannedRoute, RouteReason, Way } from './planned-route.js';

/** Why a route is not taken. A route that was left has the code of what it was left for instead. */
export const routeReasons = {
  NOT_BOUND: 'The profile is not bound there in the way that the model goes by.',
  RETIRED: 'The provider has withdrawn the model.',
  SEEMINGLY_RETIRED: 'The provider answered as if it had withdrawn the model.',
  ACCOUNT_PAUSED: 'The account takes no submits at present.',
  IMAGES: 'The model does not take the input images as they are given.',
  STRICT: 'The model cannot honour the request exactly, and it asked for nothing less.',
} as const;
export type PlanRequest = RouteRequest & {
  profile: { triggerWord: string | null; defaults: ParameterValues };
  asked: AskedParameters;
  /** What an earlier generation asked for: it counts where nothing is asked, is brought near and never refused. */
  inherited: AskedParameters;
  /** What cannot be honoured exactly is refused. */
  strict: boolean;
  /** The input images that are given. */
  images: ReadonlySet<ImageInputName>;
};

/**
 * What can be made of a request: the first route is the one to take, unless something is refused. `imageRefusals` are about
 * images that are missing or not taken, told apart so that whoever reads the images can tell all of them at once.
 */
export type Plan = {
  routes: PlannedRoute[];
  taken: Candidate | null;
  refusals: Refusal[];
  imageRefusals: Refusal[];
};

type Judged = {
  candidate: Candidate;
  way: Way | null;
  reason: RouteReason | null;
  refusals: Refusal[];
  imageRefusals: Refusal[];
};

/**
 * Ranks every route that could serve a request, says why the others cannot, and what each would be sent. Of each account's
 * routes that can be taken the best `perAccount` are worked out, and those after them left out.
 */
export function planRoutes(
  catalogue: Catalogue,
  request: PlanRequest,
  facts: RankFacts,
  perAccount: number = Number.POSITIVE_INFINITY,
): Plan {
  const found = findCandidates(catalogue, request);
  if (!found.ok) return { routes: [], taken: null, refusals: found.refusals, imageRefusals: [] };
  const open = new Map<string, number>();
  const wishes = wishesOf(request);
  const ranked = rank(found.value, facts).flatMap((candidate) => {
    const { id } = candidate.account;
    const before = open.get(id) ?? 0;
    if (before >= perAccount) return [];
    const judged = judge(candidate, request, facts, wishes);
    if (judged.way !== null) open.set(id, before + 1);
    return [judged];
  });
  // Sorting is stable: within each place the best stays first.
  const judged = ranked.toSorted((a, b) => placeOf(a) - placeOf(b));
  const [first] = judged;
  const routes = judged.map(plannedOf);
  // With nothing to take, what is nearest to being taken says what is to be mended.
  const shown = first?.way == null ? judged.find(({ reason }) => isMendable(reason)) : first;
  if (shown === undefined) return { routes, taken: null, refusals: refusalsOf(judged), imageRefusals: [] };
  const { candidate: taken, imageRefusals } = shown;
  const refusals = isExact(request) ? shown.refusals : checkWishes(taken.model, request, wishes(taken.binding));
  return { routes, taken, refusals: refusals.map((each) => namingTakers(each, judged)), imageRefusals };
}

/** What this route takes no such parameter of, told with the models that could be named for it. */
function namingTakers(told: Refusal, judged: readonly Judged[]): Refusal {
  const takers = judged.flatMap(({ way, candidate: { model } }) =>
    way !== null && parameterNames.some((name) => name === told.path.at(-1) && model.parameters[name] !== undefined)
      ? [model.id]
      : [],
  );
  if (told.code !== 'UNSUPPORTED' || takers.length === 0) return told;
  return { ...told, message: `${told.message} Asked for as the model, ${[...new Set(takers)].join(' or ')} takes it.` };
}

/** Whether the caller can mend it by asking otherwise. */
function isMendable(reason: RouteReason | null): boolean {
  return reason?.code === 'IMAGES' || reason?.code === 'STRICT';
}

/** The strongest wishes with each binding, worked out once for all of its models. */
function wishesOf({ asked, inherited, profile }: PlanRequest): (binding: Binding | null) => Wished {
  const known = new Map<Binding | null, Wished>();
  return (binding) => {
    const wished =
      known.get(binding) ??
      strongestWishes({
        INPUT: asked,
        ORIGINAL: inherited,
        BINDING: binding?.defaults ?? {},
        PROFILE: profile.defaults,
      });
    known.set(binding, wished);
    return wished;
  };
}

/** What can be taken goes first; what is only paused is waited for, when there is nothing else. */
function placeOf({ way, reason }: Judged): number {
  if (way === null) return 3;
  if (reason === null) return 0;
  return reason.code === 'ACCOUNT_PAUSED' ? 1 : 2;
}

function judge(
  candidate: Candidate,
  request: PlanRequest,
  facts: RankFacts,
  wishes: (binding: Binding) => Wished,
): Judged {
  const { account, model, binding } = candidate;
  const nothing = { candidate, way: null, refusals: [], imageRefusals: [] };
  const closed = (code: keyof typeof routeReasons, message: string = routeReasons[code]): Judged => ({
    ...nothing,
    reason: { code, message },
  });
  if (isRetired(candidate)) return closed('RETIRED', model.lifecycle.source);
  if (binding === null) return closed('NOT_BOUND');
  const retirement = seeminglyRetired(facts.standing, account.id, model.id);
  // Whoever names it tries it, and so finds out whether it is back.
  const pinned = request.model !== null || request.provider !== null;
  if (retirement !== null && !pinned) return closed('SEEMINGLY_RETIRED', retirement.message);
  const { parameters, adjustments, refusals } = isExact(request)
    ? exactParameters(model, binding, request, wishes(binding))
    : { ...translate(model, wishes(binding)), refusals: [] };
  const imageRefusals = checkImages(model, request.images);
  if (imageRefusals.length > 0) return { ...closed('IMAGES'), refusals, imageRefusals };
  if (refusals.length > 0) return { ...closed('STRICT'), refusals };
  const way: Way = {
    finetuneId: model.finetune === 'ID' ? binding.finetuneId : null,
    loraUrl: model.finetune === 'LORA' ? binding.loraUrl : null,
    triggerWord: binding.triggerWord ?? request.profile.triggerWord,
    parameters,
    adjustments,
    pixels: null,
    priceMicros: priceAt(model.prices, facts.now, parameters),
    reserveMicros: null,
  };
  return { candidate, way, reason: reasonOf(candidate, retirement, facts), refusals, imageRefusals };
}

function reasonOf({ account }: Candidate, retirement: Retirement | null, { standing }: RankFacts): RouteReason | null {
  if (retirement !== null) return { code: 'SEEMINGLY_RETIRED', message: retirement.message };
  const pause = standing.pauses.get(account.id);
  return pause === undefined ? null : { code: 'ACCOUNT_PAUSED', message: pause.message };
}

/** Whoever names a model means its ranges. */
function isExact({ strict, model }: PlanRequest): boolean {
  return strict || model !== null;
}

/** Exactly what is asked, or why not. What an earlier generation asked for is brought near all the same. */
function exactParameters(
  model: Model,
  binding: Binding,
  { asked, inherited, profile }: PlanRequest,
  wished: Wished,
): { parameters: ParameterValues; adjustments: Adjustment[]; refusals: Refusal[] } {
  const input = { values: asked, path: ['input'] };
  const exact = resolveParameters(
    model,
    input,
    { values: binding.defaults, path: ['profile', 'bindings', binding.provider, 'defaults'] },
    { values: profile.defaults, path: ['profile', 'defaults'] },
  );
  if (!exact.ok) return { parameters: {}, adjustments: [], refusals: exact.refusals };
  if (Object.keys(inherited).length === 0) return { parameters: exact.value, adjustments: [], refusals: [] };
  const near = translate(model, wished);
  return { ...near, refusals: checkThresholds(near.parameters, input) };
}

/** What of a request cannot be brought near, since nobody may ask it of this control kind, or contradicts itself. */
function checkWishes(model: Model, { asked, control }: PlanRequest, wished: Wished): Refusal[] {
  const { cannyLowThreshold: low, cannyHighThreshold: high } = asked;
  const thresholds = {
    ...(low == null ? {} : { cannyLowThreshold: low }),
    ...(high == null ? {} : { cannyHighThreshold: high }),
    ...translate(model, wished).parameters,
  };
  const input = { values: asked, path: ['input'] };
  return [...checkAsked(model, callerRules[control], input), ...checkThresholds(thresholds, input)];
}

/** The images that the model does not take, and those that it cannot do without. */
function checkImages(model: Model, given: ReadonlySet<ImageInputName>): Refusal[] {
  const needed = Object.entries(model.images).flatMap(([name, { required }]) => (required ? [name] : []));
  const missing = needed.filter((name) => ![...given].some((each) => each === name));
  return [
    ...missing.map((name) => needs(model, ['input', name])),
    ...[...given].filter((name) => model.images[name] === undefined).map((name) => takesNo(model, ['input', name])),
  ];
}

function plannedOf({ candidate, way, reason }: Judged): PlannedRoute {
  const { account, model } = candidate;
  return { provider: model.provider, model: model.id, account: account.id, way, reason, timesLeft: 0 };
}

/** Why none of the candidates can be taken. */
function refusalsOf(judged: readonly Judged[]): Refusal[] {
  const of = (code: keyof typeof routeReasons): Candidate[] =>
    judged.filter(({ reason }) => reason?.code === code).map(({ candidate }) => candidate);
  const notTaken = { seeminglyRetired: of('SEEMINGLY_RETIRED'), notBound: of('NOT_BOUND'), retired: of('RETIRED') };
  return [refuseWithoutRoute(notTaken)];
}
