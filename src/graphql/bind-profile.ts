import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, ID, InputType, Mutation, Resolver } from './decorators.js';
import { Parameters } from './parameters.js';
import { FinetuneProfile, payload, ProfilePayload, withDefaults } from './profile.js';

@InputType({ description: 'Tells what a finetune is called at a provider; replaces the binding there.' })
export class BindProfileInput {
  @Field(() => ID, { description: 'The profile.' })
  profileId: string;

  @Field(() => String, { description: 'The provider, e.g. bfl.' })
  provider: string;

  @Field(() => String, {
    nullable: true,
    description: "The provider's own id of the finetune, 1 to 200 characters. This, loraUrl or both.",
  })
  finetuneId?: string | null;

  @Field(() => String, {
    nullable: true,
    description:
      "Where the LoRA's weights are: an https address, or a name that the provider understands such as owner/name at Hugging Face, 1 to 2,000 characters. Its scale is the default finetuneStrength.",
  })
  loraUrl?: string | null;

  @Field(() => String, { nullable: true, description: "Instead of the profile's trigger word, at this provider." })
  triggerWord?: string | null;

  @Field(() => Parameters, { nullable: true, description: "Before the profile's defaults, at this provider." })
  defaults?: Parameters | null;
}

@InputType({ description: 'Which binding to take away.' })
export class UnbindProfileInput {
  @Field(() => ID, { description: 'The profile.' })
  profileId: string;

  @Field(() => String, { description: 'The provider that it is bound to.' })
  provider: string;
}

@Resolver(() => FinetuneProfile)
export class BindProfileResolver {
  @Mutation(() => ProfilePayload, { description: 'Binds a profile to a provider.' })
  async bindProfile(
    @Ctx() context: Context,
    @Arg('input', () => BindProfileInput, { description: 'The profile, the provider, and the name there.' })
    input: BindProfileInput,
  ): Promise<ProfilePayload> {
    return payload(await context.services.profileService.bind(viewerOf(context), withDefaults(input)));
  }

  @Mutation(() => ProfilePayload, {
    description:
      'Takes a profile’s binding at a provider away: nothing new goes there with it. Generations already accepted keep their routes.',
  })
  async unbindProfile(
    @Ctx() context: Context,
    @Arg('input', () => UnbindProfileInput, { description: 'The profile and the provider.' }) input: UnbindProfileInput,
  ): Promise<ProfilePayload> {
    return payload(await context.services.profileService.unbind(viewerOf(context), input));
  }
}
