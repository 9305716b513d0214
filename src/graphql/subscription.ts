import { keyOf } from '../domain/ids.js';
import type { Generation as GenerationRecord } from '../domain/generation.js';
import type { ControlKind, GenerationStatus } from '../domain/lifecycle.js';
import { DarkroomError } from '../errors.js';
import type { EventFilter } from '../domain/ports.js';
import type { EventsMessage } from '../service/subscribe.js';
import { loadersFor } from './batch-loaders.js';
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
import { ControlKindEnum, EventsEndReasonEnum, GenerationStatusEnum } from './enums.js';
import { eventCursor, eventNode, GenerationEvent, positionOf } from './event.js';
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

@ObjectType({ description: 'Last message of generationEvents: why the stream ends here, and where to go on.' })
export class EventsEnd {
  readonly __typename = 'EventsEnd';

  @Field(() => EventsEndReasonEnum, { description: 'Why.' })
  reason: EventsEndReason;

  @Field(() => String, {
    nullable: true,
    description: 'What to subscribe with as `after`; null: leave it out, for a new snapshot.',
  })
  resumeAfter: string | null;

  @Field(() => String, { description: 'The reason in words.' })
  message: string;
}

const GenerationEventsMessage = createUnionType({
  name: 'GenerationEventsMessage',
  description: 'Without `after` first a snapshot; then every event in order; at last why it ends, if Darkroom ends it.',
  types: () => [EventsSnapshot, GenerationEvent, EventsEnd] as const,
  resolveType: (value) => value.__typename,
});

type EventsEndReason = keyof typeof EventsEndReasonEnum;
type EventsArgs = { filter?: EventFilter | null; after?: string | null };
type MessageNode = EventsSnapshot | GenerationEvent | EventsEnd;

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

const endings = {
  TOO_SLOW: 'Too many events waited to be read; subscribe again with `after: cursor`.',
  STOPPING: 'This process stops; connect again and subscribe with `after: cursor`.',
} as const;

function messageNode(message: EventsMessage): MessageNode {
  if (message.kind === 'event') return eventNode(message.event);
  if (message.kind === 'snapshot') {
    const { position, running } = message;
    return { __typename: 'EventsSnapshot', cursor: eventCursor(position), running: running.map(generationNode) };
  }
  if (message.reason === 'CURSOR_TOO_OLD') {
    return { __typename: 'EventsEnd', reason: message.reason, resumeAfter: null, message: message.message };
  }
  const { reason, position } = message;
  return { __typename: 'EventsEnd', reason, resumeAfter: eventCursor(position), message: endings[reason] };
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
    description:
      'The log of your project: what is running now, then every event in order, none left out, none twice. With `after` it goes on where you were.',
    subscribe: async ({ args, context }: { args: EventsArgs; context: Context }) =>
      await context.services.subscriptions.generationEvents(
        viewerOf(context),
        filterOf(args.filter as GenerationEventFilter | null),
        args.after == null ? null : positionOf('after', args.after),
      ),
  })
  generationEvents(
    @Root() message: EventsMessage,
    @Arg('filter', () => GenerationEventFilter, { nullable: true, description: 'Which ones.' })
    _filter?: GenerationEventFilter | null,
    @Arg('after', () => String, {
      nullable: true,
      description:
        'A cursor of this subscription: no snapshot, but exactly the events after it, then live ones. Works on any instance.',
    })
    _after?: string | null,
  ): MessageNode {
    return messageNode(message);
  }

  @FieldResolver(() => Generation, {
    nullable: true,
    description: 'The generation as it is when this is read: at this event or later.',
  })
  async generation(@Root() event: GenerationEvent, @Ctx() context: Context): Promise<Generation | null> {
    const { record } = event;
    const told = await context.services.subscriptions.generationOf(record);
    if (told === undefined) {
      const generation = await context.loaders.generation.load(record.generationId);
      return generation === null ? null : generationNode(generation);
    }
    if (told.generation === null) return null;
    const node = generationNode(told.generation);
    node.loaders = loadersFor(told.together, context.loaders);
    return node;
  }
}
