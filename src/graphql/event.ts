import type { GenerationEvent as EventRecord } from '../domain/generation.js';
import { publicId } from '../domain/ids.js';
import type { ControlKind, GenerationStatus } from '../domain/lifecycle.js';
import { DarkroomError } from '../errors.js';
import { Field, ID, Int, ObjectType } from './decorators.js';
import { ControlKindEnum, GenerationStatusEnum } from './enums.js';
import { DateTime, SafeInt } from './scalars.js';

@ObjectType({ description: 'One change of a generation. Events are never changed and never coalesced.' })
export class GenerationEvent {
  readonly __typename = 'GenerationEvent';

  /** What it was made from; not a field. */
  record: EventRecord;

  @Field(() => ID, { description: 'Id of the generation.' })
  generationId: string;

  @Field(() => SafeInt, {
    description: 'Its place in the order of all events; rises, with gaps where events are not yours.',
  })
  position: number;

  @Field(() => String, { description: 'Where the log stands after this event.' })
  cursor: string;

  @Field(() => Int, { description: "The generation's version that this change made: 1, 2, 3 …" })
  version: number;

  @Field(() => GenerationStatusEnum, { description: 'The new status.' })
  status: GenerationStatus;

  @Field(() => GenerationStatusEnum, { nullable: true, description: 'The status before; null for the first event.' })
  previousStatus: GenerationStatus | null;

  @Field(() => Int, { nullable: true, description: 'Number of the attempt that it belongs to.' })
  attempt: number | null;

  @Field(() => String, { nullable: true, description: 'The error code, where there is one.' })
  code: string | null;

  @Field(() => ControlKindEnum, { description: 'Control kind of the generation.' })
  control: ControlKind;

  @Field(() => String, { description: 'Provider of the generation.' })
  provider: string;

  @Field(() => DateTime, { description: 'When it happened, by the database.' })
  at: Date;
}

/** The position in a cursor; anything else is refused by the name of its argument. */
export function positionOf(argument: string, cursor: string): number {
  const [, digits] = /^e1:(0|[1-9]\d{0,14})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? [];
  const position = Number(digits);
  if (digits !== undefined && eventCursor(position) === cursor) return position;
  throw new DarkroomError('BAD_REQUEST', `${argument} is no cursor of generationEvents; got ${quoted(cursor)}.`);
}

function quoted(text: string): string {
  return JSON.stringify(text.length > 50 ? `${text.slice(0, 50)}…` : text);
}

export function eventCursor(position: number): string {
  return Buffer.from(`e1:${position}`).toString('base64url');
}

/** One node for all readers of an event. */
const nodes = new WeakMap<EventRecord, GenerationEvent>();

export function eventNode(event: EventRecord): GenerationEvent {
  const known = nodes.get(event);
  if (known !== undefined) return known;
  const node = toNode(event);
  nodes.set(event, node);
  return node;
}

function toNode(event: EventRecord): GenerationEvent {
  const { generationId, n, attemptN, projectId: _project, profileId: _profile, ...rest } = event;
  return {
    __typename: 'GenerationEvent',
    ...rest,
    record: event,
    generationId: publicId('Generation', generationId),
    version: n,
    attempt: attemptN,
    cursor: eventCursor(event.position),
  };
}
