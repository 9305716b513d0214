import type { Generation as GenerationRecord } from '../domain/generation.js';
import type { Checked } from '../domain/refusal.js';
import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, ID, Int, Mutation, ObjectType, Resolver } from './decorators.js';
import { Generation, generationNode } from './generation-types.js';
import { UserError } from './user-error.js';

@ObjectType({ description: 'Answer to rateGeneration, favouriteGeneration and noteGeneration.' })
export class AnnotateGenerationPayload {
  @Field(() => Generation, { nullable: true, description: 'The generation as it is now; null when it was refused.' })
  generation: Generation | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors: UserError[];
}

@ObjectType({ description: 'Answer to tagGenerations.' })
export class TagGenerationsPayload {
  @Field(() => [Generation], {
    nullable: true,
    description: 'The generations as they are now, in the order asked; null when it was refused.',
  })
  generations: Generation[] | null;

  @Field(() => [UserError], { description: 'Why it was refused, and nothing changed; empty when it was not.' })
  userErrors: UserError[];
}

const idAbout = { description: 'Id of the generation, whatever its status.' };
const silent = 'No event is told of it, and `version` stays.';

@Resolver()
export class AnnotationResolver {
  @Mutation(() => AnnotateGenerationPayload, { description: `Rates a generation of your project. ${silent}` })
  async rateGeneration(
    @Ctx() context: Context,
    @Arg('id', () => ID, idAbout) id: string,
    @Arg('rating', () => Int, { nullable: true, description: '1 to 5; null takes the rating away.' })
    rating: number | null,
  ): Promise<AnnotateGenerationPayload> {
    return answer(await context.services.annotationService.rate(viewerOf(context), id, rating ?? null));
  }

  @Mutation(() => AnnotateGenerationPayload, {
    description: `Makes a generation of your project a favourite, or no longer. ${silent}`,
  })
  async favouriteGeneration(
    @Ctx() context: Context,
    @Arg('id', () => ID, idAbout) id: string,
    @Arg('favourite', () => Boolean, { defaultValue: true, description: 'False: no longer.' }) favourite: boolean,
  ): Promise<AnnotateGenerationPayload> {
    return answer(await context.services.annotationService.favourite(viewerOf(context), id, favourite));
  }

  @Mutation(() => AnnotateGenerationPayload, {
    description: `Notes something about a generation of your project. ${silent}`,
  })
  async noteGeneration(
    @Ctx() context: Context,
    @Arg('id', () => ID, idAbout) id: string,
    @Arg('note', () => String, { nullable: true, description: 'At most 2,000 characters; null takes it away.' })
    note: string | null,
  ): Promise<AnnotateGenerationPayload> {
    return answer(await context.services.annotationService.note(viewerOf(context), id, note ?? null));
  }

  @Mutation(() => TagGenerationsPayload, {
    description: `Adds tags to generations of your project and removes tags from them: all of them, or none. ${silent}`,
  })
  async tagGenerations(
    @Ctx() context: Context,
    @Arg('ids', () => [ID], { description: 'Ids of 1 to 100 generations.' }) ids: string[],
    @Arg('add', () => [String], {
      defaultValue: [],
      description: 'At most 20 tags of 1 to 64 characters. A generation has at most 20 in all.',
    })
    add: string[],
    @Arg('remove', () => [String], { defaultValue: [], description: 'At most 20; those it does not have are ignored.' })
    remove: string[],
  ): Promise<TagGenerationsPayload> {
    const tagged = await context.services.annotationService.tag(viewerOf(context), { ids, add, remove });
    return tagged.ok
      ? { generations: tagged.value.map(generationNode), userErrors: [] }
      : { generations: null, userErrors: tagged.refusals };
  }
}

function answer(checked: Checked<GenerationRecord>): AnnotateGenerationPayload {
  return checked.ok
    ? { generation: generationNode(checked.value), userErrors: [] }
    : { generation: null, userErrors: checked.refusals };
}
