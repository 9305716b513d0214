import { leftOf, monthName, type BudgetRecord } from '../domain/budget.js';
import { publicId } from '../domain/ids.js';
import { viewerOf, type Context } from './context.js';
import {
  Arg,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from './decorators.js';
import { FinetuneProfile, profileNode } from './profile.js';
import { DateTime, SafeInt } from './scalars.js';
import { UserError } from './user-error.js';

@ObjectType({
  description:
    'What a project may spend on the generations accepted in a month (UTC), in micro-USD, and what these have come to. What would need more than is left is refused (BUDGET_EXCEEDED).',
})
export class Budget {
  /** Null: all profiles. */
  profileKey: string | null;

  @Field(() => ID, { description: 'Id of the budget.' })
  id: string;

  @Field(() => ID, {
    nullable: true,
    description: 'The profile whose generations it is for; null: all of the project.',
  })
  profileId: string | null;

  @Field(() => String, { description: 'The month that the amounts are of, as 2026-11.' })
  month: string;

  @Field(() => Boolean, {
    description: 'Whether it holds for every month that has no budget of its own, or for this one only.',
  })
  everyMonth: boolean;

  @Field(() => SafeInt, { description: 'What may be spent in the month.' })
  limitMicros: number;

  @Field(() => SafeInt, {
    description:
      'Spent: as settled; where the provider does not say, as quoted, or by the price table when it was sent.',
  })
  spentMicros: number;

  @Field(() => SafeInt, {
    description: 'Held for what waits or is under way: the dearest of its routes, or the quote.',
  })
  reservedMicros: number;

  @Field(() => SafeInt, {
    description: 'Held for submits of which nobody knows whether a provider took them: they may have been billed.',
  })
  uncertainMicros: number;

  @Field(() => SafeInt, {
    description: 'Limit less all of these. Below 0 where the limit was lowered, or something cost more than its price.',
  })
  leftMicros: number;

  @Field(() => Int, {
    description: 'Submits from before the budget whose price nobody knows: in none of the amounts. Unknown is not 0.',
  })
  unpriced: number;

  @Field(() => SafeInt, {
    nullable: true,
    description: 'Held for a submit whose price is not known; null: such are refused (PRICE_UNKNOWN).',
  })
  unknownPriceMicros: number | null;

  @Field(() => DateTime, { description: 'When it was set last.' })
  updatedAt: Date;
}

@InputType({ description: 'A budget. There is one for each project, profile and month: setting it again changes it.' })
export class SetBudgetInput {
  @Field(() => String, { nullable: true, description: 'Slug of the project. Default: your own.' })
  project?: string | null;

  @Field(() => ID, { nullable: true, description: 'For the generations of this profile only. Default: of all.' })
  profileId?: string | null;

  @Field(() => String, {
    nullable: true,
    description: 'For this month only, as 2026-11 (UTC), not over yet. Default: every month that has none of its own.',
  })
  month?: string | null;

  @Field(() => SafeInt, { description: 'What may be spent in the month, 0 to 1,000,000,000,000 micro-USD.' })
  limitMicros: number;

  @Field(() => SafeInt, {
    nullable: true,
    description:
      'What to hold for a submit whose price is not known, 0 to 1,000,000,000,000 micro-USD. Default: such are refused.',
  })
  unknownPriceMicros?: number | null;
}

@ObjectType({ description: 'Answer to setBudget.' })
export class SetBudgetPayload {
  @Field(() => Budget, { nullable: true, description: 'The budget as it stands; null when refused.' })
  budget: Budget | null;

  @Field(() => [UserError], { description: 'Everything that is wrong with the input.' })
  userErrors: UserError[];
}

@ObjectType({ description: 'Answer to removeBudget.' })
export class RemoveBudgetPayload {
  @Field(() => ID, { nullable: true, description: 'Id of the budget that was removed; null when refused.' })
  budgetId: string | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors: UserError[];
}

function budgetNode(record: BudgetRecord): Budget {
  const { budget, month, spentMicros, reservedMicros, uncertainMicros, unpriced, updatedAt } = record;
  const { profileId, limitMicros, unknownPriceMicros } = budget;
  return {
    profileKey: profileId,
    id: publicId('Budget', budget.id),
    profileId: profileId === null ? null : publicId('FinetuneProfile', profileId),
    month: monthName(month),
    everyMonth: budget.month === null,
    limitMicros,
    spentMicros,
    reservedMicros,
    uncertainMicros,
    leftMicros: leftOf(record),
    unpriced,
    unknownPriceMicros,
    updatedAt,
  };
}

@Resolver(() => Budget)
export class BudgetResolver {
  @FieldResolver(() => FinetuneProfile, {
    nullable: true,
    description: 'The profile that it is for; null for all, and where it is of another project than yours.',
  })
  async profile(@Root() { profileKey }: Budget, @Ctx() { loaders }: Context): Promise<FinetuneProfile | null> {
    const profile = profileKey === null ? null : await loaders.profile.load(profileKey);
    return profile === null ? null : profileNode(profile);
  }

  @Query(() => [Budget], {
    description:
      "The budgets that hold in a month: first the project's, then those of profiles. Empty: nothing is limited.",
  })
  async budgets(
    @Ctx() context: Context,
    @Arg('month', () => String, { nullable: true, description: 'As 2026-11 (UTC). Default: the present one.' })
    month?: string | null,
    @Arg('project', () => String, {
      nullable: true,
      description: 'Slug of a project, for operators. Default: your own.',
    })
    project?: string | null,
  ): Promise<Budget[]> {
    const request = { project: project ?? null, month: month ?? null };
    return (await context.services.budgetService.list(viewerOf(context), request)).map(budgetNode);
  }

  @Mutation(() => SetBudgetPayload, {
    description:
      'Sets a budget, for what is accepted from now on; what the month has come to so far is counted. For operators: whoever spends does not raise the limit.',
  })
  async setBudget(
    @Ctx() context: Context,
    @Arg('input', () => SetBudgetInput, { description: 'The budget.' }) input: SetBudgetInput,
  ): Promise<SetBudgetPayload> {
    const { project = null, profileId = null, month = null, limitMicros, unknownPriceMicros = null } = input;
    const request = { project, profileId, month, limitMicros, unknownPriceMicros };
    const set = await context.services.budgetService.set(viewerOf(context), request);
    return set.ok ? { budget: budgetNode(set.value), userErrors: [] } : { budget: null, userErrors: set.refusals };
  }

  @Mutation(() => RemoveBudgetPayload, { description: 'Removes a budget. Nothing is stopped by that. For operators.' })
  async removeBudget(
    @Ctx() context: Context,
    @Arg('id', () => ID, { description: 'Id of the budget.' }) id: string,
  ): Promise<RemoveBudgetPayload> {
    const removed = await context.services.budgetService.remove(viewerOf(context), id);
    return removed.ok ? { budgetId: removed.value, userErrors: [] } : { budgetId: null, userErrors: removed.refusals };
  }
}
