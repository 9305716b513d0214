import { Attempt, attemptNode } from './attempt.js';
import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, ID, Int, Mutation, ObjectType, Resolver } from './decorators.js';
import { SafeInt } from './scalars.js';
import { UserError } from './user-error.js';

@ObjectType({ description: 'Answer to settleAttempt.' })
export class SettleAttemptPayload {
  @Field(() => Attempt, { nullable: true, description: 'The submit as it now stands; null when refused.' })
  attempt: Attempt | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors: UserError[];
}

@Resolver()
export class SettleResolver {
  @Mutation(() => SettleAttemptPayload, {
    description:
      'Says what a submit cost by the invoice: where the provider never tells, where nobody knows whether it was taken (0: it was not), or as a correction. Budgets and usage follow. For operators, in any project.',
  })
  async settleAttempt(
    @Ctx() context: Context,
    @Arg('generationId', () => ID, { description: 'Id of the generation.' }) generationId: string,
    @Arg('attempt', () => Int, { description: 'Which of its attempts: 1 is the first. It must be DONE or LOST.' })
    attempt: number,
    @Arg('costMicros', () => SafeInt, { description: 'What it cost, 0 to 1,000,000,000,000 micro-USD.' })
    costMicros: number,
  ): Promise<SettleAttemptPayload> {
    const request = { generationId, attempt, costMicros };
    const settled = await context.services.settleAttempt(viewerOf(context), request);
    return settled.ok
      ? { attempt: attemptNode(settled.value), userErrors: [] }
      : { attempt: null, userErrors: settled.refusals };
  }
}
