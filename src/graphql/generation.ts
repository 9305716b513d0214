import { keyOf } from '../domain/ids.js';
import type { ControlKind, GenerationStatus } from '../domain/lifecycle.js';
import type { GenerationFilter as FilterValue } from '../domain/generation-filter.js';
import type { ImageRole } from '../domain/ports.js';
import { DarkroomError } from '../errors.js';
import type { GraphQLResolveInfo } from 'graphql';
import { checkFilter } from '../domain/check-list.js';
import type { ListFilter, ListOrder } from '../domain/listing.js';
import { FilterConditions } from './filter-conditions.js';
import { pageBounds } from './connection.js';
import { listGenerations, type Listed } from './list-generations.js';
import { viewerOf, type Context } from './context.js';
import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  Float,
  ID,
  Info,
  InputType,
  Int,
  Query,
  Resolver,
  Root,
} from './decorators.js';
import { ControlKindEnum, GenerationOrderEnum, GenerationStatusEnum } from './enums.js';
import { eventNode, GenerationEvent } from './event.js';
import { Attempt, attemptNode } from './attempt.js';
import { Generation, GenerationConnection, generationNode } from './generation-types.js';
import { Image, imageNode } from './image.js';
import type { ListedNode } from './listed-generation.js';
import { Model, modelNode } from './model.js';
import { FinetuneProfile, profileNode } from './profile.js';
import { DateTime } from './scalars.js';

@InputType({ description: 'Which generations to list; all conditions must hold.' })
export class GenerationFilter extends FilterConditions {
  @Field(() => [GenerationStatusEnum], { nullable: true, description: 'Any of these statuses.' })
  status?: GenerationStatus[] | null;

  @Field(() => ID, { nullable: true, description: 'Made with this profile.' })
  profileId?: string | null;

  @Field(() => [ControlKindEnum], { nullable: true, description: 'Any of these control kinds.' })
  control?: ControlKind[] | null;

  @Field(() => [String], { nullable: true, description: 'Any of these providers.' })
  provider?: string[] | null;

  @Field(() => ID, { nullable: true, description: 'The cells of this sweep.' })
  sweepId?: string | null;

  @Field(() => DateTime, { nullable: true, description: 'Accepted at this time or later.' })
  createdFrom?: Date | null;

  @Field(() => DateTime, { nullable: true, description: 'Accepted before this time.' })
  createdTo?: Date | null;
}

const searchAbout =
  'Words of the prompt, 1 to 200 characters, as typed into a search box: "a phrase", or, -without. Case, accents and English endings do not matter.';

/** A filter with its public ids turned into keys. */
export function filterOf<T extends ListFilter>(filter: T | null | undefined): T {
  const given = filter ?? ({} as T);
  checkFilter(given);
  const keys = { profileId: given.profileId ?? null, sweepId: given.sweepId ?? null };
  if (keys.profileId !== null) {
    keys.profileId = keyOf('FinetuneProfile', keys.profileId);
    if (keys.profileId === null) throw new DarkroomError('BAD_REQUEST', 'filter.profileId is no id of a profile.');
  }
  if (keys.sweepId !== null) {
    keys.sweepId = keyOf('Sweep', keys.sweepId);
    if (keys.sweepId === null) throw new DarkroomError('BAD_REQUEST', 'filter.sweepId is no id of a sweep.');
  }
  return { ...given, ...keys };
}

@Resolver(() => Generation)
export class GenerationResolver {
  @Query(() => Generation, { nullable: true, description: 'One generation; null when your project has no such one.' })
  async generation(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the generation.' }) id: string,
  ): Promise<Generation | null> {
    const { projectId } = viewerOf(context);
    const key = keyOf('Generation', id);
    const generation = key === null ? null : await context.services.history.generation(projectId, key);
    return generation === null ? null : generationNode(generation);
  }

