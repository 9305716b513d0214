import type { ControlKind } from '../domain/lifecycle.js';
import type { Span } from '../domain/waiting.js';
import {
  estimateWarnings,
  type Estimate as EstimateRecord,
  type EstimateWarning as Warning,
} from '../service/estimate.js';
import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, Float, InputType, Int, ObjectType, Query, Resolver } from './decorators.js';
import { ControlKindEnum } from './enums.js';
import { enumOf } from './enum-of.js';
import { givenImages } from './generate.js';
import { GenerateInput } from './generate-inputs.js';
import { ImageInput } from './image.js';
import { askedParameters, Parameters, parametersNode } from './parameters.js';
import { Adjustment, Route, routeNode } from './route.js';
import { SafeInt } from './scalars.js';
import { UserError } from './user-error.js';

const EstimateWarningEnum = enumOf(
  'EstimateWarningCode',
  'What is to be known before a request is made.',
  // Object.keys is typed as string[]; these are exactly the table's keys.
  Object.keys(estimateWarnings) as Warning[],
  estimateWarnings,
);

@InputType({
  description:
    'What the mutations take, for any control kind: the same object can be sent to both. Prompt, tags, deadline and key are not looked at, and of images only that they are given.',
})
export class EstimateInput extends GenerateInput {
  @Field(() => ImageInput, { nullable: true, description: 'With CANNY and DEPTH: the control image.' })
  controlImage?: ImageInput | null;

  @Field(() => ImageInput, { nullable: true, description: 'With NONE: a picture to take after.' })
  imagePrompt?: ImageInput | null;

  @Field(() => ImageInput, { nullable: true, description: 'With FILL: the image to repaint.' })
  image?: ImageInput | null;

  @Field(() => ImageInput, { nullable: true, description: 'With FILL: what to repaint of it.' })
  mask?: ImageInput | null;

  @Field(() => Int, { nullable: true, description: 'As in the mutation of the control kind.' })
  width?: number | null;

  @Field(() => Int, { nullable: true, description: 'As in the mutation of the control kind.' })
  height?: number | null;

  @Field(() => String, { nullable: true, description: 'As in the mutation of the control kind.' })
  aspectRatio?: string | null;

  @Field(() => Int, { nullable: true, description: 'As in the mutation of the control kind.' })
  steps?: number | null;

  @Field(() => Float, { nullable: true, description: 'As in the mutation of the control kind.' })
  guidance?: number | null;

  @Field(() => Int, { nullable: true, description: 'As in the mutation of the control kind.' })
  cannyLowThreshold?: number | null;

  @Field(() => Int, { nullable: true, description: 'As in the mutation of the control kind.' })
  cannyHighThreshold?: number | null;

  @Field(() => Float, { nullable: true, description: 'As in the mutation of the control kind.' })
  imagePromptStrength?: number | null;
}

@ObjectType({ description: 'From its tenth to its ninetieth percentile, in milliseconds, as far as learned.' })
export class Duration {
  @Field(() => Int, { description: 'Nine times of ten it takes longer.' })
  earliestMs: number;

  @Field(() => Int, { description: 'Nine times of ten it takes less.' })
  latestMs: number;
}

@ObjectType({ description: 'Something to be known before the request is made.' })
export class EstimateWarning {
  @Field(() => EstimateWarningEnum, { description: 'What it is.' })
  code: Warning;

  @Field(() => String, { description: 'In words.' })
  message: string;
}

@ObjectType({
  description: 'What a request would come to if it were made now. It promises nothing, and nothing was spent.',
})
export class Estimate {
  @Field(() => Route, { nullable: true, description: 'The route that would be taken; null when it would be refused.' })
  route: Route | null;

  @Field(() => [Route], {
    description: 'Every route of this control kind, the best first, with why the others are not taken.',
  })
  routes: Route[];

  @Field(() => Parameters, { description: 'Every parameter that would be sent.' })
  parameters: Parameters;

  @Field(() => [Adjustment], { description: 'What the route cannot honour exactly.' })
  adjustments: readonly Adjustment[];

  @Field(() => SafeInt, { nullable: true, description: 'List price in micro-USD; null where unknown.' })
  costMicros: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'About how many would be admitted to the account before it, itself included: 1 is the next.',
  })
  position: number | null;

  @Field(() => Duration, { nullable: true, description: 'Waiting for a slot. Null while nothing is known, or paused.' })
  wait: Duration | null;

  @Field(() => Duration, { nullable: true, description: 'From the slot to the stored picture. Null like wait.' })
  run: Duration | null;

  @Field(() => Duration, { nullable: true, description: 'Both together. Null like wait.' })
  total: Duration | null;

  @Field(() => [EstimateWarning], { description: 'What is to be known before.' })
  warnings: EstimateWarning[];

  @Field(() => [UserError], { description: 'Why the request would be refused; empty when it would be accepted.' })
  userErrors: UserError[];
}

function durationNode(span: Span | undefined): Duration | null {
  return span === undefined ? null : { earliestMs: Math.round(span.fromMs), latestMs: Math.round(span.toMs) };
}

function estimateNode(estimate: EstimateRecord): Estimate {
  const { routes: planned, refusals, parameters, costMicros, position, forecast, warnings } = estimate;
  const routes = planned.map((route, n) => routeNode(route, n === 0 && refusals.length === 0));
  const [first] = routes;
  const route = refusals.length > 0 ? null : (first ?? null);
  return {
    route,
    routes,
    parameters: parametersNode(parameters),
    adjustments: route?.adjustments ?? [],
    costMicros,
    position,
    wait: durationNode(forecast?.wait),
    run: durationNode(forecast?.run),
    total: durationNode(forecast?.total),
    warnings,
    userErrors: refusals,
  };
}

@Resolver()
export class EstimateResolver {
  @Query(() => Estimate, {
    description:
      'What a generation would come to: its route, price, wait and run time, and what the route cannot honour. Spends and writes nothing.',
  })
  async estimate(
    @Ctx() context: Context,
    @Arg('control', () => ControlKindEnum, { description: "What would hold the picture's structure." })
    control: ControlKind,
    @Arg('input', () => EstimateInput, { description: 'What would be asked.' }) input: EstimateInput,
  ): Promise<Estimate> {
    const { profileId, provider = null, model = null, strict, priority } = input;
    const asked = { profileId, control, provider, model, strict: strict ?? false, priority: priority ?? 0 };
    const request = { ...asked, parameters: askedParameters(input), images: givenImages(input) };
    return estimateNode(await context.services.estimate(viewerOf(context), request));
  }
}
