import type { Profile as ProfileRecord } from '../domain/generation.js';
import { publicId } from '../domain/ids.js';
import type { Checked } from '../domain/refusal.js';
import { connectionOf, pageBounds, PageInfo, windowOf, type Connection } from './connection.js';
import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, ID, InputType, Int, Mutation, ObjectType, Query, Resolver } from './decorators.js';
import { Node } from './node-interface.js';
import { keyOf } from '../domain/ids.js';
import { askedParameters, Parameters, parametersNode } from './parameters.js';
import { DateTime } from './scalars.js';
import { UserError } from './user-error.js';

@ObjectType({ description: 'What a finetune profile is called at one provider.' })
export class Binding {
  @Field(() => String, { description: 'The provider, e.g. bfl.' })
  provider: string;

  @Field(() => String, {
    nullable: true,
    description: "The provider's own id of the finetune, for models that go by one.",
  })
  finetuneId: string | null;

  @Field(() => String, {
    nullable: true,
    description: "Where the LoRA's weights are, for models that go by that. Its scale is finetuneStrength.",
  })
  loraUrl: string | null;

  @Field(() => String, { nullable: true, description: "Trigger word at this provider, instead of the profile's." })
  triggerWord: string | null;

  @Field(() => Parameters, { description: "Parameters at this provider, before the profile's." })
  defaults: Parameters;
}

@ObjectType({ implements: Node, description: 'A finetune as its users know it, whatever providers it is bound to.' })
export class FinetuneProfile extends Node {
  readonly __typename = 'FinetuneProfile';

  @Field(() => String, { description: 'Short name, unique in the project: lower-case letters, digits and hyphens.' })
  slug: string;

  @Field(() => String, { description: 'Name for people.' })
  name: string;

  @Field(() => String, { description: 'What it is for; may be empty.' })
  description: string;

  @Field(() => String, { nullable: true, description: 'Put in front of a prompt that does not have it.' })
  triggerWord: string | null;

  @Field(() => Parameters, { description: 'Parameters to use where a request gives none.' })
  defaults: Parameters;

  @Field(() => [Binding], { description: 'One per provider that knows the finetune.' })
  bindings: Binding[];

  @Field(() => Int, { description: 'Raised by every change.' })
  version: number;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt: Date;

  @Field(() => DateTime, { description: 'When it was last changed.' })
  updatedAt: Date;

  @Field(() => DateTime, { nullable: true, description: 'Since when it takes no new generations.' })
  archivedAt: Date | null;
}

export function profileNode(profile: ProfileRecord): FinetuneProfile {
  const { projectId: _project, id, defaults, bindings, ...rest } = profile;
  return {
    __typename: 'FinetuneProfile',
    ...rest,
    id: publicId('FinetuneProfile', id),
    // Worked out when asked for: a page has its profile many times.
    get defaults() {
      return parametersNode(defaults);
    },
    get bindings() {
      return bindings.map(({ provider, finetuneId, loraUrl, triggerWord, defaults: own }) => ({
        provider,
        finetuneId,
        loraUrl,
        triggerWord,
        defaults: parametersNode(own),
      }));
    },
  };
}

@ObjectType({ description: 'One profile in a list.' })
export class FinetuneProfileEdge {
  @Field(() => FinetuneProfile, { description: 'The profile.' })
  node: FinetuneProfile;

  @Field(() => String, { description: 'Its place in the list.' })
  cursor: string;
}

@ObjectType({ description: 'A page of profiles, newest first.' })
export class FinetuneProfileConnection implements Connection<FinetuneProfile> {
  @Field(() => [FinetuneProfileEdge], { description: 'The entries with their cursors.' })
  edges: FinetuneProfileEdge[];

  @Field(() => [FinetuneProfile], { description: 'The entries.' })
  nodes: FinetuneProfile[];

  @Field(() => PageInfo, { description: 'Where this page lies.' })
  pageInfo: PageInfo;
}

@ObjectType({ description: 'The profile as it is now, or what was wrong with the input.' })
export class ProfilePayload {
  @Field(() => FinetuneProfile, { nullable: true, description: 'Null when the input was refused.' })
  profile: FinetuneProfile | null;

  @Field(() => [UserError], { description: 'Empty when it worked.' })
  userErrors: UserError[];
}

@InputType({ description: 'A new finetune profile.' })
export class CreateProfileInput {
  @Field(() => String, { description: '1 to 64 lower-case letters, digits and inner hyphens; unique in the project.' })
  slug: string;

  @Field(() => String, { description: '1 to 200 characters.' })
  name: string;

  @Field(() => String, { nullable: true, description: 'At most 2,000 characters.' })
  description?: string | null;

  @Field(() => String, { nullable: true, description: '1 to 100 characters; put in front of prompts that lack it.' })
  triggerWord?: string | null;

