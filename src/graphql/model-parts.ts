import type { Model } from '../domain/model.js';
import type { PriceEntry } from '../domain/price.js';
import { Field, Float, Int, ObjectType } from './decorators.js';
import { ModelStatusEnum, PriceUnitEnum } from './enums.js';
import { DateTime, Json, SafeInt } from './scalars.js';

@ObjectType({ description: 'What a model accepts for one parameter.' })
export class ModelParameter {
  @Field(() => String, { description: "Darkroom's name of it, as in the inputs." })
  name: string;

  @Field(() => String, { description: 'integer, number, boolean, choice or ratio.' })
  kind: string;

  @Field(() => Float, { nullable: true, description: 'Smallest number allowed.' })
  minimum: number | null;

  @Field(() => Float, { nullable: true, description: 'Largest number allowed.' })
  maximum: number | null;

  @Field(() => Int, { nullable: true, description: 'The number must be a multiple of this.' })
  multipleOf: number | null;

  @Field(() => [String], { nullable: true, description: 'The values of a choice; widest and tallest of a ratio.' })
  values: readonly string[] | null;

  @Field(() => Json, { nullable: true, description: 'What is sent when none is given; null: nothing is sent.' })
  default: string | number | boolean | null;
}

@ObjectType({ description: 'An input image that a model takes.' })
export class ModelImage {
  @Field(() => String, { description: 'Its name in the inputs, e.g. controlImage.' })
  name: string;

  @Field(() => Boolean, { description: 'Whether the model cannot do without.' })
  required: boolean;
}

@ObjectType({ description: 'A list price, from a moment on until that of the next one.' })
export class ModelPrice implements PriceEntry {
  @Field(() => DateTime, { nullable: true, description: 'From when it holds; null: as far back as is known.' })
  from: Date | null;

  @Field(() => SafeInt, { nullable: true, description: 'Micro-USD; null: unknown from then on.' })
  micros: number | null;

  @Field(() => PriceUnitEnum, { description: 'What it is for.' })
  per: PriceEntry['per'];
}

@ObjectType({ description: "A model's life at its provider." })
export class ModelLifecycle {
  @Field(() => ModelStatusEnum, { description: 'Where it stands.' })
  status: Model['lifecycle']['status'];

  @Field(() => String, { nullable: true, description: 'Since when, as an ISO date.' })
  since: string | null;

  @Field(() => String, { description: 'Who says so.' })
  source: string;

  @Field(() => String, { nullable: true, description: 'Id of the model to move to.' })
  successor: string | null;
}
