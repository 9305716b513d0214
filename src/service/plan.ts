import type { Profile } from '../domain/generation.js';
import { imageInputNames, type ImageInputName, type Model } from '../domain/model.js';
import type { AskedParameters } from '../domain/parameters.js';
import { planRoutes, type Plan, type PlanRequest } from '../domain/plan.js';
import type { PlannedRoute } from '../domain/planned-route.js';
import type { Viewer } from '../domain/ports.js';
import { dearestPrice } from '../domain/price.js';
import type { Catalogue } from '../domain/route.js';
import type { StandingWatch } from './standing.js';

/** What of a request decides on its route. */
export type Plannable = Pick<PlanRequest, 'control' | 'provider' | 'model' | 'strict'> & {
  parameters: AskedParameters;
  inherited?: AskedParameters;
  images: Readonly<Partial<Record<ImageInputName, unknown>>>;
};

export type PlanParts = {
  catalogue: Catalogue;
  standing: Pick<StandingWatch, 'now' | 'policyOf'>;
  /** Learned median run time of a model in ms; null while nothing is known. */
  runMsOf: (model: string) => number | null;
};

/** More than so many routes of either kind are not kept with a generation. */
const keptAtMost = 8;

/** Nor more than so many of one account: its models mostly share a finetune that was trained for one of them. */
export const keptPerAccount = 3;

/** The routes for a request, by all that is known at the moment. Nothing is asked of the database. */
export function planFor(
  parts: PlanParts,
  viewer: Pick<Viewer, 'projectId' | 'projectSlug'>,
  profile: Profile,
  request: Plannable,
  perAccount?: number,
): Plan {
  const { control, provider, model, strict, parameters, inherited = {}, images } = request;
  return planRoutes(
    parts.catalogue,
    {
      project: viewer.projectSlug,
      control,
      provider,
      model,
      bindings: profile.bindings,
      profile,
      asked: parameters,
      inherited,
      strict,
      images: new Set(imageInputNames.filter((name) => images[name] !== undefined)),
    },
    {
      standing: parts.standing.now(),
      policy: parts.standing.policyOf(viewer.projectId),
      runMsOf: ({ id }) => parts.runMsOf(id),
      now: new Date(),
    },
    perAccount,
  );
}

/** A route with the dearest that it may be until the deadline, which comes so many ms from now. */
export function withReserve(models: readonly Model[], route: PlannedRoute, deadlineMs: number): PlannedRoute {
  const { model: id, way } = route;
  if (way === null) return route;
  const now = new Date();
  const until = new Date(now.getTime() + deadlineMs);
  const prices = models.find((model) => model.id === id)?.prices ?? [];
  return { ...route, way: { ...way, reserveMicros: dearestPrice(prices, now, until, way.parameters) } };
}

/** Most that one submit may cost by any of these routes, in micro-USD, as far as prices are known; null: none is. */
export function dearestOf(routes: readonly PlannedRoute[]): number | null {
  const known = routes.flatMap(({ way }) => way?.reserveMicros ?? []);
  return known.length === 0 ? null : Math.max(...known);
}

/**
 * What of a plan is kept with its generation: null when there is nothing to tell, as with a single route taken as asked. Where
 * the profile was never bound is of no use there.
 */
export function keptRoutes(routes: readonly PlannedRoute[]): PlannedRoute[] | null {
  const open = fewOf(routes.filter(({ way }) => way !== null));
  const closed = fewOf(routes.filter(({ way, reason }) => way === null && reason?.code !== 'NOT_BOUND'));
  const [only, ...others] = [...open, ...closed];
  if (only === undefined) return null;
  if (others.length === 0 && only.reason === null && (only.way?.adjustments.length ?? 0) === 0) return null;
  return [only, ...others];
}

/** So many as are kept, in their order: the best of each account before a second of any. */
function fewOf(routes: readonly PlannedRoute[]): PlannedRoute[] {
  const best = routes.filter((route, n) => routes.findIndex(({ account }) => account === route.account) === n);
  const others = routes.filter((route) => !best.includes(route));
  const few = new Set([...best, ...others].slice(0, keptAtMost));
  return routes.filter((route) => few.has(route));
}
