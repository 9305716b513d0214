import { isTaken } from '../domain/fallback.js';
import type { Generation as GenerationRecord } from '../domain/generation.js';
import { wishSources, type Adjustment as AdjustmentRecord, type PlannedRoute } from '../domain/planned-route.js';
import { Field, ObjectType } from './decorators.js';
import { enumOf, type ValueOf } from './enum-of.js';
import { Json, SafeInt } from './scalars.js';

const WishSourceEnum = enumOf('WishSource', 'Where a parameter was asked for.', wishSources, {
  INPUT: "The request's own input.",
  ORIGINAL: 'The generation that is run again, or the sweep for all of its cells.',
  BINDING: "The defaults of the profile's binding at this provider.",
  PROFILE: "The profile's defaults.",
});

const RouteStateEnum = enumOf(
  'RouteState',
  'Where a route stands for one generation.',
  ['TAKEN', 'OPEN', 'LEFT', 'CLOSED'] as const,
  {
    TAKEN: 'The one that it takes.',
    OPEN: 'Taken next, if the one before certainly did not accept it.',
    LEFT: 'It was taken before, and left; the reason says why.',
    CLOSED: 'It cannot be taken; the reason says why.',
  },
);
type RouteState = ValueOf<typeof RouteStateEnum>;

@ObjectType({
  description:
    'A parameter that the route cannot honour exactly, and what is sent instead. With strict: true it is refused.',
})
export class Adjustment {
  @Field(() => String, { description: "Darkroom's name of the parameter, as in the inputs." })
  parameter: string;

  @Field(() => Json, { description: 'What was asked.' })
  asked: AdjustmentRecord['asked'];

  @Field(() => Json, { nullable: true, description: 'What is sent; null: nothing under this name.' })
  sent: AdjustmentRecord['sent'];

  @Field(() => WishSourceEnum, { description: 'Where it was asked.' })
  source: AdjustmentRecord['source'];

  @Field(() => String, { description: 'Why, in words.' })
  reason: string;
}

@ObjectType({ description: 'Why a route is not taken, or was left.' })
export class RouteReason {
  @Field(() => String, {
    description:
      'NOT_BOUND, RETIRED, SEEMINGLY_RETIRED, ACCOUNT_PAUSED, IMAGES, STRICT; of a route that was left also the code of the refusal, e.g. PROVIDER_UNREACHABLE.',
  })
  code: string;

  @Field(() => String, { description: 'In words.' })
  message: string;
}

@ObjectType({ description: 'One way to make a picture: a model of a provider, by one of the accounts there.' })
export class Route {
  @Field(() => String, { description: 'The provider.' })
  provider: string;

  @Field(() => String, { description: 'Id of the model.' })
  model: string;

  @Field(() => String, { description: 'The provider account.' })
  account: string;

  @Field(() => RouteStateEnum, { description: 'Where it stands.' })
  state: RouteState;

  @Field(() => RouteReason, { nullable: true, description: 'Why it was not taken at first, or was left.' })
  reason: RouteReason | null;

  @Field(() => [Adjustment], { description: 'What it cannot honour exactly.' })
  adjustments: readonly Adjustment[];

  @Field(() => SafeInt, { nullable: true, description: 'List price in micro-USD; null where unknown.' })
  priceMicros: number | null;
}

export function routeNode(route: PlannedRoute, taken: boolean): Route {
  const { provider, model, account, way, reason, timesLeft } = route;
  const state = taken ? 'TAKEN' : timesLeft > 0 ? 'LEFT' : way === null ? 'CLOSED' : 'OPEN';
  const { adjustments = [], priceMicros = null } = way ?? {};
  return { provider, model, account, state, reason, adjustments, priceMicros };
}

/** The routes of a generation, the best first, and among them the one that it takes. */
export function routesOf(record: GenerationRecord): { route: Route; routes: Route[] } {
  const { provider, model, account, costEstimatedMicros: priceMicros } = record;
  const own: Route = { provider, model, account, state: 'TAKEN', reason: null, adjustments: [], priceMicros };
  const routes = (record.routes ?? []).map((each) => routeNode(each, isTaken(each, record)));
  const taken = routes.find(({ state }) => state === 'TAKEN');
  return taken === undefined ? { route: own, routes: [own, ...routes] } : { route: taken, routes };
}
