import type { Attempt as AttemptRecord } from '../domain/generation.js';
import { priceDifference } from '../domain/price.js';
import type { AttemptState } from '../domain/lifecycle.js';
import { Field, Float, Int, ObjectType } from './decorators.js';
import { AttemptStateEnum } from './enums.js';
import { errorNode, GenerationError } from './generation-parts.js';
import { DateTime, Json, SafeInt } from './scalars.js';

@ObjectType({ description: 'Cost of one submit in micro-USD. Null means unknown, never free.' })
export class AttemptCost {
  @Field(() => SafeInt, { nullable: true, description: 'By the price table at the moment it was sent.' })
  listMicros: number | null;

  @Field(() => SafeInt, { nullable: true, description: 'What the provider itself said when it took the task.' })
  quotedMicros: number | null;

  @Field(() => SafeInt, { nullable: true, description: 'What the provider itself said in the end.' })
  settledMicros: number | null;

  @Field(() => SafeInt, {
    nullable: true,
    description:
      'Settled less list price: above 0 it cost more than the table says. 0 where it is the same but for rounding (1 % or 100 micro-USD); null where one is unknown.',
  })
  differenceMicros: number | null;
}

@ObjectType({ description: 'One submit of a generation to a provider.' })
export class Attempt {
  @Field(() => Int, { description: '1 for the first.' })
  n: number;

  @Field(() => AttemptStateEnum, { description: 'Where it stands.' })
  state: AttemptState;

  @Field(() => String, { description: 'The provider.' })
  provider: string;

  @Field(() => String, { description: 'The provider account that was used.' })
  account: string;

  @Field(() => String, { description: 'Id of the model that was used.' })
  model: string;

  @Field(() => String, { nullable: true, description: "The provider's own id of the task." })
  taskId: string | null;

  @Field(() => Json, { nullable: true, description: 'The body exactly as sent, each image replaced by its id.' })
  request: unknown;

  @Field(() => Int, { nullable: true, description: 'HTTP status of a submit that went wrong.' })
  httpStatus: number | null;

  @Field(() => GenerationError, { nullable: true, description: 'What went wrong.' })
  error: GenerationError | null;

  @Field(() => Int, { description: 'How often the provider was asked about it, as last noted.' })
  looks: number;

  @Field(() => Float, { nullable: true, description: 'Progress that the provider reported, 0 to 1.' })
  progress: number | null;

  @Field(() => SafeInt, {
    nullable: true,
    description: 'The best that is known of its cost, in micro-USD: settled, else quoted; null where unknown.',
  })
  costMicros: number | null;

  @Field(() => AttemptCost, { description: 'What each source says of its cost.' })
  cost: AttemptCost;

  @Field(() => DateTime, { description: 'When its slot was taken.' })
  intendedAt: Date;

  @Field(() => DateTime, { nullable: true, description: 'When it was sent.' })
  sentAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When the provider took it.' })
  acceptedAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'When the provider was seen to be done with it.' })
  finishedAt: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description:
      'When the provider was asked to stop it, as nobody waited for it any more; null where it cannot be asked.',
  })
  stopAskedAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: "Start of the work by the provider's own clock." })
  providerStartedAt: Date | null;

  @Field(() => DateTime, { nullable: true, description: "End of the work by the provider's own clock." })
  providerFinishedAt: Date | null;
}

export function attemptNode(attempt: AttemptRecord): Attempt {
  const { generationId: _generation, errorCode, errorMessage, word: _word, ...own } = attempt;
  const { costListMicros, costQuotedMicros, costSettledMicros, ...rest } = own;
  const cost: AttemptCost = {
    listMicros: costListMicros,
    quotedMicros: costQuotedMicros,
    settledMicros: costSettledMicros,
    differenceMicros: priceDifference(costListMicros, costSettledMicros),
  };
  return { ...rest, cost, error: errorNode(errorCode, errorMessage) };
}
