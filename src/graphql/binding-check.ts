import { bindingVerdicts, type BindingVerdict } from '../domain/provider-call.js';
import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, ID, InputType, Mutation, ObjectType, Resolver } from './decorators.js';
import { enumOf } from './enum-of.js';
import { FinetuneProfile, profileNode } from './profile.js';
import { UserError } from './user-error.js';

const BindingVerdictEnum = enumOf('BindingVerdict', 'Whether a binding can work.', bindingVerdicts, {
  VALID: 'The provider has it.',
  INVALID: 'The provider says that it has no such thing.',
  UNKNOWN: 'Nothing that is free could tell.',
});

@InputType({ description: 'Where to import from.' })
export class ImportProfilesInput {
  @Field(() => String, { description: 'The provider, e.g. bfl.' })
  provider: string;

  @Field(() => ID, { nullable: true, description: 'Its account; left out: the first that your project may use.' })
  account?: string | null;
}

@ObjectType({ description: 'Answer to importProfiles.' })
export class ImportProfilesPayload {
  @Field(() => [FinetuneProfile], { description: 'Made just now, each bound to its finetune.' })
  imported: FinetuneProfile[];

  @Field(() => [FinetuneProfile], { description: 'Bound to a finetune of the account already; left as they are.' })
  known: FinetuneProfile[];

  @Field(() => [UserError], { description: 'Why nothing was imported; empty when it worked.' })
  userErrors: UserError[];
}

@InputType({ description: 'Which binding to check.' })
export class CheckBindingInput {
  @Field(() => ID, { description: 'The profile.' })
  profileId: string;

  @Field(() => String, { description: 'The provider whose binding is checked.' })
  provider: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The account to ask; left out: the first that your project may use.',
  })
  account?: string | null;
}

@ObjectType({ description: 'Answer to checkBinding.' })
export class CheckBindingPayload {
  @Field(() => BindingVerdictEnum, { nullable: true, description: 'Null when the provider could not be asked.' })
  verdict: BindingVerdict | null;

  @Field(() => String, { nullable: true, description: "The provider's answer in a sentence." })
  message: string | null;

  @Field(() => [UserError], { description: 'Why it could not be checked; empty when it was.' })
  userErrors: UserError[];
}

@Resolver()
export class BindingCheckResolver {
  @Mutation(() => ImportProfilesPayload, {
    description:
      "Makes a profile of each finetune that the account has and your project does not know: at most 200. It costs nothing. For operators, or for an account that is your project's alone.",
  })
  async importProfiles(
    @Ctx() context: Context,
    @Arg('input', () => ImportProfilesInput, { description: 'Where to import from.' }) input: ImportProfilesInput,
  ): Promise<ImportProfilesPayload> {
    const request = { provider: input.provider, account: input.account ?? null };
    const outcome = await context.services.importProfiles(viewerOf(context), request);
    if (!outcome.ok) return { imported: [], known: [], userErrors: outcome.refusals };
    const { imported, known } = outcome.value;
    return { imported: imported.map(profileNode), known: known.map(profileNode), userErrors: [] };
  }

  @Mutation(() => CheckBindingPayload, {
    description:
      'Asks a provider whether it has what a profile is bound to there. It costs nothing and changes nothing.',
  })
  async checkBinding(
    @Ctx() context: Context,
    @Arg('input', () => CheckBindingInput, { description: 'Which binding to check.' }) input: CheckBindingInput,
  ): Promise<CheckBindingPayload> {
    const { profileId, provider, account } = input;
    const outcome = await context.services.checkBinding(viewerOf(context), {
      profileId,
      provider,
      account: account ?? null,
    });
    return outcome.ok
      ? { ...outcome.value, userErrors: [] }
      : { verdict: null, message: null, userErrors: outcome.refusals };
  }
}
