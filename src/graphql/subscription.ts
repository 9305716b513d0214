import { keyOf } from '../domain/ids.js';
import type { Generation as GenerationRecord } from '../domain/generation.js';
import type { ControlKind, GenerationStatus } from '../domain/lifecycle.js';
import { DarkroomError } from '../errors.js';
import type { EventFilter, EventsMessage } from '../service/subscribe.js';
import { viewerOf, type Context } from './context.js';
import {
  Arg,
  Ctx,
  createUnionType,
  Field,
  FieldResolver,
  ID,
  InputType,
  ObjectType,
  Resolver,
  Root,
  Subscription,
} from './decorators.js';
import { ControlKindEnum, GenerationStatusEnum } from './enums.js';
import { eventCursor, eventNode, GenerationEvent } from './event.js';
import { filterOf } from './generation.js';
import { Generation, generationNode } from './generation-types.js';

@ObjectType({ description: 'First message of generationEvents: where the log stands, and what is running now.' })
export class EventsSnapshot {
  readonly __typename = 'EventsSnapshot';

  @Field(() => String, { description: 'Where the log stands: every later event follows as a message.' })
  cursor: string;

  @Field(() => [Generation], {
    description:
      'The generations that match and have not ended, newest first, at most 500. They may be ahead of the cursor.',
  })
  running: Generation[];
}

const GenerationEventsMessage = createUnionType({
  name: 'GenerationEventsMessage',
  description: 'First a snapshot, then every event in order.',
  types: () => [EventsSnapshot, GenerationEvent] as const,
  resolveType: (value) => value.__typename,
});

@InputType({ description: 'Which events to hear of; all conditions must hold.' })
export class GenerationEventFilter {
  @Field(() => [GenerationStatusEnum], { nullable: true, description: 'Changes to any of these statuses.' })
  status?: GenerationStatus[] | null;

  @Field(() => ID, { nullable: true, description: 'Of generations made with this profile.' })
  profileId?: string | null;

  @Field(() => [ControlKindEnum], { nullable: true, description: 'Of generations of these control kinds.' })
  control?: ControlKind[] | null;

  @Field(() => [String], { nullable: true, description: 'Of generations at these providers.' })
  provider?: string[] | null;
}

function messageNode(message: EventsMessage): EventsSnapshot | GenerationEvent {
  if (message.kind === 'event') return eventNode(message.event);
  const { position, running } = message;
  return { __typename: 'EventsSnapshot', cursor: eventCursor(position), running: running.map(generationNode) };
}

@Resolver(() => GenerationEvent)
export class SubscriptionResolver {
  @Subscription(() => Generation, {
    description:
      'A generation as it is, then again after each change, progress included; ends with its final state. A slow reader gets the latest only.',
    subscribe: async ({ args, context }: { args: { id: string }; context: Context }) => {
      const key = keyOf('Generation', args.id);
      if (key === null) throw new DarkroomError('NOT_FOUND', 'There is no such generation in your project.');
      return await context.services.subscriptions.generationChanged(viewerOf(context), key);
    },
  })
  generationChanged(
    @Root() record: GenerationRecord,
    @Arg('id', () => ID, { description: 'Id of the generation.' }) _id: string,
  ): Generation {
    return generationNode(record);
  }

  @Subscription(() => GenerationEventsMessage, {
    description: 'The log of your project: what is running now, then every event in order, none left out, none twice.',
    subscribe: async ({ args, context }: { args: { filter?: EventFilter | null }; context: Context }) =>
      await context.services.subscriptions.generationEvents(
        viewerOf(context),
        filterOf(args.filter as GenerationEventFilter | null),
      ),
  })
  generationEvents(
    @Root() message: EventsMessage,
    @Arg('filter', () => GenerationEventFilter, { nullable: true, description: 'Which ones.' })
    _filter?: GenerationEventFilter | null,
  ): EventsSnapshot | GenerationEvent {
    return messageNode(message);
  }

  @FieldResolver(() => Generation, { nullable: true, description: 'The generation as it is when this is read.' })
  async generation(@Root() event: GenerationEvent, @Ctx() context: Context): Promise<Generation | null> {
    const generation = await context.loaders.generation.load(event.generationKey);
    return generation === null ? null : generationNode(generation);
  }
}
