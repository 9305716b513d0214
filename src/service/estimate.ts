import { budgetRefusal, createJudge, isShortfall, monthOf, type Budgets } from '../domain/budget.js';
import type { Profile } from '../domain/generation.js';
import { keyOf } from '../domain/ids.js';
import type { ImageInputName, ParameterValues } from '../domain/model.js';
import type { PlannedRoute } from '../domain/planned-route.js';
import type { Images, Profiles, Queue, Viewer } from '../domain/ports.js';
import type { Refusal } from '../domain/refusal.js';
import { statusAt, type Candidate } from '../domain/route.js';
import { isAiling, seeminglyRetired } from '../domain/standing.js';
import { queueForecast, type RunForecast, type Span } from '../domain/waiting.js';
import { findProfile } from './find-profile.js';
import type { Storage } from './images.js';
import type { ImageInput } from './input-image.js';
import { pixelsOf } from './pixels.js';
import { planFor, withReserve, type Plannable, type PlanParts } from './plan.js';

export const estimateWarnings = {
  DEPRECATED: 'The end of the model is announced.',
  SEEMINGLY_RETIRED: 'The provider answered as if it had no such model any more.',
  AILING: 'Most submits of the model failed lately.',
  ACCOUNT_PAUSED: 'The account takes no submits at present; the generation would wait.',
  ADJUSTED: 'The route cannot honour the request exactly.',
  NO_PRICE: 'No price is known: it may cost anything.',
  NO_FORECAST: 'Nothing of this model and size has finished here: how long it takes is not known.',
  LOW_DISK: "Darkroom's disk is nearly full: a request would be refused now.",
} as const;
export type EstimateWarning = keyof typeof estimateWarnings;

export type EstimateRequest = Omit<Plannable, 'images'> & {
  profileId: string;
  images: Readonly<Partial<Record<ImageInputName, ImageInput>>>;
  priority: number;
};

/** What would become of a request if it came now. */
export type Estimate = {
  /** The first is the one that would be taken, unless something is refused. */
  routes: PlannedRoute[];
  refusals: Refusal[];
  parameters: ParameterValues;
  costMicros: number | null;
  /** How many would be admitted before it, itself included; null when refused. */
  position: number | null;
  forecast: { wait: Span; run: Span; total: Span } | null;
  warnings: { code: EstimateWarning; message: string }[];
};

export type EstimateService = (viewer: Viewer, request: EstimateRequest) => Promise<Estimate>;

const nothing = { routes: [], parameters: {}, costMicros: null, position: null, forecast: null, warnings: [] };

/** Says what a request would come to: nothing is spent, written or asked of a provider. */
export function createEstimate(
  parts: PlanParts & {
    profiles: Pick<Profiles, 'find'>;
    images: Pick<Images, 'find'>;
    queue: Pick<Queue, 'placeOfNext'>;
    budgets: Pick<Budgets, 'list'>;
    storage: Storage;
    /** Unless a request says otherwise, from acceptance until it fails. */
    deadlineMs: number;
    forecastOf: (model: string, pixels: number | null) => RunForecast | null;
  },
): EstimateService {
  async function estimate(viewer: Viewer, profile: Profile, request: EstimateRequest): Promise<Estimate> {
    const { routes, taken, refusals, imageRefusals } = planFor(parts, viewer, profile, request);
    const all = [...refusals, ...imageRefusals];
    const [route] = routes;
    if (taken === null || route?.way == null || all.length > 0) return { ...nothing, routes, refusals: all };
    const { parameters, priceMicros } = route.way;
    const month = monthOf(new Date());
    const [control, place, accepting, budgets] = await Promise.all([
      controlOf(viewer, request),
      parts.queue.placeOfNext(viewer.projectId, taken.account.id, request.priority),
      parts.storage.accepting(),
      parts.budgets.list(viewer.projectId, month),
    ]);
    const { way } = withReserve(parts.catalogue.models, route, parts.deadlineMs);
    const asking = { id: '', projectId: viewer.projectId, profileId: profile.id, routes: null, model: '', account: '' };
    const costs = { costEstimatedMicros: priceMicros, costReserveMicros: way?.reserveMicros ?? null };
    const verdict = createJudge(budgets).judge({ ...asking, ...costs }, month);
    if (isShortfall(verdict)) return { ...nothing, routes, refusals: [budgetRefusal(verdict, ['input'], 'It')] };
    const run = parts.forecastOf(route.model, pixelsOf(parameters, control));
    const paused = parts.standing.now().pauses.has(taken.account.id);
    const forecast = run === null || paused ? null : queueForecast(taken.account.limit, place, run);
    const warnings = [
      ...warningsOf(taken, route),
      ...(run === null ? ['NO_FORECAST' as const] : []),
      ...(accepting ? [] : ['LOW_DISK' as const]),
    ].map((code) => ({ code, message: messageOf(code, taken) }));
    return { routes, refusals: [], parameters, costMicros: priceMicros, position: place.position, forecast, warnings };
  }

  /** The image that gives the picture its size, where its row is known. */
  async function controlOf(
    { projectId }: Viewer,
    { images }: EstimateRequest,
  ): Promise<{ image: { width: number; height: number } } | undefined> {
    const id = (images.controlImage ?? images.image)?.imageId ?? null;
    const key = id === null ? null : keyOf('Image', id);
    const [image] = key === null ? [] : await parts.images.find(projectId, [key]);
    return image === undefined ? undefined : { image };
  }

  function warningsOf({ account, model }: Candidate, { way }: PlannedRoute): EstimateWarning[] {
    const standing = parts.standing.now();
    const found: Readonly<Partial<Record<EstimateWarning, boolean>>> = {
      DEPRECATED: statusAt({ account, model }) === 'DEPRECATED',
      SEEMINGLY_RETIRED: seeminglyRetired(standing, account.id, model.id) !== null,
      AILING: isAiling(standing, account.id, model.id),
      ACCOUNT_PAUSED: standing.pauses.has(account.id),
      ADJUSTED: (way?.adjustments.length ?? 0) > 0,
      NO_PRICE: way?.priceMicros == null,
    };
    // Object.keys is typed as string[]; these are exactly the table's keys.
    return (Object.keys(found) as EstimateWarning[]).filter((code) => found[code] === true);
  }

  function messageOf(code: EstimateWarning, { account, model }: Candidate): string {
    const standing = parts.standing.now();
    if (code === 'ACCOUNT_PAUSED') return standing.pauses.get(account.id)?.message ?? estimateWarnings[code];
    if (code === 'DEPRECATED') return `${model.lifecycle.source}.`;
    return estimateWarnings[code];
  }

  return async (viewer, request) => {
    const profile = await findProfile(parts.profiles, viewer, request.profileId);
    return profile.ok ? await estimate(viewer, profile.value, request) : { ...nothing, refusals: profile.refusals };
  };
}
