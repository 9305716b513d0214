import {
  imageInputNames,
  parameterNames,
  type FinetuneKind,
  type Model as ModelRecord,
  type ParameterRule,
} from '../domain/model.js';
import type { ControlKind } from '../domain/lifecycle.js';
import { priceAt } from '../domain/price.js';
import { accountsOf, isRetired, type Account } from '../domain/route.js';
import { seeminglyRetired, standingKey, type Health as HealthRecord, type Standing } from '../domain/standing.js';
import { AccountPause, pauseNode } from './account-pause.js';
import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, FieldResolver, Float, ID, Int, ObjectType, Query, Resolver, Root } from './decorators.js';
import { ControlKindEnum, FinetuneKindEnum } from './enums.js';
import { ModelImage, ModelLifecycle, ModelParameter, ModelPrice } from './model-parts.js';
import { DateTime, SafeInt } from './scalars.js';

@ObjectType({
  description: 'How long tasks of a model took at its provider, in milliseconds, as learned from looking.',
})
export class ModelLatency {
  @Field(() => String, { description: "Class of the picture's size, e.g. 1MP; auto where only the provider knows." })
  size: string;

  @Field(() => Int, { description: 'Half of them took at most this.' })
  p50: number;

  @Field(() => Int, { description: '95 of 100 took at most this.' })
  p95: number;

  @Field(() => Int, { description: '99 of 100 took at most this.' })
  p99: number;

  @Field(() => Int, { description: 'How many were learned from.' })
  samples: number;
}

@ObjectType({
  description:
    'What the newest submits of a model came to, over all projects, within 24 hours. What callers or keys were to blame for does not count.',
})
export class ModelHealth {
  @Field(() => Float, { description: 'Share of those that the provider carried out, 0 to 1.' })
  successRate: number;

  @Field(() => Int, { description: 'How many were counted.' })
  attempts: number;

  @Field(() => DateTime, { description: 'When the oldest of them was made.' })
  since: Date;

  @Field(() => Int, { description: 'Of how many both the list price and the settled one are known.' })
  settled: number;

  @Field(() => Int, {
    description:
      'How many of those were settled at another price than the table says, by more than 1 % and 100 micro-USD: above 0 the table is wrong, or the price depends on more than it knows.',
  })
  differed: number;

  @Field(() => SafeInt, {
    nullable: true,
    description: 'Settled less list price of those that differed, on average, in micro-USD; null where none did.',
  })
  meanDifferenceMicros: number | null;
}

@ObjectType({ description: 'How a model stands at one provider account.' })
export class ModelAccount {
  @Field(() => ID, { description: 'Id of the account.' })
  id: string;

  @Field(() => AccountPause, { nullable: true, description: 'Why the account takes no submits; null: it takes them.' })
  paused: AccountPause | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'Since when the provider answers as if it had no such model; null: it does not.',
  })
  seeminglyRetiredAt: Date | null;

  @Field(() => ModelHealth, { nullable: true, description: 'What it came to lately; null while nothing is known.' })
  health: ModelHealth | null;
}

@ObjectType({ description: 'One endpoint of a provider.' })
export class Model {
  @Field(() => String, { description: 'provider/name, e.g. bfl/flux-pro-1.0-canny-finetuned.' })
  id: string;

  @Field(() => String, { description: 'The provider.' })
  provider: string;

  @Field(() => String, { description: "The provider's own name of it." })
  name: string;

  @Field(() => ControlKindEnum, { description: "What holds the picture's structure." })
  control: ControlKind;

  @Field(() => FinetuneKindEnum, { description: 'What of a binding it goes by.' })
  finetune: FinetuneKind;

  @Field(() => [ModelParameter], { description: 'What it takes.' })
  parameters: ModelParameter[];

  @Field(() => [ModelImage], { description: 'The input images it takes.' })
  images: ModelImage[];

  @Field(() => SafeInt, {
    nullable: true,
    description: 'List price of one image of at most one megapixel now, in micro-USD; null where unknown.',
  })
  priceMicros: number | null;

  @Field(() => [ModelPrice], {
    description: 'Its list prices, the oldest first, with changes to come; empty where none was ever known.',
  })
  prices: readonly ModelPrice[];

  @Field(() => ModelLifecycle, { description: 'Its life at the provider.' })
  lifecycle: ModelLifecycle;

  @Field(() => Boolean, {
    description:
      'Whether this server can use it: an account is configured, and it is not retired (on the sandbox only what MODELS_FILE says is).',
  })
  available: boolean;

