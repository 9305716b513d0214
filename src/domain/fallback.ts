import type { GenerationErrorCode } from './generation.js';
import type { PlannedRoute, RouteChange, RouteReason } from './planned-route.js';
import { promptWithTrigger } from './prompt.js';
import { seeminglyRetired, type Standing } from './standing.js';

/** A route is left at most so often: what comes and goes at two providers sends no generation to and fro for ever. */
const timesLeftAtMost = 2;

/** Refused so often for the moment, a generation looks for another way. */
export const momentaryRefusalsAtMost = 3;

export type Leaving = {
  /** The route is not taken again. */
  forGood: boolean;
  /** Another model of the same account will do. */
  sameAccount: boolean;
};

/** What a certain refusal of a submit means for the other routes of the same generation. */
const leavings: Readonly<Partial<Record<GenerationErrorCode, Leaving>>> = {
  MODEL_RETIRED_UPSTREAM: { forGood: true, sameAccount: true },
  // Elsewhere it has another name.
  FINETUNE_UNKNOWN: { forGood: true, sameAccount: false },
  PROVIDER_UNAUTHORIZED: { forGood: false, sameAccount: false },
  PROVIDER_OUT_OF_CREDITS: { forGood: false, sameAccount: false },
  PROVIDER_UNREACHABLE: { forGood: false, sameAccount: false },
  PROVIDER_BUSY: { forGood: false, sameAccount: false },
};

export type Routed = {
  prompt: string;
  model: string;
  account: string;
  /** Null: there is only the one. */
  routes: readonly PlannedRoute[] | null;
};

export function isTaken(route: PlannedRoute, { model, account }: Pick<Routed, 'model' | 'account'>): boolean {
  return route.model === model && route.account === account;
}

/**
 * Where a generation goes on that was certainly not accepted by its present route, and is left for `reason`; null: nowhere.
 * A provider's plain refusal of the request (PROVIDER_REFUSED) is no reason: its words cannot be told from moderation's, and
 * nobody's moderation is to be shopped around.
 */
export function nextRoute(
  generation: Routed,
  leaving: Leaving & { reason: RouteReason },
  standing: Standing,
): RouteChange | null {
  const { routes } = generation;
  if (routes === null) return null;
  const open = routes.filter((route) => !isTaken(route, generation) && isOpen(route, standing));
  // A finetune is trained for one model: elsewhere it is bound for another, beside it here it may not fit.
  const next =
    open.find(({ account }) => account !== generation.account) ?? (leaving.sameAccount ? open[0] : undefined);
  if (next?.way == null) return null;
  const noted = (route: PlannedRoute): PlannedRoute => {
    if (route === next) return { ...route, reason: null };
    if (!isTaken(route, generation)) return route;
    const { reason, forGood } = leaving;
    return { ...route, way: forGood ? null : route.way, reason, timesLeft: route.timesLeft + 1 };
  };
  const { finetuneId, loraUrl, triggerWord, parameters, pixels, priceMicros } = next.way;
  const { provider, model, account } = next;
  return {
    provider,
    model,
    account,
    finetuneId,
    loraUrl,
    promptSent: promptWithTrigger(generation.prompt, triggerWord),
    parameters,
    pixels,
    costEstimatedMicros: priceMicros,
    routes: routes.map(noted),
  };
}

/** How the present route is left when a submit was refused with this code; null: not at all. */
export function leavingFor(code: GenerationErrorCode): Leaving | null {
  return leavings[code] ?? null;
}

function isOpen(route: PlannedRoute, standing: Standing): boolean {
  return (
    route.way !== null &&
    route.timesLeft < timesLeftAtMost &&
    !standing.pauses.has(route.account) &&
    seeminglyRetired(standing, route.account, route.model) === null
  );
}
