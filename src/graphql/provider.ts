import { generationErrorCodes } from '../domain/generation.js';
import type { AccountState } from '../service/accounts.js';
import type { Checked } from '../domain/refusal.js';
import { AccountPause, pauseNode } from './account-pause.js';
import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, ID, Int, Mutation, ObjectType, Query, Resolver } from './decorators.js';
import { DateTime } from './scalars.js';
import { UserError } from './user-error.js';

@ObjectType({
  description: 'What went wrong at an account lately: among the newest submits of all projects, within 24 hours.',
})
export class AccountFault {
  @Field(() => String, { description: 'Code of the error, e.g. PROVIDER_UNREACHABLE or FINETUNE_UNKNOWN.' })
  code: string;

  @Field(() => String, { description: 'What the code means.' })
  message: string;

  @Field(() => Int, { description: 'How often.' })
  count: number;

  @Field(() => DateTime, { description: 'When it was seen last.' })
  lastAt: Date;
}

@ObjectType({ description: "One of this server's accounts at a provider, shared by the projects that may use it." })
export class ProviderAccount {
  @Field(() => ID, { description: 'Id of the account, as the operator named it.' })
  id: string;

  @Field(() => String, { description: 'The provider.' })
  provider: string;

  @Field(() => Boolean, { description: 'Whether it is the sandbox: a pretend upstream that costs nothing.' })
  sandbox: boolean;

  @Field(() => Int, { description: 'How many tasks the provider lets it have at once.' })
  activeLimit: number;

  @Field(() => Int, {
    nullable: true,
    description: 'How many it has, over all projects and processes; null unless the key is an operator’s.',
  })
  slotsInUse: number | null;

  @Field(() => AccountPause, { nullable: true, description: 'Why it takes no submits; null: it takes them.' })
  paused: AccountPause | null;

  @Field(() => Int, {
    description:
      'How many of its newest submits were settled at another price than the table says; `models { accounts { health } }` says by how much.',
  })
  priceDifferences: number;

  @Field(() => [AccountFault], { description: 'What went wrong lately, the newest first.' })
  recentErrors: AccountFault[];
}

@ObjectType({ description: 'A provider of which this server has accounts.' })
export class Provider {
  @Field(() => String, { description: 'Its name, as in the inputs.' })
  name: string;

  @Field(() => [ProviderAccount], { description: 'The accounts.' })
  accounts: ProviderAccount[];
}

@ObjectType()
abstract class AccountPayload {
  @Field(() => ProviderAccount, { nullable: true, description: 'The account as it now stands; null when refused.' })
  account: ProviderAccount | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors: UserError[];
}

@ObjectType({ description: 'Answer to pauseProvider.' })
export class PauseProviderPayload extends AccountPayload {}

@ObjectType({ description: 'Answer to resumeProvider.' })
export class ResumeProviderPayload extends AccountPayload {}

function accountNode({ account, pause, slotsInUse, priceDifferences, faults }: AccountState): ProviderAccount {
  const { id, provider, sandbox, limit } = account;
  return {
    id,
    provider,
    sandbox,
    activeLimit: limit,
    slotsInUse,
    priceDifferences,
    paused: pauseNode(pause),
    recentErrors: faults.map(({ code, count, lastAt }) => ({ code, message: meaningOf(code), count, lastAt })),
  };
}

/** Not what the provider said: that may be about another project's request. */
function meaningOf(code: string): string {
  const meanings: Readonly<Record<string, string>> = generationErrorCodes;
  return meanings[code] ?? code;
}

function payload(checked: Checked<AccountState>): AccountPayload {
  return checked.ok
    ? { account: accountNode(checked.value), userErrors: [] }
    : { account: null, userErrors: checked.refusals };
}

@Resolver()
export class ProviderResolver {
  @Query(() => [Provider], { description: 'The providers of which this server has accounts, and how those stand.' })
  async providers(@Ctx() context: Context): Promise<Provider[]> {
    const accounts = (await context.services.accountService.list(viewerOf(context))).map(accountNode);
    const names = [...new Set(accounts.map(({ provider }) => provider))];
    return names.map((name) => ({ name, accounts: accounts.filter(({ provider }) => provider === name) }));
  }

  @Mutation(() => PauseProviderPayload, {
    description: 'Submits nothing more to an account until it is resumed; what runs there goes on. For operators.',
  })
  async pauseProvider(
    @Ctx() context: Context,
    @Arg('account', () => ID, { description: 'Id of the account.' }) account: string,
    @Arg('reason', () => String, { nullable: true, description: 'Shown to everybody who waits; up to 500 characters.' })
    reason?: string | null,
  ): Promise<PauseProviderPayload> {
    return payload(await context.services.accountService.pause(viewerOf(context), account, reason ?? null));
  }

  @Mutation(() => ResumeProviderPayload, {
    description: 'Submits to an account again, whoever paused it and why. For operators.',
  })
  async resumeProvider(
    @Ctx() context: Context,
    @Arg('account', () => ID, { description: 'Id of the account.' }) account: string,
  ): Promise<ResumeProviderPayload> {
    return payload(await context.services.accountService.resume(viewerOf(context), account));
  }
}
