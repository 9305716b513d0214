import { GraphQLInputObjectType, type GraphQLSchema } from 'graphql';
import { AnnotationResolver } from './annotation.js';
import { BindProfileResolver } from './bind-profile.js';
import { BindingCheckResolver } from './binding-check.js';
import { BudgetResolver } from './budget.js';
import { buildSchema } from './decorators.js';
import { ErasureResolver } from './erasure.js';
import { EstimateResolver } from './estimate.js';
import { ExportResolver } from './export.js';
import { GenerateResolver } from './generate.js';
import { GenerationGroupsResolver } from './generation-groups.js';
import { GenerationResolver } from './generation.js';
import { ImageResolver } from './image.js';
import { ModelResolver } from './model.js';
import { NodeResolver } from './node.js';
import { ProfileResolver } from './profile.js';
import { ProviderResolver } from './provider.js';
import { RoutingResolver } from './routing.js';
import { ReplayPairResolver, ReplayResolver } from './replay.js';
import { RerunResolver } from './rerun.js';
import { SettleResolver } from './settle.js';
import { StorageResolver } from './storage.js';
import { StopResolver } from './stop.js';
import { SubscriptionResolver } from './subscription.js';
import { SweepCellResolver, SweepResolver } from './sweep.js';
import { TotalCountResolver } from './total-count.js';
import { UsageResolver } from './usage.js';
import { WaitingResolver } from './waiting.js';

const rootDescriptions = {
  Query: 'What can be read. Only what belongs to your project is ever found.',
  Mutation:
    'What can be done. A mistake in an input comes back as a UserError in the payload; then nothing was written and nothing spent.',
  Subscription: 'What can be followed live, over WebSocket (graphql-ws) or server-sent events (graphql-sse).',
};

/** The whole schema. Every resolver takes what it needs from the context, so it is the same for every server. */
export async function createSchema(): Promise<GraphQLSchema> {
  const schema = await buildSchema({
    resolvers: [
      NodeResolver,
      ErasureResolver,
      EstimateResolver,
      ExportResolver,
      GenerationResolver,
      GenerateResolver,
      GenerationGroupsResolver,
      ImageResolver,
      AnnotationResolver,
      BindProfileResolver,
      BindingCheckResolver,
      BudgetResolver,
      ModelResolver,
      ProfileResolver,
      ProviderResolver,
      RoutingResolver,
      ReplayPairResolver,
      ReplayResolver,
      RerunResolver,
      SettleResolver,
      StopResolver,
      StorageResolver,
      SubscriptionResolver,
      SweepCellResolver,
      SweepResolver,
      TotalCountResolver,
      UsageResolver,
      WaitingResolver,
    ],
    validate: false,
    // Asked for although every subscription here brings its own stream; it is never used.
    pubSub: {
      publish: () => undefined,
      subscribe: () => {
        throw new Error('Subscriptions bring their own streams.');
      },
    },
  });
  // type-graphql 2.0.0-rc.4 drops its decorator's isOneOf; set on the built type it is printed and enforced.
  for (const name of ['ImageInput', 'SweepAxisInput']) {
    const input = schema.getType(name);
    if (input instanceof GraphQLInputObjectType) input.isOneOf = true;
  }
  // The roots have no class of their own to carry a description.
  for (const [name, description] of Object.entries(rootDescriptions)) {
    const root = schema.getType(name);
    if (root !== undefined) root.description = description;
  }
  return schema;
}
