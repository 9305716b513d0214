import type { Waiting as WaitingRecord, WaitingReason } from '../domain/waiting.js';
import { isTerminal } from '../domain/lifecycle.js';
import type { Context } from './context.js';
import { Ctx, Field, FieldResolver, Int, ObjectType, Resolver, Root } from './decorators.js';
import { WaitingReasonEnum } from './enums.js';
import { Generation } from './generation-types.js';
import { DateTime } from './scalars.js';

@ObjectType({ description: 'What a generation waits for, and until when, worked out when it is read.' })
export class Waiting {
  @Field(() => WaitingReasonEnum, { description: 'What it waits for.' })
  reason: WaitingReason;

  @Field(() => String, { description: 'In words; of a paused account why it is paused.' })
  message: string;

  @Field(() => Int, {
    nullable: true,
    description:
      'About how many are admitted before it, itself included: 1 is the next. Null unless it waits for a slot.',
  })
  position: number | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'It should end after this time: nine times of ten, as far as learned. Null while nothing is known.',
  })
  etaEarliest: Date | null;

  @Field(() => DateTime, {
    nullable: true,
    description: 'It should end before this time: nine times of ten, as far as learned. Null while nothing is known.',
  })
  etaLatest: Date | null;
}

function waitingNode({ reason, message, position, eta }: WaitingRecord): Waiting {
  return { reason, message, position, etaEarliest: eta?.earliest ?? null, etaLatest: eta?.latest ?? null };
}

@Resolver(() => Generation)
export class WaitingResolver {
  @FieldResolver(() => Waiting, { nullable: true, description: 'What it waits for; null when it has ended.' })
  async waiting(@Root() root: Generation, @Ctx() context: Context): Promise<Waiting | null> {
    const waiting = isTerminal(root.status) ? null : await context.loaders.waiting.load(root.key);
    return waiting === null ? null : waitingNode(waiting);
  }
}
