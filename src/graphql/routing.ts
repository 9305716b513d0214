import type { RoutingPolicy } from '../domain/rank.js';
import type { Checked } from '../domain/refusal.js';
import { viewerOf, type Context } from './context.js';
import { Arg, Ctx, Field, FieldResolver, ID, InputType, Mutation, ObjectType, Resolver, Root } from './decorators.js';
import { RoutingPreferenceEnum } from './enums.js';
import { Model, modelNode } from './model.js';
import { Project } from './node.js';
import { UserError } from './user-error.js';

@ObjectType({ description: 'Which routes the generations of a project prefer.' })
export class Routing {
  @Field(() => RoutingPreferenceEnum, { description: 'What decides between routes that could all be taken.' })
  prefer: RoutingPolicy['prefer'];

  @Field(() => [String], {
    description: 'The providers to go first, in this order; with CHEAPEST and FASTEST it decides between equals.',
  })
  providers: readonly string[];
}

@InputType({ description: 'Which routes the generations of your project shall prefer.' })
export class SetRoutingInput {
  @Field(() => RoutingPreferenceEnum, { nullable: true, description: 'Default ORDER.' })
  prefer?: RoutingPolicy['prefer'] | null;

  @Field(() => [String], {
    nullable: true,
    description: 'Providers of which accounts are configured here, each once; the others follow. Default none.',
  })
  providers?: string[] | null;
}

@ObjectType({ description: 'Answer to setRouting.' })
export class SetRoutingPayload {
  @Field(() => Routing, {
    nullable: true,
    description: 'What holds now, in all processes within seconds; null when refused.',
  })
  routing: Routing | null;

  @Field(() => [UserError], { description: 'Everything that is wrong with the input.' })
  userErrors: UserError[];
}

@ObjectType({ description: 'Answer to clearRetirement.' })
export class ClearRetirementPayload {
  @Field(() => Model, { nullable: true, description: 'The model as it stands now; null when refused.' })
  model: Model | null;

  @Field(() => [UserError], { description: 'Why it was refused; empty when it was not.' })
  userErrors: UserError[];
}

function routingPayload(checked: Checked<RoutingPolicy>): SetRoutingPayload {
  return checked.ok ? { routing: checked.value, userErrors: [] } : { routing: null, userErrors: checked.refusals };
}

@Resolver(() => Project)
export class RoutingResolver {
  @FieldResolver(() => Routing, { description: 'Which routes its generations prefer.' })
  routing(@Root() _project: Project, @Ctx() context: Context): Routing {
    return context.services.routingService.policyOf(viewerOf(context));
  }

  @Mutation(() => SetRoutingPayload, {
    description:
      'Says which routes the generations of your project shall prefer. Those already accepted keep their own.',
  })
  async setRouting(
    @Ctx() context: Context,
    @Arg('input', () => SetRoutingInput, { description: 'What to prefer.' }) input: SetRoutingInput,
  ): Promise<SetRoutingPayload> {
    const policy = { prefer: input.prefer ?? 'ORDER', providers: input.providers ?? [] } as const;
    return routingPayload(await context.services.routingService.setPolicy(viewerOf(context), policy));
  }

  @Mutation(() => ClearRetirementPayload, {
    description:
      'Takes a model again of which its provider answered as if it had none such. A success does the same. For operators.',
  })
  async clearRetirement(
    @Ctx() context: Context,
    @Arg('model', () => ID, { description: 'Id of the model.' }) model: string,
    @Arg('account', () => ID, { nullable: true, description: 'At this account only; null: at all.' })
    account?: string | null,
  ): Promise<ClearRetirementPayload> {
    const cleared = await context.services.routingService.clearRetirement(viewerOf(context), model, account ?? null);
    if (!cleared.ok) return { model: null, userErrors: cleared.refusals };
    const known = context.services.catalogue.models.find(({ id }) => id === cleared.value);
    return { model: known === undefined ? null : modelNode(known, context), userErrors: [] };
  }
}
