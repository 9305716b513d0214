import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, ID, Mutation, ObjectType, Resolver } from './decorators.js';
import { Attempt, attemptNode } from './attempt.js';
import { Generation, generationNode } from './generation-types.js';
import { UserError } from './user-error.js';

@ObjectType({ description: 'Answer to cancelGeneration.' })
export class CancelGenerationPayload {
  @Field(() => Generation, { nullable: true, description: 'The canceled generation; null when it was refused.' })
  generation: Generation | null;

  @Field(() => [Attempt], {
    description:
      'Submits that could not be stopped: the provider may be running them. They hold their slots until it is done, and what they cost is added to the generation.',
  })
  stillRunning: Attempt[];

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors: UserError[];
}

@ObjectType({ description: 'Answer to retryGeneration.' })
export class RetryGenerationPayload {
  @Field(() => Generation, { nullable: true, description: 'The generation, QUEUED again; null when it was refused.' })
  generation: Generation | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors: UserError[];
}

@Resolver()
export class StopResolver {
  @Mutation(() => CancelGenerationPayload, {
    description: 'Ends a generation of your project that has not ended yet. Canceling it again changes nothing.',
  })
  async cancelGeneration(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the generation.' }) id: string,
  ): Promise<CancelGenerationPayload> {
    const canceled = await context.services.stopService.cancel(viewerOf(context), id);
    if (!canceled.ok) return { generation: null, stillRunning: [], userErrors: canceled.refusals };
    const { generation, stillRunning } = canceled.value;
    return { generation: generationNode(generation), stillRunning: stillRunning.map(attemptNode), userErrors: [] };
  }

  @Mutation(() => RetryGenerationPayload, {
    description:
      'Sends an UNCONFIRMED generation again. Its first submit was never answered and may be running and billed.',
  })
  async retryGeneration(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the generation.' }) id: string,
    @Arg('confirmDuplicate', () => Boolean, {
      defaultValue: false,
      description: 'Must be true: you accept that the picture may be made, and paid, twice.',
    })
    confirmDuplicate: boolean,
  ): Promise<RetryGenerationPayload> {
    const retried = await context.services.stopService.retry(viewerOf(context), id, confirmDuplicate);
    return retried.ok
      ? { generation: generationNode(retried.value), userErrors: [] }
      : { generation: null, userErrors: retried.refusals };
  }
}
