import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, FieldResolver, ID, Mutation, ObjectType, Resolver, Root } from './decorators.js';
import { Generation, generationNode } from './generation-types.js';
import { askedParameters, Parameters } from './parameters.js';
import { UserError } from './user-error.js';

@ObjectType({ description: 'Answer to rerunGeneration.' })
export class RerunGenerationPayload {
  @Field(() => Generation, {
    nullable: true,
    description: 'The new generation, durable, with rerunOf; null when it was refused.',
  })
  generation: Generation | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors: UserError[];
}

@Resolver(() => Generation)
export class RerunResolver {
  @Mutation(() => RerunGenerationPayload, {
    description:
      'Runs a generation of your project again, whatever became of it: a new one with the same prompt, images, profile and tags and the parameters that were asked for then. What was a default takes today’s; what the route cannot honour as it was asked then is brought near, as `adjustments` tells.',
  })
  async rerunGeneration(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the generation.' }) id: string,
    @Arg('provider', () => String, { nullable: true, description: 'At this provider only.' }) provider: string | null,
    @Arg('model', () => String, { nullable: true, description: 'With this model only.' }) model: string | null,
    @Arg('overrides', () => Parameters, { nullable: true, description: 'Parameters instead of those asked for then.' })
    overrides: Parameters | null,
    @Arg('reuseSeed', () => Boolean, {
      defaultValue: false,
      description: 'Where no seed was asked for, ask for the one that the provider reported.',
    })
    reuseSeed: boolean,
    @Arg('subject', () => String, {
      nullable: true,
      description: 'Whose the new one is, 1 to 200 characters; left out: the same person’s.',
    })
    subject: string | null,
    @Arg('idempotencyKey', () => String, {
      nullable: true,
      description: 'Up to 200 characters: the same key with the same request gives the same generation for 24 hours.',
    })
    idempotencyKey: string | null,
  ): Promise<RerunGenerationPayload> {
    const rerun = await context.services.rerun(viewerOf(context), {
      id,
      provider: provider ?? null,
      model: model ?? null,
      overrides: askedParameters(overrides ?? {}),
      reuseSeed,
      subject: subject ?? null,
      idempotencyKey: idempotencyKey ?? null,
    });
    return rerun.ok
      ? { generation: generationNode(rerun.value), userErrors: [] }
      : { generation: null, userErrors: rerun.refusals };
  }

  @FieldResolver(() => Generation, { nullable: true, description: 'The generation that this one runs again.' })
  async rerunOf(@Root() root: Generation, @Ctx() context: Context): Promise<Generation | null> {
    const original = root.rerunOfKey === null ? null : await context.loaders.generation.load(root.rerunOfKey);
    return original === null ? null : generationNode(original);
  }

  @FieldResolver(() => [Generation], { description: 'Generations that run this one again, newest first, at most 50.' })
  async reruns(@Root() root: Generation, @Ctx() context: Context): Promise<Generation[]> {
    const rows = await context.loaders.reruns.load(root.key);
    const found = await context.loaders.generation.loadMany(rows.map(({ rerunId }) => rerunId));
    return found.flatMap((each) => (each === null || each instanceof Error ? [] : [generationNode(each)]));
  }
}