  @Query(() => GenerationConnection, {
    description:
      'The generations of your project. docs/history.md says which filters and orders are fast on any history; others are stopped after 5 seconds (QUERY_TIMEOUT).',
  })
  async generations(
    @Ctx() context: Context,
    @Arg('filter', () => GenerationFilter, { nullable: true, description: 'Which ones.' }) filter: FilterValue | null,
    @Arg('search', () => String, { nullable: true, description: searchAbout }) search: string | null,
    @Arg('orderBy', () => GenerationOrderEnum, { defaultValue: 'NEWEST', description: 'In which order.' })
    orderBy: ListOrder,
    @Arg('first', () => Int, {
      nullable: true,
      defaultValue: pageBounds.byDefault,
      description: '1 to 100; not together with `last`.',
    })
    first: number | null,
    @Arg('after', () => String, { nullable: true, description: 'Cursor to continue from.' }) after: string | null,
    @Arg('last', () => Int, { nullable: true, description: '1 to 100: the end of the list, or of what is `before`.' })
    last: number | null,
    @Arg('before', () => String, { nullable: true, description: 'Cursor to go back from; with `last`.' })
    before: string | null,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Listed<Generation | ListedNode>> {
    const wanted = filterOf(filter as GenerationFilter | null);
    return await listGenerations(context, { filter: wanted, search, orderBy, first, after, last, before }, info);
  }

  @FieldResolver(() => FinetuneProfile, { nullable: true, description: 'The finetune profile that it was made with.' })
  async profile(@Root() root: Generation, @Ctx() context: Context): Promise<FinetuneProfile | null> {
    const profile =
      root.profileKey === null ? null : await (root.loaders ?? context.loaders).profile.load(root.profileKey);
    return profile === null ? null : profileNode(profile);
  }

  @FieldResolver(() => Model, { nullable: true, description: 'The model; null when it is no longer in the catalogue.' })
  model(@Root() root: Generation, @Ctx() context: Context): Model | null {
    const model = context.services.catalogue.models.find((candidate) => candidate.id === root.modelId);
    return model === undefined ? null : modelNode(model, context);
  }

  @FieldResolver(() => [Image], { description: 'The pictures made; empty until it has succeeded.' })
  async images(@Root() root: Generation, @Ctx() context: Context): Promise<Image[]> {
    return root.status === 'SUCCEEDED' ? await imagesOf(root, context, 'RESULT') : [];
  }

  @FieldResolver(() => Image, { nullable: true, description: 'The control image, where there is one.' })
  async controlImage(@Root() root: Generation, @Ctx() context: Context): Promise<Image | null> {
    return (await imagesOf(root, context, 'CONTROL'))[0] ?? null;
  }

  @FieldResolver(() => Image, { nullable: true, description: 'The image prompt, where there is one.' })
  async imagePrompt(@Root() root: Generation, @Ctx() context: Context): Promise<Image | null> {
    return (await imagesOf(root, context, 'IMAGE_PROMPT'))[0] ?? null;
  }

  @FieldResolver(() => Image, { nullable: true, description: 'The image that was repainted, where there is one.' })
  async inputImage(@Root() root: Generation, @Ctx() context: Context): Promise<Image | null> {
    return (await imagesOf(root, context, 'IMAGE'))[0] ?? null;
  }

  @FieldResolver(() => Image, { nullable: true, description: 'The mask of what was repainted, where there is one.' })
  async mask(@Root() root: Generation, @Ctx() context: Context): Promise<Image | null> {
    return (await imagesOf(root, context, 'MASK'))[0] ?? null;
  }

  @FieldResolver(() => [Attempt], { description: 'The submits to a provider, first one first.' })
  async attempts(@Root() root: Generation, @Ctx() context: Context): Promise<Attempt[]> {
    return (await (root.loaders ?? context.loaders).attempts.load(root.key)).map(attemptNode);
  }

  @FieldResolver(() => Float, {
    nullable: true,
    description: 'Progress that the provider reported, 0 to 1; null unless RUNNING.',
  })
  async progress(@Root() root: Generation, @Ctx() context: Context): Promise<number | null> {
    if (root.status !== 'RUNNING') return null;
    return (await (root.loaders ?? context.loaders).attempts.load(root.key)).at(-1)?.progress ?? null;
  }

  @FieldResolver(() => [GenerationEvent], { description: 'Every change so far, in order.' })
  async events(@Root() root: Generation, @Ctx() context: Context): Promise<GenerationEvent[]> {
    return (await context.loaders.events.load(root.key)).map(eventNode);
  }
}

async function imagesOf(root: Generation, { loaders, services }: Context, role: ImageRole): Promise<Image[]> {
  const { imageRefs, image } = root.loaders ?? loaders;
  const refs = (await imageRefs.load(root.key)).filter((ref) => ref.role === role);
  const images = await Promise.all(refs.map(async (ref) => await image.load(ref.imageId)));
  return images.flatMap((each) => (each === null ? [] : [imageNode(each, services.publicUrl)]));
}
