import type { ParameterName, ParameterValue, ParameterValues } from './model.js';

/**
 * Where a wish came from: the request itself, the generation that it runs again, or what the profile says by default. The
 * stronger first.
 */
export const wishSources = ['INPUT', 'ORIGINAL', 'BINDING', 'PROFILE'] as const;
export type WishSource = (typeof wishSources)[number];

/** Whether a caller wished it, now or at the time, and no default. */
export function isCallers(source: WishSource): boolean {
  return source === 'INPUT' || source === 'ORIGINAL';
}

/** One wish that a route cannot honour exactly. */
export type Adjustment = {
  parameter: ParameterName;
  asked: ParameterValue;
  /** What is sent instead; null: nothing under this name. */
  sent: ParameterValue | null;
  source: WishSource;
  reason: string;
};

/** Why a route is not taken, or was left: by its code and in words. */
export type RouteReason = { code: string; message: string };

/** All that is sent by a route, and what it is expected to cost. The prompt is the generation's, with the trigger word. */
export type Way = {
  finetuneId: string | null;
  loraUrl: string | null;
  triggerWord: string | null;
  parameters: ParameterValues;
  adjustments: readonly Adjustment[];
  /** Width times height; null where only the provider knows. */
  pixels: number | null;
  /** List price in micro-USD; null where unknown. */
  priceMicros: number | null;
  /** The dearest that it may be until the deadline, by what the price table says of days to come; null where unknown. */
  reserveMicros: number | null;
};

/** One route of a plan, kept with the generation, so that it can be taken without knowing the profile. */
export type PlannedRoute = {
  provider: string;
  /** Id of the model. */
  model: string;
  account: string;
  /** Null: it cannot be taken. */
  way: Way | null;
  /** Why it was not taken when the plan was made, or why it was left; null: neither. */
  reason: RouteReason | null;
  /** How often it was left. */
  timesLeft: number;
};

/** The part of a generation that a change of its route replaces. */
export type RouteChange = {
  provider: string;
  model: string;
  account: string;
  finetuneId: string | null;
  loraUrl: string | null;
  promptSent: string;
  parameters: ParameterValues;
  pixels: number | null;
  costEstimatedMicros: number | null;
  routes: readonly PlannedRoute[];
};