  @Field(() => Parameters, { nullable: true, description: 'Parameters to use where a request gives none.' })
  defaults?: Parameters | null;
}

@InputType({ description: 'Changes of a profile; what is left out stays as it is.' })
export class UpdateProfileInput {
  @Field(() => ID, { description: 'The profile.' })
  id: string;

  @Field(() => String, { nullable: true, description: '1 to 64 lower-case letters, digits and inner hyphens.' })
  slug?: string;

  @Field(() => String, { nullable: true, description: '1 to 200 characters.' })
  name?: string;

  @Field(() => String, { nullable: true, description: 'At most 2,000 characters.' })
  description?: string | null;

  @Field(() => String, { nullable: true, description: '1 to 100 characters; null removes it.' })
  triggerWord?: string | null;

  @Field(() => Parameters, { nullable: true, description: 'Replaces all defaults.' })
  defaults?: Parameters | null;
}

@InputType({ description: 'Which profile to archive or bring back.' })
export class ArchiveProfileInput {
  @Field(() => ID, { description: 'The profile.' })
  id: string;

  @Field(() => Boolean, { defaultValue: true, description: 'False brings it back.' })
  archived: boolean;
}

/** A profile as a mutation answers it. */
export function payload(checked: Checked<ProfileRecord>): ProfilePayload {
  return checked.ok
    ? { profile: profileNode(checked.value), userErrors: [] }
    : { profile: null, userErrors: checked.refusals };
}

/** Defaults as the service takes them: absent stays absent, so that an update leaves it alone. */
export function withDefaults<T extends { defaults?: Parameters | null }>(input: T): T {
  return input.defaults == null ? input : { ...input, defaults: askedParameters(input.defaults) };
}

/** Null for a name that cannot be removed means: leave it alone. */
function present<T>(value: T | null | undefined): T | undefined {
  return value ?? undefined;
}

@Resolver(() => FinetuneProfile)
export class ProfileResolver {
  @Query(() => FinetuneProfile, { nullable: true, description: 'One profile; null when your project has no such one.' })
  async profile(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the profile.' }) id: string,
  ): Promise<FinetuneProfile | null> {
    viewerOf(context);
    const key = keyOf('FinetuneProfile', id);
    const profile = key === null ? null : await context.loaders.profile.load(key);
    return profile === null ? null : profileNode(profile);
  }

  @Query(() => FinetuneProfileConnection, { description: 'The profiles of your project, newest first.' })
  async profiles(
    @Ctx() context: Context,
    @Arg('first', () => Int, { defaultValue: pageBounds.byDefault, description: '1 to 100.' }) first: number,
    @Arg('after', () => String, { nullable: true, description: 'Cursor to continue from.' }) after?: string | null,
    @Arg('archived', () => Boolean, {
      nullable: true,
      defaultValue: false,
      description: 'True for archived ones only, null for all.',
    })
    archived?: boolean | null,
  ): Promise<FinetuneProfileConnection> {
    const window = windowOf(first, after);
    const { projectId } = viewerOf(context);
    const rows = await context.services.profiles.page(projectId, { archived: archived ?? null }, window);
    return connectionOf(rows, window, profileNode);
  }

  @Mutation(() => ProfilePayload, { description: 'Makes a finetune profile.' })
  async createProfile(
    @Ctx() context: Context,
    @Arg('input', () => CreateProfileInput, { description: 'The new profile.' }) input: CreateProfileInput,
  ): Promise<ProfilePayload> {
    return payload(await context.services.profileService.create(viewerOf(context), withDefaults(input)));
  }

  @Mutation(() => ProfilePayload, {
    description: 'Changes a finetune profile. Generations already accepted keep what they had.',
  })
  async updateProfile(
    @Ctx() context: Context,
    @Arg('input', () => UpdateProfileInput, { description: 'What to change.' }) input: UpdateProfileInput,
  ): Promise<ProfilePayload> {
    const { slug, name, ...rest } = withDefaults(input);
    const named = { ...rest, ...compact({ slug: present(slug), name: present(name) }) };
    return payload(await context.services.profileService.update(viewerOf(context), named));
  }

  @Mutation(() => ProfilePayload, {
    description: 'Archives a profile: it takes no new generations; its history stays.',
  })
  async archiveProfile(
    @Ctx() context: Context,
    @Arg('input', () => ArchiveProfileInput, { description: 'Which profile, and which way.' })
    input: ArchiveProfileInput,
  ): Promise<ProfilePayload> {
    return payload(await context.services.profileService.archive(viewerOf(context), input));
  }
}

function compact(values: { slug: string | undefined; name: string | undefined }): { slug?: string; name?: string } {
  return {
    ...(values.slug === undefined ? {} : { slug: values.slug }),
    ...(values.name === undefined ? {} : { name: values.name }),
  };
}