  @Field(() => [ModelAccount], { description: 'The accounts of this server that your project may use it by.' })
  accounts: ModelAccount[];

  @Field(() => DateTime, {
    nullable: true,
    description:
      'Since when the provider answers at every account as if it had no such model. No route leads there unless pinned, until it succeeds or an operator clears it.',
  })
  seeminglyRetiredAt: Date | null;
}

function parameterNode(name: string, rule: ParameterRule): ModelParameter {
  const numeric = rule.kind === 'integer' || rule.kind === 'number' ? rule : null;
  return {
    name,
    kind: rule.kind,
    minimum: numeric?.minimum ?? null,
    maximum: numeric?.maximum ?? null,
    multipleOf: rule.kind === 'integer' ? (rule.multipleOf ?? null) : null,
    values: rule.kind === 'choice' ? rule.values : rule.kind === 'ratio' ? [rule.widest, rule.tallest] : null,
    default: rule.default,
  };
}

function healthNode({ attempts, succeeded, since, prices }: HealthRecord): ModelHealth {
  const { settled, differed, differenceMicros } = prices;
  const meanDifferenceMicros = differed === 0 ? null : Math.round(differenceMicros / differed);
  return { successRate: succeeded / attempts, attempts, since, settled, differed, meanDifferenceMicros };
}

function accountNode({ id }: Account, model: ModelRecord, standing: Standing): ModelAccount {
  const health = standing.health.get(standingKey(id, model.id));
  return {
    id,
    paused: pauseNode(standing.pauses.get(id) ?? null),
    seeminglyRetiredAt: seeminglyRetired(standing, id, model.id)?.since ?? null,
    health: health === undefined ? null : healthNode(health),
  };
}

/** As the viewer's project may use it. */
export function modelNode(model: ModelRecord, context: Context): Model {
  const { catalogue, standing } = context.services;
  const { projectSlug } = viewerOf(context);
  const accounts = accountsOf(catalogue, projectSlug).filter((account) => account.provider === model.provider);
  const nodes = accounts.map((account) => accountNode(account, model, standing.now()));
  const seeming = nodes.map(({ seeminglyRetiredAt }) => seeminglyRetiredAt);
  return {
    id: model.id,
    provider: model.provider,
    name: model.name,
    control: model.control,
    finetune: model.finetune,
    parameters: parameterNames.flatMap((name) => {
      const rule = model.parameters[name];
      return rule === undefined ? [] : [parameterNode(name, rule)];
    }),
    images: imageInputNames.flatMap((name) => {
      const image = model.images[name];
      return image === undefined ? [] : [{ name, required: image.required }];
    }),
    priceMicros: priceAt(model.prices, new Date()),
    prices: model.prices,
    lifecycle: model.lifecycle,
    available: accounts.some((account) => !isRetired({ account, model })),
    accounts: nodes,
    seeminglyRetiredAt: seeming.includes(null) ? null : (seeming[0] ?? null),
  };
}

@Resolver(() => Model)
export class ModelResolver {
  @FieldResolver(() => ModelLatency, {
    nullable: true,
    description: 'How long its tasks took; null while none has finished here.',
  })
  latency(
    @Root() model: Model,
    @Ctx() { services }: Context,
    @Arg('size', () => String, {
      nullable: true,
      description: 'Of this class of size only; otherwise of the one learned from most.',
    })
    size?: string | null,
  ): ModelLatency | null {
    const known = services.latencies
      .sizesOf(model.id)
      .filter((each) => size == null || each.size === size)
      .flatMap((each) => {
        const summary = each.latency.summary();
        return summary === null ? [] : [{ size: each.size, ...summary }];
      });
    const [most] = known.toSorted((a, b) => b.samples - a.samples);
    return most === undefined
      ? null
      : { size: most.size, p50: most.p50Ms, p95: most.p95Ms, p99: most.p99Ms, samples: most.samples };
  }

  @Query(() => [Model], { description: 'Every model that Darkroom knows, with its ranges, price and life.' })
  models(
    @Ctx() context: Context,
    @Arg('provider', () => String, { nullable: true, description: 'Of this provider only.' }) provider?: string | null,
    @Arg('control', () => ControlKindEnum, { nullable: true, description: 'Of this control kind only.' })
    control?: ControlKind | null,
  ): Model[] {
    viewerOf(context);
    const { catalogue } = context.services;
    return catalogue.models
      .filter(
        (model) => (provider == null || model.provider === provider) && (control == null || model.control === control),
      )
      .map((model) => modelNode(model, context));
  }
}
