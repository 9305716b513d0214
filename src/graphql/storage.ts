import { quotaReactions, type KeepingSettings, type QuotaReaction } from '../domain/keeping.js';
import type { StorageState } from '../service/storage.js';
import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, FieldResolver, InputType, Int, Mutation, ObjectType, Resolver, Root } from './decorators.js';
import { enumOf } from './enum-of.js';
import { Project } from './node.js';
import { SafeInt } from './scalars.js';
import { UserError } from './user-error.js';

export const ImageQuotaFullEnum = enumOf(
  'ImageQuotaFull',
  'What happens once the images of a project have as many bytes as they may.',
  // Object.keys is typed as string[]; these are exactly the table's keys.
  Object.keys(quotaReactions) as QuotaReaction[],
  quotaReactions,
);

@ObjectType({ description: 'What a project keeps, for how long, and what its images weigh.' })
export class Storage {
  @Field(() => Int, { nullable: true, description: 'Days that generations are kept; null: for ever.' })
  generationDays: number | null;

  @Field(() => Int, { nullable: true, description: 'Days that their events are kept; null: for ever.' })
  eventDays: number | null;

  @Field(() => Int, { nullable: true, description: 'Days that images are kept after their last use; null: for ever.' })
  imageDays: number | null;

  @Field(() => SafeInt, { nullable: true, description: 'Most bytes of images; null: any.' })
  imageQuotaBytes: number | null;

  @Field(() => ImageQuotaFullEnum, { description: 'What happens once there are so many.' })
  imageQuotaFull: QuotaReaction;

  @Field(() => SafeInt, { description: 'Images that are kept now: taken as input and made.' })
  images: number;

  @Field(() => SafeInt, { description: 'Their bytes. What is made from them, such as thumbnails, does not count.' })
  imageBytes: number;
}

@InputType({ description: 'What to change; what is left out stays as it is.' })
export class SetStorageInput {
  @Field(() => String, { nullable: true, description: 'Slug of the project; left out: your own.' })
  project?: string | null;

  @Field(() => Int, {
    nullable: true,
    description: 'Days that generations are kept, up to 36,500. 0: for ever; null: as the server’s settings say.',
  })
  generationDays?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The same of their events; at most as long as generations are kept.',
  })
  eventDays?: number | null;

  @Field(() => Int, {
    nullable: true,
    description: 'The same of images, counted from their last use; at most as long as generations are kept.',
  })
  imageDays?: number | null;

  @Field(() => SafeInt, {
    nullable: true,
    description: 'Most bytes of images. 0: any; null: as the server’s settings say.',
  })
  imageQuotaBytes?: number | null;

  @Field(() => ImageQuotaFullEnum, { nullable: true, description: 'What happens once there are so many.' })
  imageQuotaFull?: QuotaReaction | null;
}

@ObjectType({ description: 'Answer to setStorage.' })
export class SetStoragePayload {
  @Field(() => Storage, { nullable: true, description: 'What holds now; null when it was refused.' })
  storage: Storage | null;

  @Field(() => [UserError], { description: 'Everything that is wrong with the input.' })
  userErrors: UserError[];
}

function storageNode({ keeping, weight }: StorageState): Storage {
  return { ...keeping, images: weight.images, imageBytes: weight.bytes };
}

/** What was given, without what was left out. */
function settingsOf(input: SetStorageInput): Partial<KeepingSettings> {
  const { generationDays, eventDays, imageDays, imageQuotaBytes, imageQuotaFull } = input;
  return {
    ...(generationDays === undefined ? {} : { generationDays }),
    ...(eventDays === undefined ? {} : { eventDays }),
    ...(imageDays === undefined ? {} : { imageDays }),
    ...(imageQuotaBytes === undefined ? {} : { imageQuotaBytes }),
    ...(imageQuotaFull == null ? {} : { imageQuotaFull }),
  };
}

@Resolver(() => Project)
export class StorageResolver {
  @FieldResolver(() => Storage, { description: 'What it keeps, for how long, and what its images weigh.' })
  async storage(@Root() _project: Project, @Ctx() context: Context): Promise<Storage> {
    return storageNode(await context.services.storageService.state(viewerOf(context)));
  }

  @Mutation(() => SetStoragePayload, {
    description:
      'Sets how long a project’s generations, events and images are kept, and how many bytes of images it may have. For operators. docs/operating.md tells when what goes.',
  })
  async setStorage(
    @Ctx() context: Context,
    @Arg('input', () => SetStorageInput, { description: 'What to change.' }) input: SetStorageInput,
  ): Promise<SetStoragePayload> {
    const request = { project: input.project ?? null, ...settingsOf(input) };
    const set = await context.services.storageService.set(viewerOf(context), request);
    return set.ok ? { storage: storageNode(set.value), userErrors: [] } : { storage: null, userErrors: set.refusals };
  }
}
